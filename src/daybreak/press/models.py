"""What the press leaves behind: press runs and their renditions."""

from __future__ import annotations

from django.db import models

from daybreak.desk.models import Edition


class PressRun(models.Model):
    """One printing of an approved edition. It exists only when all its renditions do; the highest number counts."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="press_runs")
    number = models.PositiveIntegerField()
    manuscript = models.JSONField()
    approved_at = (
        models.DateTimeField()
    )  # which approval was printed: an edition approved anew is due a new run
    pressed_at = models.DateTimeField()
    pressed_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["-edition__date", "-number"]
        get_latest_by = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "number"], name="press_run_number_once"),
            models.UniqueConstraint(fields=["edition", "approved_at"], name="press_run_once_an_approval"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="press_run_numbers_from_one"),
        ]

    def __str__(self) -> str:
        return f"press run {self.number} of {self.edition}"


class Rendition(models.Model):
    """One stored thing of a run, such as "page.full.html" or "edition.mp3". `size` in bytes, `duration` in seconds."""

    run = models.ForeignKey(PressRun, on_delete=models.CASCADE, related_name="renditions")
    name = models.CharField(max_length=160)
    media_type = models.CharField(max_length=80)
    path = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)  # e.g. {"duration": 712.4, "loudness": -16.1} for audio

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="rendition_once_in_a_run")]

    def __str__(self) -> str:
        return self.name


class PrintedBrief(models.Model):
    """A brief as it was printed, for search and for what the paper already told its readers. `text` is plain."""

    run = models.ForeignKey(PressRun, on_delete=models.CASCADE, related_name="printed_briefs")
    position = models.PositiveSmallIntegerField()
    slug = models.SlugField(max_length=80)
    headline = models.CharField(max_length=200)
    section = models.CharField(max_length=80)
    text = models.TextField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "slug"], name="printed_brief_once_in_a_run")]

    def __str__(self) -> str:
        return self.headline
