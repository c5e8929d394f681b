from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.circulation.entitlement import (
    Entitlement,
    Kind,
    Span,
    decide,
    entitled_readers,
    entitlement_of,
)
from daybreak.circulation.models import Period, Reader

AT = dt.datetime(2022, 5, 6, 4, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(days=14)
EARLIER = AT - dt.timedelta(days=14)
MOMENT = dt.timedelta(microseconds=1)


def ruling(*spans: Span, at: dt.datetime = AT, confirmed: bool = True, staff: bool = False) -> Entitlement:
    return decide(spans, at, confirmed=confirmed, staff=staff)


def test_a_period_includes_its_start_and_not_its_end() -> None:
    trial = Span("trial", AT, LATER)
    assert ruling(trial, at=AT - MOMENT) == Entitlement(False, "lapsed")
    assert ruling(trial, at=AT) == Entitlement(True, "trial", LATER)
    assert ruling(trial, at=LATER - MOMENT) == Entitlement(True, "trial", LATER)
    assert ruling(trial, at=LATER) == Entitlement(False, "lapsed", LATER)


def test_of_periods_together_the_longest_counts() -> None:
    trial, comp, paid = (
        Span("trial", EARLIER, AT + dt.timedelta(days=3)),
        Span("comp", EARLIER, LATER),
        Span("subscription", EARLIER, LATER),
    )
    assert ruling(trial, comp) == Entitlement(True, "comp", LATER)
    assert ruling(paid, comp, trial) == Entitlement(True, "subscription", LATER)
    assert ruling(paid, Span("comp", EARLIER)) == Entitlement(True, "comp", None)


def test_a_period_that_follows_without_a_gap_carries_on() -> None:
    trial = Span("trial", EARLIER, LATER)
    after = LATER + dt.timedelta(days=365)
    assert ruling(trial, Span("subscription", LATER, after)) == Entitlement(True, "subscription", after)
    assert ruling(trial, Span("subscription", LATER + MOMENT, after)) == Entitlement(True, "trial", LATER)


def test_who_is_not_confirmed_may_not_read_whatever_the_periods_say() -> None:
    assert ruling(Span("comp", EARLIER), confirmed=False) == Entitlement(False, "unconfirmed")


def test_staff_may_always_read() -> None:
    assert ruling(confirmed=False, staff=True) == Entitlement(True, "staff")
    assert entitlement_of(None, AT, staff=True) == Entitlement(True, "staff")


def test_a_visitor_may_not_read() -> None:
    assert entitlement_of(None, AT) == Entitlement(False, "visitor")


@pytest.mark.parametrize(
    ("entitlement", "zone", "sentence"),
    [
        (
            Entitlement(True, "trial", dt.datetime(2022, 5, 20, 9, tzinfo=dt.UTC)),
            "UTC",
            "Your trial ends on Friday, May 20. Nothing happens unless you subscribe.",
        ),
        (
            Entitlement(True, "trial", dt.datetime(2022, 5, 20, 14, tzinfo=dt.UTC)),
            "Pacific/Auckland",
            "Your trial ends on Saturday, May 21. Nothing happens unless you subscribe.",
        ),
        (  # ends at Berlin's midnight: its last day is the one before
            Entitlement(True, "subscription", dt.datetime(2022, 5, 20, 22, tzinfo=dt.UTC)),
            "Europe/Berlin",
            "Your subscription runs until Friday, May 20, 2022.",
        ),
        (Entitlement(True, "subscription"), "UTC", "Your subscription has no end date."),
        (Entitlement(False, "lapsed", AT), "UTC", "Your access ended on Friday, May 6, 2022."),
        (Entitlement(False, "lapsed"), "UTC", "You have no subscription at the moment."),
        (Entitlement(True, "comp"), "Gone/Zone", "You read with our compliments."),
    ],
)
def test_the_reader_is_told_in_one_sentence(entitlement: Entitlement, zone: str, sentence: str) -> None:
    assert entitlement.sentence(zone) == sentence


days = st.integers(-4, 4).map(lambda number: AT + dt.timedelta(days=number))


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    kinds: list[Kind] = draw(st.lists(st.sampled_from(["comp", "subscription"]), max_size=3))
    kinds += draw(st.sampled_from([[], ["trial"]]))  # one a reader
    drawn = []
    for kind in kinds:
        starts_at = draw(days)
        length = draw(st.none() | st.integers(1, 6))
        drawn.append(Span(kind, starts_at, starts_at + dt.timedelta(days=length) if length else None))
    return drawn


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(spans(), st.booleans()), max_size=4))
def test_the_query_for_entitled_readers_agrees_with_the_decision(
    people: list[tuple[list[Span], bool]],
) -> None:
    Reader.objects.all().delete()
    for number, (held, confirmed) in enumerate(people):
        reader = Reader.objects.create(
            email=f"r{number}@example.org", created_at=EARLIER, confirmed_at=EARLIER if confirmed else None
        )
        for span in held:
            Period.objects.create(
                reader=reader, kind=span.kind, starts_at=span.starts_at, ends_at=span.ends_at
            )
    decided = {reader for reader in Reader.objects.all() if entitlement_of(reader, AT).allowed}
    assert set(entitled_readers(AT)) == decided
    assert decided == {
        Reader.objects.get(email=f"r{number}@example.org")
        for number, (held, confirmed) in enumerate(people)
        if confirmed and any(span.holds(AT) for span in held)
    }


@given(spans())
def test_reading_lasts_exactly_until_the_end_that_is_told(held: list[Span]) -> None:
    told = ruling(*held)
    if not told.allowed:
        return
    if told.until is None:
        assert ruling(*held, at=AT + dt.timedelta(days=36500)).allowed
    else:
        assert ruling(*held, at=told.until - MOMENT).allowed
        assert not ruling(*held, at=told.until).allowed
