"""What the desk writes: editions, sections, briefs, their citations and the sign-offs of sentences."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from daybreak.wire.models import Article, Story


class Section(models.Model):
    """A standing section of the paper; `role` decides how it is set, `position` where it stands."""

    class Role(models.TextChoices):
        LEAD = "lead", "Lead"
        BRIEFS = "briefs", "Briefs"
        DISCOVERY = "discovery", "Discovery"

    name = models.CharField(max_length=80, unique=True)
    role = models.CharField(max_length=12, choices=Role.choices)
    position = models.PositiveSmallIntegerField(unique=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A weekday without a paper, and why."""

    date = models.DateField(unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["date"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="holiday_has_a_name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.date})"


class Edition(models.Model):
    """The paper of one day. Open while it is written; approved by a named person before it can be pressed."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        APPROVED = "approved", "Approved"

    date = models.DateField(unique=True)
    title = models.CharField(max_length=200, blank=True)
    standfirst = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "approved"]), name="edition_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="open", approved_at__isnull=True, approved_by="")
                | (Q(state="approved", approved_at__isnull=False) & ~Q(approved_by="")),
                name="edition_approved_means_when_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"edition {self.date}"


class StandingBriefs(models.Manager["Brief"]):
    """The briefs that are in their edition; `Brief.kept` also knows those that were taken out."""

    def get_queryset(self) -> models.QuerySet[Brief]:
        return super().get_queryset().filter(removed_at__isnull=True)


class Brief(models.Model):
    """A brief in its place. `body` is limited CommonMark; `places` are ISO 3166-1 alpha-2 codes.

    `revision` grows with each saved change, so that two editors cannot overwrite each other unseen. One that was
    taken out has `removed_at` and is seen by `Brief.kept` alone, so that it can be put back as it was.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="briefs")
    section = models.ForeignKey(Section, on_delete=models.PROTECT)
    position = models.PositiveSmallIntegerField()
    headline = models.CharField(max_length=200, blank=True)
    slug = models.SlugField(max_length=80)
    body = models.TextField(blank=True)
    places = models.JSONField(default=list, blank=True)
    author = models.CharField(max_length=120, blank=True)
    story = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, blank=True, related_name="briefs")
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=120, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = StandingBriefs()
    kept = models.Manager["Brief"]()

    class Meta:
        ordering = ["section__position", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "slug"],
                condition=Q(removed_at__isnull=True),
                name="brief_slug_once_in_an_edition",
            ),
            models.CheckConstraint(condition=~Q(slug=""), name="brief_has_an_address"),
        ]

    def __str__(self) -> str:
        return self.headline or self.slug


class Citation(models.Model):
    """A source that a brief rests on; `article` is the wire's copy of it when the wire has one.

    `listed` ones stand in the brief's list of sources whether or not the text links them.
    """

    brief = models.ForeignKey(Brief, on_delete=models.CASCADE, related_name="citations")
    position = models.PositiveSmallIntegerField()
    url = models.URLField(max_length=2000)
    source = models.CharField(max_length=200)
    article = models.ForeignKey(Article, on_delete=models.PROTECT, null=True, blank=True)
    listed = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["brief", "url"], name="citation_once_in_a_brief")]

    def __str__(self) -> str:
        return f"{self.source} {self.url}"


class SignOff(models.Model):
    """A person answers for one sentence that no source explains. It holds for these exact words only."""

    brief = models.ForeignKey(Brief, on_delete=models.CASCADE, related_name="sign_offs")
    sentence_key = models.CharField(max_length=64)  # SHA-256 of the sentence's plain text, in hexadecimal
    reason = models.CharField(max_length=300)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brief", "sentence_key"], name="sign_off_once_a_sentence"),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(by=""), name="sign_off_says_who_and_why"),
        ]

    def __str__(self) -> str:
        return f"{self.by}: {self.reason}"


class EarlierBrief(models.Model):
    """What a brief said before a change: `by` wrote it, `at` is when it was replaced. So an editor can go back."""

    brief = models.ForeignKey(Brief, on_delete=models.CASCADE, related_name="earlier")
    revision = models.PositiveIntegerField()
    headline = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    by = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-revision"]
        constraints = [models.UniqueConstraint(fields=["brief", "revision"], name="earlier_revision_once")]

    def __str__(self) -> str:
        return f"{self.brief_id} at {self.revision}"


class Correction(models.Model):
    """What an edition got wrong and what is right. `at` is the approval that put it right, `slug` the brief or "".

    With `by_mail` it goes to every reader who was handed an edition pressed before.
    """

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="corrections")
    slug = models.SlugField(max_length=80, blank=True)
    note = models.TextField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()
    by_mail = models.BooleanField(default=False)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(note="") & ~Q(by=""), name="correction_says_who_and_what"),
            models.UniqueConstraint(fields=["edition", "at"], name="correction_once_an_approval"),
        ]

    def __str__(self) -> str:
        return f"correction of {self.edition} at {self.at:%Y-%m-%d %H:%M}"
