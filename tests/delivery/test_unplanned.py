"""Who has no row and should have one: not who became a reader after their own morning of the edition."""

from __future__ import annotations

import datetime as dt
from zoneinfo import available_timezones

import pytest
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Period, Reader
from daybreak.delivery.planning import plan
from daybreak.delivery.status import ReaderLines, status_of
from daybreak.delivery.unplanned import readers_unplanned
from tests.conftest import make_reader
from tests.delivery.ledger import AUCKLAND_SIX, BERLIN_SIX, NIGHT, RememberingPost, deliver, printed

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NOW = BERLIN_SIX + 3 * HOUR


def joined(
    name: str, at: dt.datetime, time_zone: str = "Europe/Berlin", confirmed: dt.datetime | None = None
) -> Reader:
    """A reader whose period began `at`, and who confirmed the address then or at another instant."""
    reader = make_reader(name, time_zone)
    reader.periods.update(starts_at=at)
    Reader.objects.filter(pk=reader.pk).update(confirmed_at=confirmed or at)
    return reader


def unplanned(at: dt.datetime = NOW) -> set[str]:
    return {reader.name for reader in readers_unplanned(printed(), at)}


def test_who_came_after_their_own_morning_does_not_count_and_who_came_before_does(db: None) -> None:
    joined("Before", BERLIN_SIX - HOUR)
    joined("At", BERLIN_SIX)
    joined("After", BERLIN_SIX + dt.timedelta(seconds=1))
    joined("Unsure", BERLIN_SIX - DAY, confirmed=BERLIN_SIX + HOUR)
    joined("West", BERLIN_SIX + HOUR, "Pacific/Honolulu")
    joined("East", AUCKLAND_SIX + HOUR, "Pacific/Auckland")
    joined("Always", NIGHT - 30 * DAY, "Pacific/Auckland")
    assert unplanned() == {"Before", "At", "West", "Always"}


def test_who_lapsed_and_came_back_is_judged_by_the_morning(db: None) -> None:
    joined("First", NIGHT - 30 * DAY, "Pacific/Auckland")
    for name, ended in (("Away", BERLIN_SIX - HOUR), ("There", BERLIN_SIX + HOUR)):
        reader = joined(name, NIGHT - 30 * DAY)
        reader.periods.update(ends_at=ended)
        Period.objects.create(reader=reader, kind="subscription", starts_at=BERLIN_SIX + 2 * HOUR)
    assert unplanned() == {"First", "There"}


def test_before_the_first_morning_everybody_counts(db: None) -> None:
    joined("New", AUCKLAND_SIX - dt.timedelta(minutes=1), "Pacific/Auckland")
    assert unplanned(AUCKLAND_SIX - dt.timedelta(seconds=1)) == {"New"}


def test_numbers_list_and_page_agree(ben: Reader, client: Client) -> None:
    edition = printed()
    plan(edition, NIGHT)
    deliver(RememberingPost(), BERLIN_SIX)
    joined("After", BERLIN_SIX + HOUR)
    make_reader("Stopped", "UTC", mail_stopped_at=NIGHT)
    assert status_of(edition, NOW).states["unplanned"] == 1
    assert [line.email for line in ReaderLines(edition, NOW, "unplanned")] == ["stopped@example.org"]
    everybody = {line.email: line.reason for line in ReaderLines(edition, NOW)}
    assert everybody["after@example.org"] == "Became a reader after this edition’s morning."
    assert len(ReaderLines(edition, NOW)) == len(everybody) == 3
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    assert 'data-label="Unplanned">1<' in client.get("/desk/deliveries/").content.decode()
    assert "unplanned 1<" in client.get("/desk/deliveries/2022-05-06/").content.decode()
    assert "unplanned 1<" in client.get("/desk/deliveries/2022-05-06/?state=unplanned").content.decode()


def test_readers_of_this_year_are_not_unplanned_in_an_edition_of_years_ago(ben: Reader) -> None:
    edition = printed(dt.date(2019, 3, 1))
    assert not readers_unplanned(edition, NOW).exists()


def test_very_many_zones_and_hours_are_asked_at_once(db: None) -> None:
    zones = sorted(available_timezones())[:400]
    began = NIGHT - 30 * DAY
    readers = Reader.objects.bulk_create(
        Reader(
            email=f"{index}@example.org",
            time_zone=zones[index % 400],
            delivery_time=dt.time(5 + index // 400, 0),
            created_at=began,
            confirmed_at=began if index % 2 else NOW,
        )
        for index in range(2000)
    )
    Period.objects.bulk_create(Period(reader=reader, kind="trial", starts_at=began) for reader in readers)
    late = dt.datetime(2022, 5, 8, tzinfo=dt.UTC)
    assert readers_unplanned(printed(), late).count() > 1000
