"""The edition file: read, written, read again; and everything wrong with it said at once."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.desk.editionfile import EditionFileError, free_slug, read_edition, write_edition
from daybreak.desk.manuscript import BriefCopy, Citation, Manuscript, SectionCopy, StandingSection
from daybreak.desk.prose import read_body, sources_of, tidy_body, tidy_line
from daybreak.sample import SAMPLE

SECTIONS = [
    StandingSection("Need to Know", "lead"),
    StandingSection("The World, Briefly", "briefs"),
    StandingSection("Discoveries", "discovery"),
]
SMALL = """---
date: 2022-05-06
---

# Need to Know

## Of Their Own Accord

- places: ml, FR
- sources: https://a.example/1, https://b.example/x,y

Mali is ending its accords, [Meridian](https://a.example/1) reported.
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(EditionFileError) as caught:
        read_edition(text, SECTIONS)
    assert "\n" not in str(caught.value)
    return [str(problem) for problem in caught.value.problems]


def with_brief(text: str) -> str:
    return f"---\ndate: 2022-05-06\n---\n# Need to Know\n## A\n{text}\n"


def test_the_sample_edition_is_read_and_written_letter_for_letter() -> None:
    text = (SAMPLE / "2022-05-06.md").read_text(encoding="utf-8")
    first = write_edition(read_edition(text, SECTIONS))
    assert read_edition(first, SECTIONS) == read_edition(text, SECTIONS)
    assert write_edition(read_edition(first, SECTIONS)) == first
    assert first.partition("\n# ")[2] == text.partition("\n# ")[2]


def test_a_small_edition_has_all_its_parts() -> None:
    assert read_edition(SMALL, SECTIONS) == Manuscript(
        date=dt.date(2022, 5, 6),
        sections=(
            SectionCopy(
                "Need to Know",
                "lead",
                (
                    BriefCopy(
                        slug="of-their-own-accord",
                        headline="Of Their Own Accord",
                        body="Mali is ending its accords, [Meridian](https://a.example/1) reported.",
                        places=("ML", "FR"),
                        sources=(
                            Citation("https://a.example/1", "Meridian"),
                            Citation("https://b.example/x,y", "b.example"),
                        ),
                    ),
                ),
            ),
        ),
    )


def test_sections_come_out_in_standing_order_whatever_their_order_in_the_file() -> None:
    text = "---\ndate: 2022-05-06\n---\n# Discoveries\n## B\nb.\n# need to know\n## A\na.\n"
    assert [section.name for section in read_edition(text, SECTIONS).sections] == [
        "Need to Know",
        "Discoveries",
    ]


def test_slugs_made_from_headlines_are_ascii_and_do_not_collide() -> None:
    text = "---\ndate: 2022-05-06\n---\n# Discoveries\n## Été à Paris\na.\n## Été à Paris\nb.\n## Z\n- slug: ete-a-paris-2\n\nc.\n"
    assert [brief.slug for brief in read_edition(text, SECTIONS).briefs()] == [
        "ete-a-paris", "ete-a-paris-3", "ete-a-paris-2",
    ]  # fmt: skip
    assert free_slug("Путин", []) == "brief"
    assert len(free_slug("long " * 60, [("long-" * 16)[:79]])) <= 80


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    assert read_edition("\ufeff" + SMALL.replace("\n", "\r\n"), SECTIONS) == read_edition(SMALL, SECTIONS)


def test_a_list_under_the_headline_that_holds_no_fields_is_text() -> None:
    (brief,) = read_edition(with_brief("- first thing\n- second thing"), SECTIONS).briefs()
    assert [block.kind for block in read_body(brief.body)] == ["bullet", "bullet"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Need to Know\n", "line 1: the file must begin with front matter: a line ---, date: 2022-05-06, a line ---"),
        ("---\ndate: 2022-05-06\n", "line 1: the front matter has no end: close it with a line ---"),
        ("---\ntitle: x\n---\n", "line 1: the front matter has no date: write date: 2022-05-06"),
        ("---\ntitle: x\ndate: May 6\n---\n", "line 3: “May 6” is no date: write it as 2022-05-06"),
        ("---\ndate: 2022-02-30\n---\n", "line 2: “2022-02-30” is no date: write it as 2022-05-06"),
        (
            "---\ndate: 2022-05-06\nauthor: x\n---\n",
            "line 3: “author” is no field of the front matter: use date, title and standfirst",
        ),
        (
            "---\ndate: 2022-05-06\n---\n# Sport\n",
            "line 4: “Sport” is no section of this paper: it has “Need to Know”, “The World, Briefly” and “Discoveries”",
        ),
        ("---\ndate: 2022-05-06\n---\n## A\nb\n", "line 4: a brief outside a section: write a line # Section above it"),
        (with_brief("### Deeper\ntext"), "line 6: a heading of level 3: use # for sections and ## for headlines"),
        (with_brief(""), "line 5: the brief “A” has no text"),
        (with_brief("a.\n##\nb."), "line 7: an empty headline: write it after the ##"),
        (with_brief("- places: France\n\na."), "line 6: “FRANCE” is no place: write two-letter country codes such as ML, FR"),
        (
            with_brief("- place: FR\n\na."),
            "line 6: unknown field “place”: the fields are places, slug, author and sources",
        ),
        (with_brief("- slug: Ä b\n\na."), "line 6: “Ä b” is no slug: use a–z, 0–9 and single hyphens, at most 80 characters"),
        (with_brief("- sources: the Guardian\n\na."), "line 6: “the Guardian” is no web address: a source begins with https://"),
        (with_brief("x.\n\nSo [Reuters]() said."), "line 8: “Reuters” is linked to nothing: give the article’s https:// address"),
        (with_brief("So [Reuters](/a) said."), "line 6: “Reuters” is linked to nothing: give the article’s https:// address"),
        (with_brief("So [Reuters](javascript:alert(1)) said."), "line 6: “Reuters” is linked to nothing: give the article’s https:// address"),
        (with_brief("- slug: s\n\na.\n## B\n- slug: s\n\nb."), "line 9: slug “s” is used twice: give this brief another"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(text: str, expected: str) -> None:
    assert problems_of(text) == [expected]


def test_all_faults_are_said_at_once_in_the_order_of_the_file() -> None:
    faults = problems_of("---\ndate: soon\n---\nstray\n# Sport\n## \n- places: Mali\n\n### x\n[a]()\n")
    assert [fault.split(":")[0] for fault in faults] == [f"line {n}" for n in (2, 4, 5, 6, 7, 9, 10)]


@pytest.mark.parametrize(
    "front",
    [
        "a: &a [x]\nb: *a",
        "[" * 5000,
        "date: {2022: [1]}",
        "date: !!python/object/apply:os.system ['true']",
        "- date",
        '"',
        "date: &x 2022-05-06\ntitle: *x",
    ],
)
def test_hostile_front_matter_is_one_refusal(front: str) -> None:
    assert len(problems_of(f"---\n{front}\n---\n")) == 1


def test_a_file_over_two_megabytes_is_not_even_parsed() -> None:
    assert problems_of("x" * 2_000_001) == ["line 1: the file is larger than 2 MB, take the surplus out"]


_words = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), include_characters="\n#-*[]()\\>\t"),
    max_size=120,
)
_line = _words.map(tidy_line)
_url = st.sampled_from(
    [
        "https://a.example/1",
        "http://b.example/x,y?z=1#f",
        "https://ü.example/é",
        "https://c.example/a%20b",
        "https://d.example/,http",
    ]
)
_link = st.builds("[{}]({}).".format, st.sampled_from(["Meridian", "the *Sahel* Courier", "[x]", ""]), _url)


