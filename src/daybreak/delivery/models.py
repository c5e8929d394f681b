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
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="deliveries")
    reader = models.ForeignKey(Reader, on_delete=models.CASCADE, related_name="deliveries")
    run = models.ForeignKey(PressRun, on_delete=models.PROTECT, null=True, blank=True)  # what was handed over
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
