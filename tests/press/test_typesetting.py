from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.desk.calendar import Calendar
from daybreak.desk.manuscript import BriefCopy, Citation, Manuscript, SectionCopy
from daybreak.press.typesetting import SetEdition, set_edition

FRIDAY = dt.date(2022, 5, 6)


def of_bodies(*bodies: str) -> SetEdition:
    briefs = tuple(BriefCopy(slug=f"b{i}", headline=f"B {i}", body=body) for i, body in enumerate(bodies))
    manuscript = Manuscript(date=FRIDAY, sections=(SectionCopy("Need to Know", "lead", briefs),))
    return set_edition(manuscript, site_url="https://paper.example", previous=None, listening_seconds=90)


def test_sentences_are_numbered_through_the_whole_edition() -> None:
    first, second = of_bodies("One. Two.\n\nThree.", "Four.").briefs()
    assert 'data-s="0"' in first.html
    assert 'data-s="2"' in first.html
    assert (first.first_sentence, second.first_sentence) == (0, 3)
    assert second.html == '<p><span data-s="3">Four.</span></p>'


def test_links_emphasis_quotations_and_lists_are_set_and_nothing_else_is() -> None:
    body = (
        "*A* **b** [c](https://c.example/?a=1&b=2).\n\n> Quoted.\n\n- x\n- y\n\n1. z\n\n# <script>no</script>"
    )
    (brief,) = of_bodies(body).briefs()
    assert brief.html == "\n".join(
        [
            '<p><span data-s="0"><em>A</em> <strong>b</strong> '
            '<a href="https://c.example/?a=1&amp;b=2" rel="noopener">c</a>.</span></p>',
            '<blockquote><p><span data-s="1">Quoted.</span></p></blockquote>',
            '<ul><li><span data-s="2">x</span></li><li><span data-s="3">y</span></li></ul>',
            '<ol><li><span data-s="4">z</span></li></ol>',
            '<p><span data-s="5"># &lt;script&gt;no&lt;/script&gt;</span></p>',
        ]
    )


def test_the_taste_is_the_opening_paragraphs() -> None:
    long = " ".join(["word"] * 100) + "."
    (brief,) = of_bodies(f"First. \n\n{long}\n\n{long} {long}").briefs()
    assert brief.taste_html.count("<p>") == 2
    assert brief.html.count("<p>") == 3


def test_a_lead_of_one_paragraph_is_tasted_by_its_first_sentences() -> None:
    (brief,) = of_bodies("One two three. Four five six. Seven eight nine.").briefs()
    assert brief.taste_html == '<p><span data-s="0">One two three.</span></p>'


@given(st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=4), min_size=1, max_size=6))
def test_the_taste_is_never_more_than_half(paragraphs: list[list[int]]) -> None:
    body = "\n\n".join(
        " ".join("Word" + " word" * (n - 1) + "." for n in sentences) for sentences in paragraphs
    )
    (brief,) = of_bodies(body).briefs()
    assert brief.taste_html.lower().count("word") <= brief.words / 2
    assert brief.html.startswith(brief.taste_html.removesuffix("</p>"))


def test_a_link_that_could_run_script_is_plain_text() -> None:
    (brief,) = of_bodies("[x](javascript:alert(1)) stays words.").briefs()
    assert "<a" not in brief.html


@given(st.text(max_size=300))
def test_no_text_ever_reaches_a_page_alive(body: str) -> None:
    (brief,) = of_bodies(body).briefs()
    tags = {
        "<p",
        "</p",
        "<span",
        "</span",
        "<em",
        "</em",
        "<strong",
        "</strong",
        "<blockquote",
        "</blockquote",
    }
    tags |= {"<ul", "</ul", "<ol", "</ol", "<li", "</li", "<a", "</a"}
    import re

    assert set(re.findall(r"</?[a-zA-Z]+", brief.html)) <= tags


@pytest.mark.parametrize(
    ("date", "holidays", "label"),
    [
        (FRIDAY, (), "Monday morning"),
        (dt.date(2022, 5, 7), (), "Tuesday morning"),  # Saturday's goes out on Monday
        (FRIDAY, (9,), "Tuesday morning"),
        (FRIDAY, (9, 10, 11, 12), "Friday morning, May 13"),
    ],
)
def test_the_next_paper_is_named(date: dt.date, holidays: tuple[int, ...], label: str) -> None:
    calendar = Calendar(frozenset(dt.date(2022, 5, day) for day in holidays))
    brief = BriefCopy(slug="b", headline="B", body="Text.")
    manuscript = Manuscript(date=date, sections=(SectionCopy("Need to Know", "lead", (brief,)),))
    edition = set_edition(
        manuscript, site_url="https://x.example", previous=None, listening_seconds=1, calendar=calendar
    )
    assert edition.next_label == label


def test_the_datelines_and_minutes_are_words_a_reader_reads() -> None:
    edition = of_bodies(" ".join(["word"] * 690) + ".")
    assert edition.dateline == "Friday, May 6, 2022"
    assert (edition.reading_minutes, edition.listening_minutes) == (3, 2)
    assert edition.path == "/2022/05/06/"
    assert edition.next_label == "Monday morning"


def test_an_outlet_has_one_name_in_the_list_of_sources() -> None:
    sources = (
        Citation("https://www.sahel.example/a", "The Sahel Courier"),
        Citation("https://rhine.example/b", "The Rhine Record"),
        Citation("https://sahel.example/c", "the Courier"),
    )
    brief = BriefCopy(slug="b", headline="B", body="Text.", sources=sources)
    manuscript = Manuscript(date=FRIDAY, sections=(SectionCopy("Need to Know", "lead", (brief,)),))
    edition = set_edition(manuscript, site_url="https://paper.example", previous=None, listening_seconds=1)
    assert [cited.source for cited in edition.lead.sources] == [
        "The Sahel Courier",
        "The Rhine Record",
        "The Sahel Courier",
    ]
    assert [cited.url for cited in edition.lead.sources] == [cited.url for cited in sources]
