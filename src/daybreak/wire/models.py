"""What the wire leaves behind: sources, articles, stories."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Source(models.Model):
    """An outlet, with its feed when it is polled. `country` is ISO 3166-1 alpha-2, `interval` in seconds."""

    name = models.CharField(max_length=200, unique=True)
    site_url = models.URLField(max_length=500, blank=True)
    feed_url = models.URLField(max_length=1000, unique=True, null=True, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=16, blank=True)
    active = models.BooleanField(default=True)
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    interval = models.PositiveIntegerField(default=900)
    next_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    last_good_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["name"]

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
