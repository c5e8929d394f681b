"""The wire's memory: the next day's development finds the story it goes on with, behind the filer's back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.refusal import Refused
from daybreak.wire.filing import file_items
from daybreak.wire.formats.reading import Item
from daybreak.wire.lives.continuing import TERMS, likelihood, shared, telling_terms
from daybreak.wire.lives.editing import link, merge_stories
from daybreak.wire.lives.memory import background_of, look_back, looks_due, predecessors
from daybreak.wire.models import Story, StoryTerm

AT = dt.datetime(2022, 5, 2, 5, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
STEMS = {
    0: ("Mali ends defence accords with France", "Bamako's Colonel Maiga cited violations by Barkhane troops."),
    5: ("Barkhane troops of France leave Mali's Gossi after the accords", "Bamako's Colonel Maiga hailed the end of the defence accords."),
    9: ("Barkhane troops of France have left Gossi in Mali", "Bamako's Colonel Maiga hailed the last Barkhane convoy from Gossi."),
}  # fmt: skip


def tell(day: int, title: str, text: str, outlets: int = 2) -> Story:
    """A story of a report and of a second one that says the same the other way round."""
    at = AT + day * DAY
    words = [(title, text), tuple(" ".join(reversed(part.split())) for part in (title, text))][:outlets]
    items = [
        Item(f"https://o{n}-{day}.example/{len(title)}", its[0], f"Outlet {n}", at, body=its[1])
        for n, its in enumerate(words)
    ]
    file_items(items, at)
    found = Story.objects.filter(articles__url=items[0].url).get()
    assert found.articles.count() == outlets
    return found


@pytest.fixture
def mali(db: None) -> list[Story]:
    stories = [tell(day, *words) for day, words in STEMS.items()]
    assert len({story.pk for story in stories}) == 3
    return stories


def everything(at: dt.datetime) -> None:
    while look_back(at):
        pass


def test_a_development_goes_on_with_the_story_of_the_days_before(mali: list[Story]) -> None:
    tell(9, "Three killed in stabbing attack in Elad", "Israeli police hunt two suspects.")
    at = AT + 10 * DAY
    assert looks_due(at)
    everything(at)
    assert not looks_due(at)
    first, second, third = Story.objects.filter(pk__in=[s.pk for s in mali]).order_by("first_seen_at")
    assert (first.continues, second.continues, third.continues) == (None, first, second)
    assert background_of(third) == [second, first]
    assert predecessors([third.pk, first.pk]) == {third.pk: [second, first], first.pk: []}
    elad = Story.objects.get(headline__contains="Elad")
    assert elad.continues is None
    assert background_of(elad) == []


def test_a_story_that_is_not_looked_back_from_yet_is_when_somebody_asks(mali: list[Story]) -> None:
    everything(AT + 6 * DAY)
    assert Story.objects.get(pk=mali[2].pk).looked_back_at is None
    assert background_of(Story.objects.get(pk=mali[2].pk)) == [mali[1], mali[0]]


def test_what_lies_too_far_back_is_forgotten(mali: list[Story]) -> None:
    everything(AT + 10 * DAY)
    assert StoryTerm.objects.exists()
    later = tell(75, *STEMS[5])
    everything(AT + 75 * DAY)
    assert Story.objects.get(pk=later.pk).continues is None
    assert set(StoryTerm.objects.values_list("story", flat=True)) == {later.pk}


def test_what_one_outlet_alone_has_is_no_background(db: None) -> None:
    tell(0, *STEMS[0], outlets=1)
    later = tell(5, *STEMS[5])
    everything(AT + 6 * DAY)
    assert Story.objects.get(pk=later.pk).continues is None


def test_background_follows_a_story_that_was_merged_away(mali: list[Story]) -> None:
    everything(AT + 10 * DAY)
    other = tell(1, "Moon landing of Artemis delayed", "Rocket engineers at Cape Canaveral mend a valve.")
    merge_stories(mali[0].pk, other.pk, by="Ines", at=AT + 10 * DAY)
    assert background_of(Story.objects.get(pk=mali[1].pk)) == [other]
    assert predecessors([mali[1].pk]) == {mali[1].pk: [other]}


def test_no_chain_bites_its_tail(mali: list[Story]) -> None:
    one, two, three = mali
    for story, earlier in ((one, three), (two, one), (three, two)):
        Story.objects.filter(pk=story.pk).update(continues=earlier, looked_back_at=AT)
    assert background_of(Story.objects.get(pk=three.pk)) == [two, one]
    assert predecessors([one.pk, three.pk]) == {one.pk: [], three.pk: [two, one]}


def test_a_story_into_which_its_continuation_was_merged_goes_on_with_nothing_of_itself(
    mali: list[Story],
) -> None:
    everything(AT + 10 * DAY)
    merge_stories(mali[0].pk, mali[1].pk, by="Ines", at=AT + 10 * DAY)
    assert background_of(Story.objects.get(pk=mali[1].pk)) == []


def test_what_an_editor_says_of_a_storys_background_stays(mali: list[Story]) -> None:
    everything(AT + 10 * DAY)
    one, two, three = mali
    link(three.pk, None, by="Ines", at=AT + 10 * DAY)
    link(two.pk, one.pk, by="Ines", at=AT + 10 * DAY)
    Story.objects.update(looked_back_at=None)
    everything(AT + 11 * DAY)
    assert background_of(Story.objects.get(pk=three.pk)) == []
    assert background_of(Story.objects.get(pk=two.pk)) == [one]
    with pytest.raises(Refused, match="goes on with an earlier one"):
        link(one.pk, two.pk, by="Ines", at=AT + 11 * DAY)


def test_filing_does_no_more_work_for_memory(mali: list[Story]) -> None:
    everything(AT + 10 * DAY)
    with CaptureQueriesContext(connection) as queries:
        tell(10, "A comet leaves crumbs before dawn", "Look north-east, astronomers say.")
    assert not any("storyterm" in query["sql"] for query in queries)


WORDS = st.lists(st.text("abcdefgh", min_size=2, max_size=5), max_size=40).map(" ".join)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=4))
def test_the_terms_of_a_story_are_few_and_of_length_one(articles: list[tuple[str, str, str]]) -> None:
    terms = telling_terms(articles)
    assert len(terms) <= TERMS
    assert not terms or abs(sum(weight**2 for weight in terms.values()) - 1) < 1e-9
    assert 0 <= shared(terms, terms) <= 1


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 60), st.floats(0, 60))
def test_likelihood_grows_with_what_is_shared_and_falls_with_time(
    a: float, b: float, x: float, y: float
) -> None:
    low, high = sorted((a, b))
    soon, late = sorted((x, y))
    assert 0 < likelihood(low, late) <= likelihood(high, soon) < 1
