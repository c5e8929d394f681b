"""What the wire leaves behind: sources, articles, stories."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Source(models.Model):
    """An outlet, with its feed when it is polled.

    `country` is ISO 3166-1 alpha-2, `interval` in seconds: how often its feed is asked now. `kind` says whose voice it
    is and stays empty when nobody knows. `full_text` says that its pages may be fetched and kept whole; else the
    wire has what its feed says. `moved_to` is where its feed has been redirecting for good, seen `moved_seen` times
    since `moved_since`. A feed that is gone (HTTP 410) is retired; one that an editor put off is only not `active`.
    """

    class Kind(models.TextChoices):
        PUBLIC = "public", "Public"  # paid by the public, with editors of its own
        PRIVATE = "private", "Private"
        STATE = "state", "State"  # speaks for a government
        UNKNOWN = "", "Not known"

    name = models.CharField(max_length=200, unique=True)
    site_url = models.URLField(max_length=500, blank=True)
    feed_url = models.URLField(max_length=1000, unique=True, null=True, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=16, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.UNKNOWN, blank=True)
    owner = models.CharField(max_length=200, blank=True)
    full_text = models.BooleanField(default=False)
    terms = models.CharField(max_length=500, blank=True)  # what the outlet allows, as a note for the desk
    active = models.BooleanField(default=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    interval = models.PositiveIntegerField(default=900)
    next_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    last_asked_at = models.DateTimeField(null=True, blank=True)
    last_good_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    moved_to = models.CharField(max_length=1000, blank=True)
    moved_seen = models.PositiveIntegerField(default=0)
    moved_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["public", "private", "state", ""]), name="source_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(active=False), name="source_retired_is_not_polled"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Story(models.Model):
    """Articles on one event. `score` ranks the news budget; `reasons` are the words behind it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    headline = models.CharField(max_length=500)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)
    score = models.FloatField(default=0.0, db_index=True)
    reasons = models.JSONField(default=list)
    spiked_at = models.DateTimeField(null=True, blank=True)  # the desk put it aside

    class Meta:
        ordering = ["-score", "-last_seen_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("first_seen_at")), name="story_last_seen_not_before_first"
            )
        ]

    def __str__(self) -> str:
        return self.headline


class Article(models.Model):
    """One item at one address. `original` is set when this is a copy (syndicated or light rewrite) of another.

    `places` are the countries it tells of (ISO 3166-1 alpha-2), the most telling first; empty when none is known.
    """

    url = models.URLField(max_length=2000)
    url_key = models.CharField(max_length=64, unique=True)  # SHA-256 of the canonical address, in hexadecimal
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="articles")
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    body = models.TextField(blank=True)
    language = models.CharField(max_length=16, blank=True)
    places = models.JSONField(default=list, blank=True)
    published_at = models.DateTimeField(db_index=True)
    first_seen_at = models.DateTimeField()
    original = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="copies"
    )
    story = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, related_name="articles")

    class Meta:
        ordering = ["published_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(original=F("id")), name="article_is_not_its_own_copy")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def text(self) -> str:
        """All the words we hold of it, for checking what a brief says it reported."""
        return "\n".join(part for part in (self.title, self.summary, self.body) if part)
