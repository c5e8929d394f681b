"""Readers, what entitles them, what they agreed to, and the letters due to them."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from daybreak.circulation.days import EVERY_DAY
from daybreak.common.keys import new_token


class Reader(models.Model):
    """Somebody who reads, known by an address. `time_zone` is an IANA name, `delivery_time` a wall-clock time there,
    `delivery_days` has a bit for each weekday on which the paper is wanted (`days.py`).

    `feed_token` opens the reader's own feeds and dies with the entitlement; `session_stamp` changes to sign out
    everywhere. `mail_stopped_at` stops editions by mail and nothing else; a vacation hold does on the days
    [`vacation_from`, `vacation_until`) of the reader's own calendar, and ends by itself (`vacation.py`).
    """

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    delivery_time = models.TimeField(default=dt.time(6, 0))
    delivery_days = models.PositiveSmallIntegerField(default=EVERY_DAY)
    feed_token = models.CharField(max_length=48, unique=True, default=new_token)
    unsubscribe_token = models.CharField(max_length=48, unique=True, default=new_token)
    session_stamp = models.CharField(max_length=48, default=new_token)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    mail_stopped_at = models.DateTimeField(null=True, blank=True)
    vacation_from = models.DateField(null=True, blank=True)
    vacation_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="reader_email_once_whatever_its_case"),
            models.CheckConstraint(
                condition=Q(delivery_days__gte=1, delivery_days__lte=EVERY_DAY), name="reader_has_days"
            ),
            models.CheckConstraint(
                # Said of both ends: a comparison with NULL is no “false” to a constraint, so one alone would pass.
                condition=Q(vacation_from__isnull=True, vacation_until__isnull=True)
                | Q(
                    vacation_from__isnull=False,
                    vacation_until__isnull=False,
                    vacation_until__gt=F("vacation_from"),
                ),
                name="reader_vacation_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Plan(models.Model):
    """What a subscription costs. `price` is in minor units of `currency` (ISO 4217), for `months` months."""

    name = models.CharField(max_length=80, unique=True)
    price = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    months = models.PositiveSmallIntegerField()
    trial_days = models.PositiveSmallIntegerField()
    on_sale = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(months__gte=1, price__gte=1), name="plan_costs_something_for_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Period(models.Model):
    """A stretch of entitlement, [starts_at, ends_at): the end is outside it, and none means until further notice."""

    class Kind(models.TextChoices):
        TRIAL = "trial", "Trial"
        SUBSCRIPTION = "subscription", "Subscription"
        COMP = "comp", "Comp"

    reader = models.ForeignKey(Reader, on_delete=models.CASCADE, related_name="periods")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="period_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["trial", "subscription", "comp"]), name="period_kind_is_known"
            ),
            models.UniqueConstraint(fields=["reader"], condition=Q(kind="trial"), name="one_trial_a_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.reader_id} from {self.starts_at:%Y-%m-%d}"


class Consent(models.Model):
    """The words a reader agreed to, on which page and when."""

    reader = models.ForeignKey(Reader, on_delete=models.CASCADE, related_name="consents")
    wording = models.TextField()
    page = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.reader_id} on {self.page}"


class WayIn(models.Model):
    """A one-time way in: a code to type and the token of a link whose page acts on POST. Only hashes are kept.

    `ends_at` is the link's end; the code, which could be guessed, ends sooner (`joining.CODE_LIFE`).
    """

    reader = models.ForeignKey(Reader, on_delete=models.CASCADE, related_name="ways_in")
    code_hash = models.CharField(max_length=64)
    link_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    misses = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("made_at")), name="way_in_ends_after_it_is_made")
        ]

    def __str__(self) -> str:
        return f"way in of {self.reader_id}"


class Notice(models.Model):
    """A letter that is due to a reader. Written before the post is tried; stays due until handed over.

    Its id is also the mail's Message-ID. `welcome_back` answers a sign-up from an address that is already with us.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm", "Confirm your address"
        SIGN_IN = "sign_in", "A way in"
        WELCOME_BACK = "welcome_back", "Already with us"

    class State(models.TextChoices):
        DUE = "due", "Due"
        CLAIMED = "claimed", "Claimed"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(Reader, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [models.Index(fields=["state", "due_at"], name="notice_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="notice_sent_means_when",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.reader_id}"


class Knock(models.Model):
    """Somebody asked for something that is limited by the hour. `who` is a keyed hash of the address they came from."""

    who = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["who", "at"], name="knock_who_when")]

    def __str__(self) -> str:
        return f"{self.who[:8]} at {self.at:%H:%M}"
