"""The delivery ledger: who is owed which edition, since when, and what became of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from daybreak.circulation.models import Reader
from daybreak.desk.models import Edition
from daybreak.press.models import PressRun


class Delivery(models.Model):
    """One edition owed to one reader, due at one instant. Its id is also the mail's Message-ID.

    States: due → claimed → handed_over. A refused address ends in `refused`; a claim that died between the
    hand-over and its mark is `in_doubt`, never due again by itself; a row whose hour is long past is `missed`;
    one whose reader stopped being entitled or stopped the mail is `withdrawn`.
    """

    class State(models.TextChoices):
        DUE = "due", "Due"
        CLAIMED = "claimed", "Claimed"
        HANDED_OVER = "handed_over", "Handed over"
        IN_DOUBT = "in_doubt", "In doubt"
        REFUSED = "refused", "Refused"
        MISSED = "missed", "Missed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Found by the constraint on edition and reader; each index more is written again with every change of state.
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    reader = models.ForeignKey(Reader, on_delete=models.CASCADE, related_name="deliveries")
    run = models.ForeignKey(  # what was handed over
        PressRun, on_delete=models.PROTECT, null=True, blank=True, db_index=False
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.DUE)
    due_at = models.DateTimeField()
    not_after = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)  # which worker's batch holds it
    on_the_wire = models.BooleanField(default=False)  # set just before the message's bytes leave
    handed_over_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [models.Index(fields=["state", "due_at"], name="delivery_due")]
        constraints = [
            models.UniqueConstraint(fields=["edition", "reader"], name="delivery_once_an_edition_and_reader"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["due", "claimed", "handed_over", "in_doubt", "refused", "missed", "withdrawn"]
                ),
                name="delivery_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(claimed_at__isnull=False, claim__isnull=False),
                name="delivery_claimed_means_when_and_by_which_claim",
            ),
            models.CheckConstraint(
                condition=Q(state="handed_over", handed_over_at__isnull=False, run__isnull=False)
                | (~Q(state="handed_over") & Q(handed_over_at__isnull=True)),
                name="delivery_handed_over_means_when_and_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edition} to {self.reader_id}"


class Alarm(models.Model):
    """Something that somebody must see to before readers do. `subject` is “edition 2022-05-06”, “wire” or “mail”.

    Open until `cleared_at`; each way of telling is marked when it was told that it was raised, and that it is over.
    """

    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=60)
    sentence = models.CharField(max_length=500)
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(cleared_at__isnull=True), name="alarm_open_once"
            ),
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True, seen_by="") | (Q(seen_at__isnull=False) & ~Q(seen_by="")),
                name="alarm_seen_means_when_and_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at__isnull=True) | Q(cleared_at__gte=models.F("raised_at")),
                name="alarm_cleared_after_it_was_raised",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject}"


class Telling(models.Model):
    """One message about an alarm that is owed: that it was raised, or that it is over. The rows are the queue."""

    class Way(models.TextChoices):
        MAIL = "mail", "Mail"
        WEBHOOK = "webhook", "Webhook"

    class News(models.TextChoices):
        RAISED = "raised", "Raised"
        CLEARED = "cleared", "Cleared"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="tellings")
    way = models.CharField(max_length=8, choices=Way.choices)
    news = models.CharField(max_length=8, choices=News.choices)
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(fields=["alarm", "way", "news"], name="telling_once_a_way_and_news")
        ]

    def __str__(self) -> str:
        return f"{self.news} of {self.alarm_id} by {self.way}"


class SeedMail(models.Model):
    """A press run owed to an address of the house, ahead of its readers. The rows are the queue."""

    run = models.ForeignKey(PressRun, on_delete=models.CASCADE, related_name="seed_mails")
    address = models.EmailField(max_length=254)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "address"], name="seed_once_a_run")]

    def __str__(self) -> str:
        return f"{self.run} to {self.address}"
