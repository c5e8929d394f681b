"""The life of a brief: added, saved by two people, moved, taken out, put back, signed."""

from __future__ import annotations

import datetime as dt

import pytest

from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Misused, Refused
from daybreak.desk import briefs, editions
from daybreak.desk.briefs import Draft, StaleBrief
from daybreak.desk.models import Brief, Edition
from tests.desk.world import FRIDAY, LATER, NIGHT, make_article, make_story, sample_edition, section

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition() -> Edition:
    return editions.start(FRIDAY, NIGHT, "Ines")


@pytest.fixture
def brief(edition: Edition) -> Brief:
    return briefs.add_brief(edition, section("lead"), at=NIGHT, by="Ines", headline="Of Their Own Accord")


def rundown(edition: Edition) -> list[tuple[str, str]]:
    return [(brief.section.role, brief.slug) for brief in edition.briefs.select_related("section")]


def test_a_brief_from_a_story_has_its_headline_and_independent_sources_and_no_text(edition: Edition) -> None:
    story = make_story()
    copy = make_article("https://copy.example/1", "Copyist", story=story)
    copy.original = story.articles.first()
    copy.save()
    brief = briefs.add_brief_from_story(edition, section("lead"), story, NIGHT, "Ines")
    assert (brief.headline, brief.slug, brief.body) == ("Mali ends its accords", "mali-ends-its-accords", "")
    assert sorted(brief.citations.values_list("source", flat=True)) == ["Outlet 0", "Outlet 1"]
    with pytest.raises(Refused, match="already has a brief on this story"):
        briefs.add_brief_from_story(edition, section("briefs"), story, NIGHT, "Tomas")


def test_saving_recomputes_citations_and_keeps_the_listed_ones(brief: Brief) -> None:
    listed = make_article("https://listed.example/1", "The Listed")
    briefs.cite(brief, listed, NIGHT, "Ines")
    body = "So [Meridian](https://meridian.example/1) said, and [The Listed](https://listed.example/1)."
    saved = briefs.save_brief(brief, Draft("H", body), revision=1, at=NIGHT, by="Ines")
    assert list(saved.citations.values_list("url", "listed")) == [
        ("https://meridian.example/1", False), ("https://listed.example/1", True),
    ]  # fmt: skip
    saved = briefs.save_brief(saved, Draft("H", "Nobody said."), revision=2, at=NIGHT, by="Ines")
    assert list(saved.citations.values_list("url", flat=True)) == ["https://listed.example/1"]
    briefs.uncite(saved, "https://listed.example/1", NIGHT, "Ines")
    assert not saved.citations.exists()


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(brief: Brief) -> None:
    briefs.save_brief(brief, Draft("Ours", "Ours."), revision=1, at=NIGHT, by="Ines")
    with pytest.raises(StaleBrief, match="Ines saved this brief at 16:00:00 UTC") as caught:
        briefs.save_brief(brief, Draft("Mine", "Mine."), revision=1, at=LATER, by="Tomas")
    assert caught.value.theirs.body == "Ours."
    assert Brief.objects.get().headline == "Ours"


def test_saying_nothing_new_saves_nothing(brief: Brief) -> None:
    saved = briefs.save_brief(brief, Draft("Of  Their Own Accord ", ""), revision=1, at=LATER, by="Tomas")
    assert (saved.revision, saved.updated_by) == (1, "Ines")


def test_one_sitting_leaves_one_earlier_version_and_another_person_leaves_theirs(brief: Brief) -> None:
    at, revision = NIGHT, 1
    for by, minutes, body in (
        ("Ines", 0, "a"),
        ("Ines", 1, "ab"),
        ("Ines", 2, "abc"),
        ("Tomas", 3, "d"),
        ("Tomas", 9, "e"),
    ):
        at = NIGHT + dt.timedelta(minutes=minutes)
        revision = briefs.save_brief(brief, Draft("H", body), revision=revision, at=at, by=by).revision
    assert list(brief.earlier.values_list("revision", "body", "by")) == [
        (5, "d", "Tomas"), (4, "abc", "Ines"), (1, "", "Ines"),
    ]  # fmt: skip


def test_the_address_follows_the_headline_until_the_edition_was_approved() -> None:
    edition = sample_edition()
    lead = edition.briefs.get(section__role="lead")
    new = Draft("Another Headline", lead.body, tuple(lead.places), lead.author)
    lead = briefs.save_brief(lead, new, revision=lead.revision, at=NIGHT, by="Ines")
    assert lead.slug == "another-headline"
    editions.reopen(editions.approve(edition, "Ines", NIGHT), "Ines", LATER)
    newer = Draft("A Third One", lead.body, tuple(lead.places), lead.author)
    assert (
        briefs.save_brief(lead, newer, revision=lead.revision, at=LATER, by="Ines").slug == "another-headline"
    )


def test_a_text_that_looks_like_headings_survives_the_edition_file(brief: Brief) -> None:
    saved = briefs.save_brief(brief, Draft("H", "# One\r\n\r\n## Two\x00"), revision=1, at=NIGHT, by="Ines")
    assert saved.body == "\\# One\n\n\\## Two"


