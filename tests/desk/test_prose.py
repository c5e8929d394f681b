"""What a body cites, and the form it is stored in."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.desk.manuscript import Citation
from daybreak.desk.prose import dangling_links, is_web_address, read_body, sources_of, tidy_body


def test_sources_are_the_linked_in_order_of_appearance_and_then_the_listed() -> None:
    body = "[Meridian](https://a.example/1) and [it](https://www.b.example/2), says [the agency](https://a.example/1)."
    assert sources_of(body, ["https://www.c.example/3", "https://a.example/1", "mailto:x@y.example"]) == (
        Citation("https://a.example/1", "Meridian"),
        Citation("https://www.b.example/2", "it"),
        Citation("https://www.c.example/3", "c.example"),
    )


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("[Reuters]() said", ("Reuters",)),
        ("[Reuters](reuters.com) said", ("Reuters",)),
        ("[Reuters](javascript:alert(1)) said", ("Reuters",)),
        ("[Reuters](https://x y) said", ("Reuters",)),
        ("[Reuters](https://x.example/" + "y" * 2000 + ") said", ("Reuters",)),
        ("[Reuters](https://x.example/) said", ()),
        ("He [the minister] said (so)", ()),
        ("[](#)", ("a link",)),
    ],
)
def test_a_name_linked_to_nothing_is_found(body: str, names: tuple[str, ...]) -> None:
    assert dangling_links(body) == names


@given(st.text())
def test_tidying_twice_is_tidying_once_and_changes_no_word(body: str) -> None:
    tidy = tidy_body(body)
    assert tidy_body(tidy) == tidy
    assert not any(line.startswith("# ") for line in tidy.split("\n"))


def test_a_line_that_looks_like_a_heading_reads_the_same_after_tidying() -> None:
    assert [block.text for block in read_body(tidy_body("# One\n\n  ### Two"))] == ["# One", "### Two"]


@pytest.mark.parametrize(
    "url", ["http://", "ftp://x.example/", "https://x .example/", "//x.example/", "https://[::1", ""]
)
def test_what_is_no_web_address(url: str) -> None:
    assert not is_web_address(url)


@pytest.mark.parametrize("sign", ["[", "*", ">", "- ", "[a](", "_a", "<a", "&", "\\", "![", "“", "a. "])
def test_twice_the_text_is_at_most_about_twice_the_work(sign: str) -> None:
    assert work((sign * 4_000)[:4_000]) < 3 * work((sign * 2_000)[:2_000]) + 10_000


def work(body: str) -> int:
    """How many calls it takes to read a text: a measure that a busy machine does not change."""
    calls = 0

    def count(frame: object, event: str, _: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        read_body(body)
        dangling_links(body)
    finally:
        sys.setprofile(None)
    return calls
