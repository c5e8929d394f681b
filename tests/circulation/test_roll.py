from __future__ import annotations

import datetime as dt
import io

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.circulation.entitlement import Entitlement, entitlement_of
from daybreak.circulation.models import Period, Reader
from daybreak.circulation.roll import Report, export_readers, import_readers
from daybreak.circulation.rollfile import RollKind, Row, write_roll
from daybreak.common import statistics
from daybreak.common.models import JournalEntry

pytestmark = pytest.mark.django_db

AT = dt.datetime(2022, 5, 6, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def take_in(text: str, at: dt.datetime = AT) -> Report:
    return import_readers(text, at=at, by="Ines Calloway")


def exported(at: dt.datetime = AT) -> str:
    out = io.StringIO(newline="")
    write_roll(export_readers(at), out)
    return out.getvalue()


def entitlement(email: str, at: dt.datetime = AT) -> Entitlement:
    return entitlement_of(Reader.objects.get(email=email), at)


def test_each_kind_of_row_gives_its_entitlement() -> None:
    report = take_in(
        "email,kind,ends_at\n"
        "open@example.org,subscriber,\n"
        "paid@example.org,subscriber,2023-05-06\n"
        "trial@example.org,trial,\n"
        "long@example.org,trial,2022-06-30\n"
        "comp@example.org,comp,\n"
        "gone@example.org,lapsed,2022-01-31\n"
        "now@example.org,lapsed,\n"
        "past@example.org,subscriber,2022-02-28\n"
        "bare@example.org,,\n"
    )
    assert (report.new, report.problems) == (9, [])
    assert {
        reader.email.partition("@")[0]: entitlement_of(reader, AT) for reader in Reader.objects.all()
    } == {
        "open": Entitlement(True, "subscription"),
        "paid": Entitlement(True, "subscription", dt.datetime(2023, 5, 6, tzinfo=dt.UTC)),
        "trial": Entitlement(True, "trial", AT + 14 * DAY),
        "long": Entitlement(True, "trial", dt.datetime(2022, 6, 30, tzinfo=dt.UTC)),
        "comp": Entitlement(True, "comp"),
        "gone": Entitlement(False, "lapsed", dt.datetime(2022, 1, 31, tzinfo=dt.UTC)),
        "now": Entitlement(False, "lapsed", AT),
        "past": Entitlement(False, "lapsed", dt.datetime(2022, 2, 28, tzinfo=dt.UTC)),
        "bare": Entitlement(True, "trial", AT + 14 * DAY),
    }
    assert not Reader.objects.exclude(confirmed_at=AT).exists()


def test_who_is_known_is_updated_and_not_doubled(ada: Reader) -> None:
    token = ada.feed_token
    report = take_in("email,name,time_zone,delivery_time\nADA@Example.ORG,Ada L.,Europe/Berlin,07:15\n")
    assert (report.new, report.updated, report.unchanged) == (0, 1, 0)
    reader = Reader.objects.get()
    assert (reader.email, reader.name, reader.time_zone) == ("ada@example.org", "Ada L.", "Europe/Berlin")
    assert (reader.delivery_time, reader.feed_token) == (dt.time(7, 15), token)
    assert reader.periods.count() == 1


def test_an_empty_cell_changes_nothing(ada: Reader) -> None:
    report = take_in("email,name,time_zone,delivery_time,kind,ends_at\nada@example.org,,,,,\n")
    assert (report.updated, report.unchanged) == (0, 1)
    reader = Reader.objects.get()
    assert (reader.name, reader.time_zone) == ("Ada", "Pacific/Auckland")


def test_a_waiting_sign_up_is_confirmed_because_the_publisher_vouches() -> None:
    Reader.objects.create(email="new@example.org", created_at=AT - DAY)
    take_in("email,kind\nnew@example.org,subscriber\n")
    assert entitlement("new@example.org") == Entitlement(True, "subscription")


def test_what_the_row_says_replaces_what_was(ada: Reader) -> None:
    take_in("email,kind\nada@example.org,comp\n")
    assert entitlement("ada@example.org") == Entitlement(True, "comp")
    assert entitlement("ada@example.org", AT - DAY) == Entitlement(True, "comp")  # carried on by the comp
    take_in("email,kind\nada@example.org,lapsed\n", AT + DAY)
    assert entitlement("ada@example.org", AT + DAY) == Entitlement(False, "lapsed", AT + DAY)
    assert list(Period.objects.values_list("kind", "ends_at")) == [("subscription", AT), ("comp", AT + DAY)]


def test_a_trial_that_was_had_does_not_start_again_unless_its_end_is_said() -> None:
    take_in("email,kind\nada@example.org,trial\n")
    later = AT + 30 * DAY
    report = take_in("email,kind\nada@example.org,trial\n", later)
    assert report.problems == [
        "line 2: this reader’s trial is over and does not start again: write ends_at to extend it."
    ]
    take_in("email,kind,ends_at\nada@example.org,trial,2022-07-01\n", later)
    assert entitlement("ada@example.org", later).reason == "trial"
    assert Period.objects.count() == 1


def test_a_lapse_in_the_future_is_refused() -> None:
    report = take_in("email,kind,ends_at\nada@example.org,lapsed,2023-01-01\nben@example.org,comp,\n")
    assert report.problems == [
        "line 2: a lapsed reader’s ends_at is yet to come: write subscriber, or leave it empty."
    ]
    assert [reader.email for reader in Reader.objects.all()] == ["ben@example.org"]


def test_an_address_that_stands_twice_is_taken_once() -> None:
    report = take_in("email,kind\nada@example.org,comp\nADA@example.org,lapsed\n")
    assert report.problems == ["line 3: ADA@example.org stands in line 2 already: take one out."]
    assert entitlement("ada@example.org").reason == "comp"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans without counting")
def test_the_database_knows_how_many_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MANY", 20)

    def counted() -> list[float]:
        with connection.cursor() as cursor:
            names = "'circulation_reader', 'circulation_period'"
            cursor.execute(f"SELECT reltuples FROM pg_class WHERE relname IN ({names})")
            return [rows for (rows,) in cursor.fetchall()]

    take_in("email,kind\n" + "".join(f"reader{number}@example.org,subscriber\n" for number in range(30)))
    assert counted() == [30, 30]


def test_a_file_is_one_note_in_the_journal() -> None:
    take_in("email\nada@example.org\nben@example.org\noops\n")
    entry = JournalEntry.objects.get()
    assert (entry.act, entry.by, entry.at) == ("readers imported", "Ines Calloway", AT)
    assert entry.detail == {"new": 2, "updated": 0, "problems": 1}


def test_the_unconfirmed_are_not_exported() -> None:
    Reader.objects.create(email="new@example.org", created_at=AT)
    assert exported() == "email,name,time_zone,delivery_time,kind,ends_at,delivery_days,paused_until\r\n"


def test_more_than_a_batch_is_taken_in_whole() -> None:
    text = "email\n" + "".join(f"r{number}@example.org\n" for number in range(2345))
    assert take_in(text).new == 2345
    assert take_in(text).unchanged == 2345
    assert Reader.objects.count() == Period.objects.count() == 2345


ends = st.none() | st.integers(-9, 9).map(lambda number: AT + number * DAY)
kinds: list[RollKind] = ["trial", "subscriber", "comp", "lapsed"]
rolls = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(kinds), ends), max_size=4)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), rolls), min_size=1, max_size=3))
def test_importing_an_export_changes_nothing_whatever_came_before(
    history: list[tuple[int, list[tuple[str, RollKind, dt.datetime | None]]]],
) -> None:
    Reader.objects.all().delete()
    for days, rows in sorted(history, key=lambda day: day[0]):
        out = io.StringIO(newline="")
        write_roll([Row(f"{name}@example.org", kind=kind, ends_at=end) for name, kind, end in rows], out)
        take_in(out.getvalue(), AT + days * DAY)
    at = AT + 5 * DAY
    before, periods = exported(at), list(Period.objects.values_list())
    report = take_in(before, at)
    assert (report.new, report.updated, report.problems) == (0, 0, [])
    assert exported(at) == before
    assert list(Period.objects.values_list()) == periods


@settings(max_examples=40, deadline=None)
@given(rolls)
def test_an_export_taken_into_an_empty_newsroom_gives_the_same_export(
    rows: list[tuple[str, RollKind, dt.datetime | None]],
) -> None:
    Reader.objects.all().delete()
    out = io.StringIO(newline="")
    write_roll([Row(f"{name}@example.org", kind=kind, ends_at=end) for name, kind, end in rows], out)
    take_in(out.getvalue())
    before = exported(AT + DAY)
    Reader.objects.all().delete()
    assert take_in(before, AT + DAY).problems == []
    assert exported(AT + DAY) == before
