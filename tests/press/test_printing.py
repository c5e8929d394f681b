from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import av
import feedparser
import pytest
from django.conf import settings

from daybreak.desk.editions import approve, manuscript_of, reopen
from daybreak.desk.manuscript import Manuscript
from daybreak.desk.models import Edition
from daybreak.press.house import paper, voice
from daybreak.press.models import PressRun, Rendition
from daybreak.press.printing import NotApproved, editions_due, press
from daybreak.press.renditions import current_run, read, stored
from daybreak.press.voice import Speech, VoiceError
from tests.conftest import NIGHT

pytestmark = pytest.mark.django_db


def stored_files() -> list[Path]:
    return [file for file in settings.CONFIG.storage.rglob("*") if file.is_file()]


def test_one_run_holds_page_mail_audio_and_feeds(pressed: PressRun) -> None:
    names = {rendition.name for rendition in pressed.renditions.all()}
    assert names >= {
        "page.full.html", "page.taste.html", "brief.crumbs.full.html", "brief.crumbs.taste.html",
        "mail.html", "mail.txt", "edition.mp3", "taste.mp3", "timings.json", "chapters.json", "transcript.vtt",
        "item.full.rss.xml", "item.taste.rss.xml", "item.full.json", "item.taste.json",
        "item.full.podcast.xml", "item.taste.podcast.xml",
    }  # fmt: skip
    for rendition in pressed.renditions.all():
        assert hashlib.sha256(read(rendition)).hexdigest() == rendition.sha256


def test_the_manuscript_is_frozen_with_the_run(pressed: PressRun) -> None:
    frozen = Manuscript.from_json(pressed.manuscript)
    assert frozen == manuscript_of(pressed.edition)
    assert frozen.title == "Terms of Departure"


def test_the_audio_has_a_chapter_a_brief_and_every_sentence_its_time(
    pressed: PressRun, tmp_path: Path
) -> None:
    mp3 = tmp_path / "edition.mp3"
    mp3.write_bytes(stored(pressed, "edition.mp3"))
    with av.open(str(mp3)) as container:
        titles = [chapter["metadata"]["title"] for chapter in container.chapters()]
        assert container.duration is not None
        length = container.duration / av.time_base
    assert titles == [
        "Good morning",
        "Of Their Own Accord",
        "A Slippery Consensus",
        "Crumbs from Halley’s Table",
    ]
    facts = pressed.renditions.get(name="edition.mp3").facts
    assert length == pytest.approx(facts["duration"], abs=0.1)
    assert facts["loudness"] == pytest.approx(-16, abs=1)
    timings = json.loads(stored(pressed, "timings.json"))
    page = stored(pressed, "page.full.html").decode()
    assert [timing["s"] for timing in timings] == list(range(page.count("data-s=")))
    assert all(timing["start"] < timing["end"] <= length for timing in timings)


def test_what_a_visitor_gets_holds_no_word_of_the_rest(pressed: PressRun) -> None:
    for rendition in pressed.renditions.filter(name__contains="taste").exclude(media_type="audio/mpeg"):
        text = read(rendition).decode()
        assert "A flag does not guard the road" not in text, rendition.name
        assert "Budapest" not in text, rendition.name
    assert "is ending its military accords" in stored(pressed, "page.taste.html").decode()


def test_the_same_approval_is_pressed_once(pressed: PressRun) -> None:
    again = press(pressed.edition, paper=paper(), voice=voice, at=NIGHT, by="somebody else")
    assert again == pressed
    assert editions_due(NIGHT) == []


def test_an_edition_approved_anew_gets_a_new_run_that_counts(pressed: PressRun) -> None:
    edition = pressed.edition
    later = NIGHT + dt.timedelta(hours=1)
    reopen(edition, by="Ines", at=later)
    edition.refresh_from_db()
    approve(edition, by="Ines", at=later)
    edition.refresh_from_db()
    assert editions_due(later) == [edition]
    second = press(edition, paper=paper(), voice=voice, at=later, by="the clock")
    assert (second.number, current_run(edition)) == (2, second)


def test_an_open_edition_is_not_pressed(small_edition: Edition) -> None:
    with pytest.raises(NotApproved, match="not approved yet"):
        press(small_edition, paper=paper(), voice=voice, at=NIGHT, by="the clock")
    assert PressRun.objects.count() == 0


class FailingVoice:
    def __enter__(self) -> FailingVoice:
        return self

    def __exit__(self, *_: object) -> None: ...

    def speak(self, text: str) -> Speech:
        raise VoiceError("The voice lost its breath.")


def test_without_audio_there_is_no_run_at_all(approved: Edition) -> None:
    before = len(stored_files())
    with pytest.raises(VoiceError):
        press(approved, paper=paper(), voice=FailingVoice, at=NIGHT, by="the clock")
    assert (PressRun.objects.count(), Rendition.objects.count()) == (0, 0)
    assert len(stored_files()) == before


def test_a_run_that_cannot_be_stored_whole_leaves_nothing(
    approved: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(stored_files())

    def disk_full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Rendition.objects, "bulk_create", disk_full)
    with pytest.raises(OSError, match="No space left"):
        press(approved, paper=paper(), voice=voice, at=NIGHT, by="the clock")
    assert PressRun.objects.count() == 0
    assert len(stored_files()) == before


def test_an_edition_reopened_while_it_is_pressed_is_not_printed(approved: Edition) -> None:
    def reopen_midway(step: str) -> None:
        if step == "Storing the run":
            reopen(Edition.objects.get(pk=approved.pk), by="Ines", at=NIGHT)

    with pytest.raises(NotApproved, match="reopened while"):
        press(approved, paper=paper(), voice=voice, at=NIGHT, by="the clock", progress=reopen_midway)
    assert PressRun.objects.count() == 0


def test_the_mail_stays_under_what_mailboxes_show_whole(pressed: PressRun) -> None:
    html = stored(pressed, "mail.html").decode()
    assert len(html.encode()) < 102_000
    for token in ("%%ACCOUNT_URL%%", "%%UNSUBSCRIBE_URL%%", "%%READ_URL%%", "%%LISTEN_URL%%"):
        assert token in html
        assert token in stored(pressed, "mail.txt").decode()
    assert "<script" not in html
    assert pressed.renditions.get(name="mail.html").facts["subject"] == "Terms of Departure"


def test_feed_items_are_well_formed_and_say_where_they_lead(pressed: PressRun) -> None:
    item = stored(pressed, "item.full.rss.xml").decode()
    frame = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>{}</channel></rss>'
    parsed = feedparser.parse(frame.format(item))
    (entry,) = parsed.entries
    assert not parsed.bozo
    assert entry.title == "Terms of Departure"
    assert entry.link.endswith("/2022/05/06/")
    assert "A flag does not guard the road" in entry.content[0].value
