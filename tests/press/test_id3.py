from __future__ import annotations

import datetime as dt
import io
import itertools
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.press.id3 import Chapter, TagError, Tags, synchsafe, tag
from daybreak.press.mp3 import encoded

TAGS = Tags("Friday, May 6, 2022", "Daybreak", "Daybreak, the briefing", dt.date(2022, 5, 6))
SOUND = encoded(np.zeros(11_025, np.int16), 22_050)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
TITLES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=150)


def read_back(data: bytes) -> tuple[dict[str, str], list[tuple[int, int, str]]]:
    """Tags and chapters (start and end in milliseconds) as FFmpeg reads them."""
    with av.open(io.BytesIO(data + SOUND), "r", format="mp3") as container:
        assert all(each["time_base"] == Fraction(1, 1000) for each in container.chapters())
        chapters = [
            (each["start"], each["end"], each["metadata"].get("title", "")) for each in container.chapters()
        ]
        return dict(container.metadata), chapters


@given(st.integers(0, 2**28 - 1))
def test_a_synchsafe_size_can_be_read_back_and_has_no_high_bits(size: int) -> None:
    coded = synchsafe(size)
    assert len(coded) == 4
    assert all(byte < 128 for byte in coded)
    assert sum(byte << 7 * place for place, byte in enumerate(reversed(coded))) == size


def test_a_size_beyond_the_format_is_refused() -> None:
    with pytest.raises(TagError, match="larger than 256 MiB"):
        synchsafe(2**28)


def test_the_tag_says_its_own_length() -> None:
    data = tag(TAGS, [Chapter("One", "", 0, 1)], 1.0)
    assert data[:6] == b"ID3\x03\x00\x00"
    assert data[6:10] == synchsafe(len(data) - 10)


def test_a_player_reads_what_the_edition_is() -> None:
    metadata, chapters = read_back(tag(TAGS, [], 0.5))
    assert metadata == {
        "title": "Friday, May 6, 2022",
        "artist": "Daybreak",
        "album": "Daybreak, the briefing",
        "date": "2022-05-06",
        "genre": "Podcast",
        "language": "eng",
        "TLEN": "500",
    }
    assert chapters == []


@settings(max_examples=40, deadline=None)
@given(title=TITLES, names=st.lists(TITLES, max_size=5))
def test_titles_in_any_script_come_back(title: str, names: list[str]) -> None:
    chapters = [Chapter(name, "https://x.example/", place, place + 1) for place, name in enumerate(names)]
    metadata, read = read_back(tag(Tags(title, "a", "b", TAGS.date), chapters, len(names)))
    assert metadata["title"] == title
    assert [name for _, _, name in read] == names


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=255))
def test_times_come_back_to_the_millisecond(lengths: list[int]) -> None:
    edges = [0, *np.cumsum(lengths).tolist()]
    spans = list(itertools.pairwise(edges))
    chapters = [Chapter(f"Brief {a}", "", a / 1000, b / 1000) for a, b in spans]
    _, read = read_back(tag(TAGS, chapters, edges[-1] / 1000))
    assert read == [(a, b, f"Brief {a}") for a, b in spans]


def test_more_chapters_than_the_table_can_count_are_refused() -> None:
    chapters = [Chapter("x", "", n, n + 1) for n in range(256)]
    with pytest.raises(TagError, match="holds 255 chapters, not 256: join some"):
        tag(TAGS, chapters, 256)


def test_the_table_lists_every_chapter_in_order_and_has_a_title() -> None:
    data = tag(TAGS, [Chapter("One", "", 0, 1), Chapter("Two", "", 1, 2)], 2)
    assert (
        b"CTOC\x00\x00\x00\x30\x00\x00contents\0\x03\x02chapter1\0chapter2\0TIT2\x00\x00\x00\x09\x00\x00\0Chapters"
        in data
    )


def test_a_chapter_carries_its_address_in_ascii() -> None:
    data = tag(TAGS, [Chapter("Côte", "https://x.example/côte?a=b#c%20d", 0, 1)], 1)
    address = b"https://x.example/c%C3%B4te?a=b#c%20d"
    assert b"WXXX" + (len(address) + 2).to_bytes(4, "big") + b"\0\0\0\0" + address in data


def test_line_breaks_and_nul_in_a_title_become_spaces() -> None:
    metadata, _ = read_back(tag(Tags("one\0two\r\nthree", "a", "b", TAGS.date), [], 1))
    assert metadata["title"] == "one two three"


def test_a_cover_is_shown() -> None:
    data = tag(Tags("t", "a", "b", TAGS.date, cover=PNG), [], 1)
    assert b"APIC" in data
    assert b"\0image/png\0\x03\0" + PNG in data
    assert read_back(data)[0]["title"] == "t"


def test_a_cover_that_is_no_picture_is_refused() -> None:
    with pytest.raises(TagError, match="must be a JPEG or PNG"):
        tag(Tags("t", "a", "b", TAGS.date, cover=b"<svg/>"), [], 1)


@pytest.mark.parametrize("end", [-1.0, 5_000_000.0])
def test_a_time_that_does_not_fit_is_refused(end: float) -> None:
    with pytest.raises(TagError, match="does not fit into an MP3 tag"):
        tag(TAGS, [Chapter("x", "", 0, end)], 1)
