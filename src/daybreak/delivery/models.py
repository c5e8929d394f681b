"""The delivery ledger: who is owed which edition, since when, and what became of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from daybreak.circulation.models import Reader
from daybreak.desk.models import Brief, Correction, Edition
from daybreak.press.models import PressRun


class Delivery(models.Model):
    """One edition, or one `correction` of it, owed to one reader, due at one instant. Its id is also the mail's
    Message-ID.

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
    correction = models.ForeignKey(  # found by its own constraint
        Correction, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries", db_index=False
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
        indexes = [
            # What is due is found by its first two columns; with the others it counts without reading a row.
            models.Index(fields=["state", "due_at", "edition", "correction"], name="delivery_due"),
            models.Index(
                fields=["edition", "handed_over_at"],
                condition=Q(handed_over_at__isnull=False, correction__isnull=True),
                name="delivery_lately_handed_over",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "reader"],
                condition=Q(correction__isnull=True),
                name="delivery_once_an_edition_and_reader",
            ),
            models.UniqueConstraint(
                fields=["correction", "reader"],
                condition=Q(correction__isnull=False),
                name="delivery_once_a_correction_and_reader",
            ),
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


class SendHold(models.Model):
    """A person's hand on the sending of an edition, from `at` on and until it is lifted; one at a time.

    A pause keeps what is due, and its corrections, where they are. A stop withdraws the edition from everybody who
    has not got it; it is taken back by a pause in its place.
    """

    class Kind(models.TextChoices):
        PAUSE = "pause", "Pause"
        STOP = "stop", "Stop"

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="send_holds")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    reason = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()
    lifted_by = models.CharField(max_length=120, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition"], condition=Q(lifted_at__isnull=True), name="send_hold_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(kind__in=["pause", "stop"]), name="send_hold_kind_is_known"),
            models.CheckConstraint(condition=~Q(by=""), name="send_hold_says_who"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_by="")),
                name="send_hold_lifted_means_when_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.edition} by {self.by}"

    @staticmethod
    def on_rows() -> Q:
        """The condition that a row of the ledger is held: a pause holds corrections too, a stop does not."""
        open_holds = SendHold.objects.filter(lifted_at__isnull=True)
        paused = open_holds.filter(kind=SendHold.Kind.PAUSE).values("edition")
        stopped = open_holds.filter(kind=SendHold.Kind.STOP).values("edition")
        return Q(edition__in=paused) | Q(edition__in=stopped, correction__isnull=True)


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


class Outcome(models.Model):
    """What somebody told of a mail after its hand-over. Rows are only added, once for each thing told (`digest`).

    `happened_at` is the teller's instant, `told_at` ours. `status` is RFC 3463's, `meaning` one of
    `bouncewords.SENTENCES`; `via` says who told: "mail" for a report to the return path, "hand-over" for what a server
    said instead of taking the mail, else the provider.
    """

    class Kind(models.TextChoices):
        DELIVERED = "delivered", "Delivered"
        HARD_BOUNCE = "hard_bounce", "Hard bounce"
        SOFT_BOUNCE = "soft_bounce", "Soft bounce"
        COMPLAINT = "complaint", "Complaint"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"

    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="outcomes"
    )
    reader = models.ForeignKey(
        Reader, on_delete=models.CASCADE, null=True, blank=True, related_name="outcomes"
    )
    address = models.CharField(max_length=320, blank=True)
    happened_at = models.DateTimeField()
    told_at = models.DateTimeField()
    via = models.CharField(max_length=40)
    final = models.BooleanField(default=True)  # a delayed mail is still being tried
    status = models.CharField(max_length=16, blank=True)
    reply_code = models.CharField(max_length=3, blank=True)
    meaning = models.CharField(max_length=40, blank=True)
    diagnostic = models.CharField(max_length=500, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    feedback_id = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["told_at", "id"]
        # The board asks each minute; what providers tell of mails that arrived is many times as much.
        indexes = [models.Index(fields=["kind", "told_at"], name="outcome_lately_told")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["delivered", "hard_bounce", "soft_bounce", "complaint", "unsubscribed"]
                ),
                name="outcome_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.delivery_id}"


class Suppression(models.Model):
    """No editions go to a reader while a row of theirs is not lifted. Letters with codes and receipts still do."""

    class Reason(models.TextChoices):
        HARD_BOUNCE = "hard_bounce", "Hard bounce"
        SOFT_BOUNCE = "soft_bounce", "Soft bounce"
        COMPLAINT = "complaint", "Complaint"

    reader = models.ForeignKey(Reader, on_delete=models.CASCADE, related_name="suppressions")
    address = models.CharField(max_length=320)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    sentence = models.CharField(max_length=120)
    evidence = models.ForeignKey(Outcome, on_delete=models.SET_NULL, null=True, blank=True)
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reader"], condition=Q(lifted_at__isnull=True), name="suppression_once_a_reader"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_by="")),
                name="suppression_lifted_means_when_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.sentence}, since {self.since:%Y-%m-%d}"


class Reply(models.Model):
    """A mail that somebody wrote to the paper, kept as plain text; `out_of_office` when a machine wrote it.

    `delivery` is the mail that it answers, `brief` the one that it is about, where that is known.
    """

    class Kind(models.TextChoices):
        REPLY = "reply", "Reply"
        OUT_OF_OFFICE = "out_of_office", "Out of office"

    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=13, choices=Kind.choices, default=Kind.REPLY)
    address = models.CharField(max_length=320)
    name = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    came_at = models.DateTimeField()
    reader = models.ForeignKey(
        Reader, on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    delivery = models.ForeignKey(
        Delivery, on_delete=models.SET_NULL, null=True, blank=True, related_name="replies"
    )
    brief = models.ForeignKey(Brief, on_delete=models.SET_NULL, null=True, blank=True, related_name="replies")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-came_at", "-id"]
        indexes = [
            models.Index(fields=["kind", "came_at"], name="reply_when"),
            # Counted for each page of the desk: of many replies few wait.
            models.Index(fields=["kind", "came_at"], condition=Q(done_at__isnull=True), name="reply_waits"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by="") | (Q(done_at__isnull=False) & ~Q(done_by="")),
                name="reply_done_means_when_and_by_whom",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} from {self.address}"
