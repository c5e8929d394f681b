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


class LivingStories(models.Manager["Story"]):
    """The stories that hold articles; `Story.kept` also knows those that were merged into another."""

    def get_queryset(self) -> models.QuerySet[Story]:
        return super().get_queryset().filter(merged_into__isnull=True)


class Story(models.Model):
    """Articles on one event. `score` ranks the news budget; `reasons` are the words behind it.

    One that was merged into another keeps its row, without articles, so that whatever refers to it finds the story
    it lives on in: `merged_into` names that one, a living story always. The machine takes no article out of a
    pinned story and merges it into none. `continues` is the earlier story that it goes on with, see `memory.py`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    headline = models.CharField(max_length=500)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)
    score = models.FloatField(default=0.0, db_index=True)
    reasons = models.JSONField(default=list)
    spiked_at = models.DateTimeField(null=True, blank=True)  # the desk put it aside
    pinned_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="taken_in"
    )
    continues = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="continued_by"
    )
    linked_by = models.CharField(
        max_length=200, blank=True
    )  # the editor who said what it continues, if anything
    looked_back_at = models.DateTimeField(null=True, blank=True, db_index=True)  # for what it continues

    objects = LivingStories()
    kept = models.Manager["Story"]()

    class Meta:
        ordering = ["-score", "-last_seen_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("first_seen_at")), name="story_last_seen_not_before_first"
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="story_is_not_merged_into_itself"),
        ]

    def __str__(self) -> str:
        return self.headline

    @property
    def living(self) -> Story:
        """Itself, or the story that it was merged into."""
        return self.merged_into or self


class Article(models.Model):
    """One item at one address. `original` is set when this is a copy (syndicated or light rewrite) of another.

    `places` are the countries it tells of (ISO 3166-1 alpha-2), the most telling first; empty when none is known.
    `dateline` is where it says that it was reported from, `agency` whose copy it says it is; `names` are the people
    and organisations it speaks of most. `described` says which rules last filled them, see `particulars.py`.
    """

    url = models.URLField(max_length=2000)
    url_key = models.CharField(max_length=64, unique=True)  # SHA-256 of the canonical address, in hexadecimal
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="articles")
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    body = models.TextField(blank=True)
    language = models.CharField(max_length=16, blank=True)
    places = models.JSONField(default=list, blank=True)
    names = models.JSONField(default=list, blank=True)
    dateline = models.CharField(max_length=100, blank=True)
    agency = models.CharField(max_length=40, blank=True)
    author = models.CharField(max_length=200, blank=True)
    described = models.PositiveSmallIntegerField(default=0, db_index=True)
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


class Regrouping(models.Model):
    """Articles that went from one story to another in one act, of an editor or of the wire itself.

    Rows are only added: whoever remembers stories hears from them what others did. `articles` are the ids of those
    that went, `aliases` of the stories that had been merged into `origin` before. While it is `held`, the machine
    leaves both stories as they are. Undoing it adds a row that goes the other way and names it in `undoes`.
    """

    class Act(models.TextChoices):
        MERGE = "merge", "Merged"
        SPLIT = "split", "Split"
        MOVE = "move", "Moved"
        UNDO = "undo", "Undone"

    act = models.CharField(max_length=8, choices=Act.choices)
    origin = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="regroupings_from")
    into = models.ForeignKey(Story, on_delete=models.PROTECT, related_name="regroupings_into")
    articles = models.JSONField(default=list)
    aliases = models.JSONField(default=list)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()
    held = models.BooleanField(default=False)
    undone_at = models.DateTimeField(null=True, blank=True)
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(act__in=["merge", "split", "move", "undo"]), name="regrouping_act_is_known"
            ),
            models.CheckConstraint(condition=~Q(origin=F("into")), name="regrouping_is_between_two_stories"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(held=False), name="regrouping_undone_holds_nothing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} by {self.by}"


class StoryTerm(models.Model):
    """A term by which later stories find a story, and how much of the story it says (0 to 1)."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="terms")
    term = models.CharField(max_length=64, db_index=True)
    weight = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "term"], name="story_term_once")]

    def __str__(self) -> str:
        return self.term


class ArticleVersion(models.Model):
    """What an article said before it was rewritten at its address: seen from `seen_at` on, until `replaced_at`.

    `body_digest` is the SHA-256 of the body, in hexadecimal; "" when none was held.
    """

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    body_digest = models.CharField(max_length=64, blank=True)
    seen_at = models.DateTimeField()
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["replaced_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(replaced_at__gte=F("seen_at")), name="version_not_replaced_before_seen"
            )
        ]

    def __str__(self) -> str:
        return self.title


class PageReading(models.Model):
    """An article's page that is to be read for its text, for a source that allows it.

    While it is due, `due_at` says when; reading it puts `due_at` off by a lease first, so that a reader that dies
    costs one lease. It ends as read or as given up, with `reason` a sentence.
    """

    class State(models.TextChoices):
        """Waiting rows are the queue."""

        WAITING = "waiting", "Waiting"
        READ = "read", "Read"
        GIVEN_UP = "given up", "Given up"

    article = models.OneToOneField(Article, on_delete=models.CASCADE, primary_key=True, related_name="page")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(null=True, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", due_at__isnull=False, read_at__isnull=True)
                | Q(state="read", due_at__isnull=True, read_at__isnull=False)
                | Q(state="given up", due_at__isnull=True, read_at__isnull=True),
                name="page_reading_state_knows_its_times",
            )
        ]

    def __str__(self) -> str:
        return f"{self.article_id}: {self.state}"


class RobotsFile(models.Model):
    """A host's robots.txt as it was last fetched (RFC 9309), with the HTTP status (0: no answer)."""

    origin = models.CharField(
        max_length=300, unique=True
    )  # scheme and host, as in https://paper.example:8443
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)
    fetched_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.origin
