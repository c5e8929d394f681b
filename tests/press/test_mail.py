"""The frame that every mail with a masthead has: what stands at its head, and what a thumb finds at its foot."""

from __future__ import annotations

import re

import pytest

from daybreak.press.mail import page_of
from daybreak.press.models import PressRun
from daybreak.press.pages import Paper
from daybreak.press.renditions import stored

pytestmark = pytest.mark.django_db
THUMB = 44  # CSS pixels, as WCAG 2.5.5 and LOOK have it


@pytest.fixture(params=["edition", "correction"])
def page(request: pytest.FixtureRequest) -> str:
    """The HTML of a mail, its styles inlined as it leaves."""
    if request.param == "edition":
        pressed: PressRun = request.getfixturevalue("pressed")
        return stored(pressed, "mail.html").decode()
    context = {
        "paper": Paper("Daybreak", "https://daybreak.example"),
        "dateline": "Friday, May 6, 2022",
        "headline": "Of Their Own <Accord>",
        "note": "We wrote 2013 & it is 2014.",
        "by": "Ines",
    }
    return page_of("delivery/correction.html", context)


def height(page: str, token: str) -> int:
    """How high the link to `token` is: its line, and the padding above and below it."""
    (around,) = (line for line in page.splitlines() if f"%%{token}%%" in line)
    line_height, padding = re.search(  # type: ignore[union-attr]
        r"line-height: (\d+)px;.*<a [^>]*display: inline-block;padding: (\d+)px 0", around
    ).groups()
    return int(line_height) + 2 * int(padding)


def test_account_and_stop_are_targets_for_a_thumb(page: str) -> None:
    for token in ("ACCOUNT_URL", "UNSUBSCRIBE_URL"):
        assert height(page, token) >= THUMB


def test_the_masthead_is_the_papers_in_both_themes(page: str) -> None:
    (name,) = re.findall(r'<h1 class="nameplate"[^>]*>.*?</h1>', page, re.S)
    assert "%%READ_URL%%" in name and ">Daybreak</a>" in name and "#bd3318" in name
    assert 'class="label dateline"' in page and "Friday, May 6, 2022" in page
    assert "prefers-color-scheme: dark" in page and ".nameplate { border-color: #ff8563 !important" in page


def test_what_is_each_readers_own_comes_last(page: str) -> None:
    last = page.rindex("%%")
    assert page[:last].endswith("%%UNSUBSCRIBE_URL"), "all before it is signed once for all readers"
    assert page.count("%%UNSUBSCRIBE_URL%%") == 1


def test_so_is_the_way_to_the_editor_under_each_brief(pressed: PressRun) -> None:
    lines = [line for line in stored(pressed, "mail.html").decode().splitlines() if "write-in" in line]
    heights = [
        int(line_height) + 2 * int(padding)
        for line in lines
        for line_height, padding in re.findall(r"line-height: (\d+)px;.*padding: (\d+)px 0", line)
    ]
    assert lines and len(heights) == len(lines)
    assert min(heights) >= THUMB
