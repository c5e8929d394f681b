from __future__ import annotations

import json
import struct
from pathlib import Path

import feedparser
import pytest
from django.contrib.staticfiles.finders import find
from django.test import Client

from daybreak.circulation.models import Reader
from daybreak.press.models import PressRun


@pytest.mark.parametrize("name", ["feed.xml", "podcast.xml"])
def test_rss_is_well_formed_and_names_itself(pressed: PressRun, name: str) -> None:
    parsed = feedparser.parse(Client().get(f"/{name}").content)
    assert not parsed.bozo
    assert parsed.feed.title == "Daybreak"
    assert [link.href for link in parsed.feed.links if link.rel == "self"] == [
        f"http://127.0.0.1:8000/{name}"
    ]
    assert len(parsed.entries) == 1


def test_a_visitors_podcast_plays_the_headlines(pressed: PressRun) -> None:
    (entry,) = feedparser.parse(Client().get("/podcast.xml").content).entries
    (enclosure,) = entry.enclosures
    assert enclosure.href.endswith("/2022/05/06/taste.mp3")
    answer = Client().get("/2022/05/06/taste.mp3")
    assert int(enclosure.length) == int(answer["Content-Length"])


def test_a_readers_podcast_plays_the_edition_without_a_cookie(pressed: PressRun, ada: Reader) -> None:
    (entry,) = feedparser.parse(Client().get(f"/feeds/{ada.feed_token}/podcast.xml").content).entries
    (enclosure,) = entry.enclosures
    path = enclosure.href.removeprefix("http://127.0.0.1:8000")
    answer = Client().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/mpeg")
    assert int(enclosure.length) == len(b"".join(answer))
    assert "%%" not in entry.id
    # The episode is the same one for every reader, or an app would take a new token for a new episode.
    assert ada.feed_token not in entry.id


def test_json_feed_is_version_1_1(pressed: PressRun) -> None:
    feed = json.loads(Client().get("/feed.json").content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    (item,) = feed["items"]
    assert item["url"].endswith("/2022/05/06/")


def test_the_podcasts_cover_is_a_picture_that_directories_take(pressed: PressRun) -> None:
    cover = feedparser.parse(Client().get("/podcast.xml").content).feed.image.href
    found = find(cover.removeprefix("http://127.0.0.1:8000/static/"))
    assert isinstance(found, str)
    header = Path(found).read_bytes()[:24]
    # Apple asks for a square PNG or JPEG of 1400 to 3000 px; a PNG's header holds width and height at byte 16.
    assert header.startswith(b"\x89PNG")
    assert struct.unpack(">II", header[16:24]) == (1400, 1400)


def test_feeds_without_an_edition_are_empty_and_not_broken(db: None) -> None:
    for name in ("feed.xml", "podcast.xml"):
        parsed = feedparser.parse(Client().get(f"/{name}").content)
        assert (parsed.bozo, parsed.entries) == (False, [])
    assert json.loads(Client().get("/feed.json").content)["items"] == []