@pytest.mark.parametrize(
    "draft", [Draft("x" * 201, ""), Draft("x", "x" * 40_001), Draft("x", "", (), "x" * 121)]
)
def test_what_is_too_long_is_refused_with_its_limit(brief: Brief, draft: Draft) -> None:
    with pytest.raises(Refused, match="is longer than"):
        briefs.save_brief(brief, draft, revision=1, at=NIGHT, by="Ines")


def test_moving_goes_over_the_edge_of_a_section_and_stops_at_the_end(edition: Edition) -> None:
    a = briefs.add_brief(edition, section("lead"), at=NIGHT, by="Ines", headline="a")
    for name in "bc":
        briefs.add_brief(edition, section("briefs"), at=NIGHT, by="Ines", headline=name)
    seen = []
    for step in (1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1):
        a.refresh_from_db()
        briefs.move_brief(a, step, NIGHT, "Ines")
        seen.append(" ".join(f"{role[0]}{slug}" for role, slug in rundown(edition)))
    assert seen == [
        "ba bb bc", "bb ba bc", "bb bc ba", "bb bc da", "bb bc da",
        "bb bc ba", "bb ba bc", "ba bb bc", "la bb bc", "la bb bc", "la bb bc",
    ]  # fmt: skip


def test_a_brief_taken_out_comes_back_as_it_was_even_when_its_address_was_given_away(
    edition: Edition, brief: Brief
) -> None:
    saved = briefs.save_brief(brief, Draft("Of Their Own Accord", "Text."), revision=1, at=NIGHT, by="Ines")
    briefs.sign(saved, 1, by="Ines", because="So.", at=NIGHT)
    briefs.remove_brief(saved, NIGHT, "Ines")
    assert not edition.briefs.exists()
    briefs.add_brief(edition, section("lead"), at=NIGHT, by="Ines", headline="Of Their Own Accord")
    back = briefs.restore_brief(Brief.kept.get(pk=brief.pk), NIGHT, "Ines")
    assert (back.body, back.slug, back.sign_offs.count()) == ("Text.", "of-their-own-accord-2", 1)
    assert rundown(edition) == [("lead", "of-their-own-accord"), ("lead", "of-their-own-accord-2")]


def test_a_brief_that_was_taken_out_is_not_saved(brief: Brief) -> None:
    briefs.remove_brief(brief, NIGHT, "Ines")
    with pytest.raises(Refused, match="taken out"):
        briefs.save_brief(brief, Draft("H", "B"), revision=1, at=NIGHT, by="Ines")


def test_a_sign_off_needs_a_sentence_a_name_and_a_reason(brief: Brief) -> None:
    saved = briefs.save_brief(brief, Draft("H", "One. Two."), revision=1, at=NIGHT, by="Ines")
    with pytest.raises(Misused, match="has no sentence 3"):
        briefs.sign(saved, 3, by="Ines", because="So.", at=NIGHT)
    with pytest.raises(Misused, match="who .* and why"):
        briefs.sign(saved, 1, by="Ines", because=" ", at=NIGHT)
    briefs.sign(saved, 2, by="Ines", because="So.", at=NIGHT)
    assert [one.verdict for one in editions.check_brief(saved)] == ["unexplained", "signed"]
    briefs.unsign(saved, 2, by="Tomas", at=LATER)
    assert [one.verdict for one in editions.check_brief(saved)] == ["unexplained", "unexplained"]
    assert list(JournalEntry.objects.values_list("act", flat=True))[-2:] == [
        "sentence signed",
        "sign-off taken back",
    ]


def test_nothing_about_a_brief_changes_while_the_edition_is_approved() -> None:
    edition = editions.approve(sample_edition(), "Ines", NIGHT)
    brief = edition.briefs.all()[0]
    article = make_article("https://new.example/1")
    before = editions.manuscript_of(edition)
    for act in (
        lambda: briefs.save_brief(brief, Draft("H", "B"), revision=brief.revision, at=LATER, by="Tomas"),
        lambda: briefs.move_brief(brief, 1, LATER, "Tomas"),
        lambda: briefs.remove_brief(brief, LATER, "Tomas"),
        lambda: briefs.restore_brief(brief, LATER, "Tomas"),
        lambda: briefs.cite(brief, article, LATER, "Tomas"),
        lambda: briefs.uncite(brief, "https://x.example/", LATER, "Tomas"),
        lambda: briefs.sign(brief, 1, by="Tomas", because="So.", at=LATER),
        lambda: briefs.unsign(brief, 1, by="Tomas", at=LATER),
        lambda: briefs.add_brief(edition, section("lead"), at=LATER, by="Tomas"),
        lambda: briefs.add_brief_from_story(edition, section("lead"), make_story(), LATER, "Tomas"),
        lambda: editions.set_head(edition, "T", "S", LATER, "Tomas"),
    ):
        with pytest.raises(Refused, match="is approved: reopen it"):
            act()
    assert editions.manuscript_of(edition) == before


def test_agency_copy_without_a_page_is_not_listed_as_a_link(brief: Brief) -> None:
    article = make_article("urn:newsml:meridian.example:1", "Meridian")
    with pytest.raises(Refused, match="Meridian gives this copy no page to link to"):
        briefs.cite(brief, article, NIGHT, "Ines")
    assert not brief.citations.exists()
