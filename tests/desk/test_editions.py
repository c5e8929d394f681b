"""The life of an edition: started, imported, checked, approved, reopened."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Misused, Refused
from daybreak.desk import briefs, editions
from daybreak.desk.editionfile import read_edition, write_edition
from daybreak.desk.models import Brief, Edition
from tests.desk.world import (
    FRIDAY,
    LATER,
    NIGHT,
    SAMPLE_TEXT,
    fill_sample_wire,
    make_article,
    sample_edition,
    section,
)

pytestmark = pytest.mark.django_db


def acts() -> list[tuple[str, str]]:
    return [(entry.act, entry.by) for entry in JournalEntry.objects.filter(subject=f"edition {FRIDAY}")]


def test_an_edition_is_started_once() -> None:
    editions.start(FRIDAY, NIGHT, "Ines")
    with pytest.raises(Refused, match="already is an edition of 2022-05-06"):
        editions.start(FRIDAY, NIGHT, "Tomas")
    assert acts() == [("edition started", "Ines")]


def test_the_sample_is_taken_in_and_given_back_as_it_was() -> None:
    edition = sample_edition()
    manuscript = editions.manuscript_of(edition)
    assert manuscript == read_edition(SAMPLE_TEXT, editions.standing_sections())
    exported = write_edition(manuscript)
    again = editions.import_file(exported, LATER, "Ines")
    assert write_edition(editions.manuscript_of(again)) == exported
    assert Edition.objects.count() == 1


def test_importing_the_same_twice_changes_no_brief() -> None:
    before = list(sample_edition().briefs.values_list("pk", "revision", "updated_at"))
    again = editions.import_file(SAMPLE_TEXT, LATER, "Tomas")
    assert list(again.briefs.values_list("pk", "revision", "updated_at")) == before


def test_an_import_keeps_the_history_of_a_brief_and_takes_out_what_is_not_in_the_file() -> None:
    edition = sample_edition()
    lead = edition.briefs.get(section__role="lead")
    text = f"---\ndate: 2022-05-06\n---\n# Need to Know\n## New Words\n- slug: {lead.slug}\n\nShort now.\n"
    editions.import_file(text, LATER, "Tomas")
    lead.refresh_from_db()
    assert (lead.headline, lead.revision, lead.slug) == ("New Words", 3, "of-their-own-accord")
    assert [earlier.headline for earlier in lead.earlier.all()] == ["Of Their Own Accord"]
    assert edition.briefs.count() == 1
    assert Brief.kept.filter(edition=edition).count() == 6


def test_an_approved_edition_is_not_replaced_by_a_file() -> None:
    edition = sample_edition()
    editions.approve(edition, "Ines", LATER)
    with pytest.raises(Refused, match="is approved: reopen it"):
        editions.import_file(SAMPLE_TEXT.replace("Accord", "Discord"), LATER, "Tomas")
    assert "Discord" not in write_edition(editions.manuscript_of(edition))


def test_a_failed_import_leaves_nothing_behind() -> None:
    with pytest.raises(Refused):
        editions.import_file(SAMPLE_TEXT.replace("# Discoveries", "# Sport"), NIGHT, "Ines")
    assert not Edition.objects.exists()


def test_a_listed_source_has_its_name_from_the_wire_else_from_its_host() -> None:
    make_article("https://www.gazette.example/a?utm_source=x", "La Gazette")
    text = "---\ndate: 2022-05-06\n---\n# Need to Know\n## A\n- sources: https://gazette.example/a, https://b.example/1\n\nText.\n"
    edition = editions.import_file(text, NIGHT, "Ines")
    rows = [(row.source, row.article_id is not None) for row in edition.briefs.get().citations.all()]
    assert rows == [("La Gazette", True), ("b.example", False)]
    exported = write_edition(editions.manuscript_of(edition))
    assert write_edition(editions.manuscript_of(editions.import_file(exported, LATER, "Ines"))) == exported


def test_the_sample_edition_stands_on_its_wire() -> None:
    fill_sample_wire()
    edition = sample_edition()
    checks = editions.check_edition(edition)
    assert [f"{one.brief} {one.number} {one.verdict}" for one in checks if one.blocks] == []
    assert {one.verdict for one in checks} >= {"cited", "supported"}
    assert editions.hindrances(edition, checks) == []


def test_approval_names_who_and_when_and_reopening_forgets_both() -> None:
    edition = editions.approve(sample_edition(), "  Ines   Calloway ", LATER)
    assert (edition.state, edition.approved_by, edition.approved_at) == ("approved", "Ines Calloway", LATER)
    with pytest.raises(Refused, match="was approved by Ines Calloway already"):
        editions.approve(edition, "Tomas", LATER)
    edition = editions.reopen(edition, "Tomas", LATER)
    assert (edition.state, edition.approved_by, edition.approved_at) == ("open", "", None)
    with pytest.raises(Refused, match="open already"):
        editions.reopen(edition, "Tomas", LATER)
    assert acts() == [
        ("edition imported", "Ines"), ("edition approved", "Ines Calloway"), ("edition reopened", "Tomas"),
    ]  # fmt: skip


def test_nobody_approves_namelessly() -> None:
    with pytest.raises(Misused, match="approved by name"):
        editions.approve(sample_edition(), " ", LATER)


def test_an_empty_edition_is_not_approved() -> None:
    edition = editions.start(FRIDAY, NIGHT, "Ines")
    with pytest.raises(editions.NotReady, match="The edition is empty"):
        editions.approve(edition, "Ines", LATER)


def test_every_hindrance_is_named_with_its_place() -> None:
    edition = editions.start(FRIDAY, NIGHT, "Ines")
    empty = briefs.add_brief(edition, section("briefs"), at=NIGHT, by="Ines")
    loose = briefs.add_brief(edition, section("discovery"), at=NIGHT, by="Ines", headline="Loose Talk")
    draft = briefs.Draft("Loose Talk", "It is said to be so. Ask [Meridian]().")
    briefs.save_brief(loose, draft, revision=1, at=NIGHT, by="Ines")
    with pytest.raises(editions.NotReady) as caught:
        editions.approve(edition, "Ines", LATER)
    nothing = "Nothing explains it: this brief cites nothing, so link the words that name the source."
    assert [(one.sentence, one.brief, one.number) for one in caught.value.hindrances] == [
        ("The edition has no lead: move a brief into its first section.", None, None),
        ("The brief “brief” has no headline: write one.", empty.pk, None),
        ("“brief” has no text: write it or take it out.", empty.pk, None),
        ("In “Loose Talk”, “Meridian” is linked to nothing: give the article’s address.", loose.pk, None),
        (f"In “Loose Talk”, sentence 1 (It is said to be so.): {nothing}", loose.pk, 1),
        (f"In “Loose Talk”, sentence 2 (Ask Meridian.): {nothing}", loose.pk, 2),
    ]
    edition.refresh_from_db()
    assert edition.state == "open"


def test_signing_the_sentences_lets_the_edition_pass() -> None:
    text = "---\ndate: 2022-05-06\n---\n# Need to Know\n## A\n\nI saw it. It was so.\n"
    edition = editions.import_file(text, NIGHT, "Ines")
    for number in (1, 2):
        briefs.sign(edition.briefs.get(), number, by="Ines", because="I was there.", at=NIGHT)
    assert editions.approve(edition, "Ines", LATER).state == "approved"


@given(st.datetimes(dt.datetime(2021, 1, 1), dt.datetime(2030, 1, 1), timezones=st.just(dt.UTC)))
def test_the_next_edition_is_a_weekday_whose_first_morning_is_to_come(at: dt.datetime) -> None:
    date = editions.next_date(at)
    assert date.weekday() < 5
    assert at < editions.first_morning(date) <= at + dt.timedelta(days=4)


def test_the_first_morning_is_six_in_auckland_in_summer_and_winter() -> None:
    assert editions.first_morning(FRIDAY) == dt.datetime(2022, 5, 5, 18, tzinfo=dt.UTC)
    assert editions.first_morning(dt.date(2022, 1, 14)) == dt.datetime(2022, 1, 13, 17, tzinfo=dt.UTC)
