"""The link by which a reader writes to the editor about a brief, and the way back from its subject."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.press.printing import Rendered
from daybreak.press.writingin import EDITOR, as_in_link, brief_named_in, link_about

FRIDAY = dt.date(2022, 5, 6)
HEADLINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200)


@given(HEADLINES)
def test_whatever_the_headline_it_is_all_of_the_links_subject(headline: str) -> None:
    link = link_about(headline, FRIDAY)
    assert link.startswith(f"mailto:{EDITOR}?subject=")
    assert not set("\"'<>& \r\n") & set(link)
    (name,) = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert name == "subject"


@given(HEADLINES.map(lambda words: f"A{words}"))
def test_the_subject_leads_back_to_headline_and_day(headline: str) -> None:
    (subject,) = parse_qs(urlsplit(link_about(headline, FRIDAY)).query)["subject"]
    assert brief_named_in(subject) == (" ".join(headline.split()), FRIDAY)
    assert brief_named_in(f"AW: Re[2]: Fwd: {subject}")[1] == FRIDAY


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        ("Re: Terms", ("Terms", None)),
        ("Re: Terms (2022-13-45)", ("Terms (2022-13-45)", None)),
        ("Reality (2022-05-06) – a typo", ("Reality", FRIDAY)),
        ("A War (2014) Ends (2022-05-06)", ("A War (2014) Ends", FRIDAY)),
        ("", ("", None)),
    ],
)
def test_what_a_reader_makes_of_a_subject_is_read_as_far_as_it_goes(
    subject: str, named: tuple[str, dt.date | None]
) -> None:
    assert brief_named_in(subject) == named


def test_an_address_cannot_add_to_the_link() -> None:
    assert as_in_link("ed+a&bcc=eve@paper.example") == "ed%2Ba%26bcc%3Deve@paper.example"


@pytest.mark.parametrize("name", ["mail.html", "mail.txt", "page.full.html"])
def test_each_brief_is_printed_with_its_link(rendered: Rendered, name: str) -> None:
    text = next(draft.data for draft in rendered.drafts if draft.name == name).decode()
    for brief in rendered.edition.briefs():
        assert text.count(link_about(brief.headline, FRIDAY)) == 1


def test_a_visitors_taste_has_none(rendered: Rendered) -> None:
    tastes = [draft.data for draft in rendered.drafts if draft.name.endswith("taste.html")]
    assert tastes
    assert not any(b"mailto:" in page for page in tastes)