@st.composite
def manuscripts(draw: st.DrawFn) -> Manuscript:
    slugs: set[str] = set()
    sections = []
    for section in SECTIONS:
        briefs = []
        for _ in range(draw(st.integers(0, 2))):
            body = tidy_body("\n\n".join(draw(st.lists(_words | _link, min_size=1, max_size=4))) + "\n\nEnd.")
            headline = draw(_line)[:200].strip() or "A"
            slug = free_slug(headline, slugs)
            slugs.add(slug)
            listed = [source.url for source in sources_of(f"<{draw(_url)}>")] if draw(st.booleans()) else []
            briefs.append(
                BriefCopy(slug, headline, body, ("ML",), draw(_line)[:120].strip(), sources_of(body, listed))
            )
        if briefs:
            sections.append(SectionCopy(section.name, section.role, tuple(briefs)))
    return Manuscript(draw(st.dates()), draw(_line)[:200].strip(), draw(_line), tuple(sections))


@settings(max_examples=150, deadline=None)
@given(manuscripts())
def test_what_is_written_is_read_again_unchanged(manuscript: Manuscript) -> None:
    text = write_edition(manuscript)
    try:
        again = read_edition(text, SECTIONS)
    except EditionFileError as error:
        # Brackets thrown together by chance can look like a link to nothing; nothing else may be wrong.
        assert all("linked to nothing" in problem.what for problem in error.problems)
        return
    assert again == manuscript
    assert write_edition(again) == text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400) | _words.map(with_brief))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = read_edition(text, SECTIONS)
    except EditionFileError:
        return
    assert read_edition(write_edition(read), SECTIONS) == read
