"""The bar of every desk page: how many replies wait and how many alarms ring, at the price of two look-ups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from daybreak.accounts.models import User
from daybreak.delivery.models import Alarm, Reply
from daybreak.delivery.returns.replydesk import replies
from daybreak.desk.models import Edition
from tests.delivery.ledger import NIGHT, printed

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PAGES = ["/desk/", "/desk/editions/", "/desk/calendar/", "/desk/deliveries/", "/desk/replies/"]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    return client


def wait(number: int, **fields: object) -> None:
    """Replies, as many as `number` of them."""
    first = Reply.objects.count()
    Reply.objects.bulk_create(
        Reply(digest=str(first + each), address="ben@example.org", came_at=NIGHT, **fields)
        for each in range(number)
    )


def ring(subject: str, **fields: object) -> Alarm:
    return Alarm.objects.create(kind="wire", subject=subject, sentence="Late.", raised_at=NIGHT, **fields)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_how_many_replies_wait_and_alarms_ring(staff: Client, page: str) -> None:
    wait(3)
    wait(2, done_at=NIGHT, done_by="Ines")
    wait(2, kind="out_of_office")
    ring("a")
    ring("b", seen_at=NIGHT, seen_by="Ines")
    ring("c", cleared_at=NIGHT)
    shown = staff.get(page).content.decode()
    assert '<span aria-hidden="true">3</span><span class="unseen">, 3 replies wait</span></span></a>' in shown
    assert (
        '<span aria-hidden="true">2</span><span class="unseen">, 2 alarms are open</span></span></a>' in shown
    )


def test_one_is_told_as_one_and_none_not_at_all(staff: Client) -> None:
    quiet = staff.get("/desk/editions/").content.decode()
    assert '<span id="replies-wait" class="counted"></span>' in quiet
    assert '<span id="alarms-ring" class="counted"></span>' in quiet
    wait(1)
    ring("a")
    shown = staff.get("/desk/editions/").content.decode()
    assert ", 1 reply waits<" in shown
    assert ", 1 alarm is open<" in shown


def test_who_is_not_signed_in_is_told_nothing(client: Client, settings: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, open_outbox=True)
    wait(1)
    ring("a")
    page = client.get("/desk/outbox/").content.decode()
    assert 'id="replies-wait"' in page
    assert "reply waits" not in page
    assert "alarm is open" not in page


@pytest.mark.parametrize("page", ["/desk/editions/", "/desk/deliveries/"])
def test_a_page_asks_once_for_each_number(staff: Client, page: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        staff.get(page)
    counts = [each["sql"] for each in asked if "COUNT" in each["sql"]]
    assert len([sql for sql in counts if "delivery_reply" in sql]) == 1
    assert len([sql for sql in counts if "delivery_alarm" in sql]) == 1


def test_the_readers_pages_ask_for_neither(pressed: object, staff: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        staff.get("/")
        staff.get("/search/")
    assert not [each for each in asked if "delivery_reply" in each["sql"] or "delivery_alarm" in each["sql"]]


@pytest.mark.parametrize(
    ("rows", "index"),
    [(replies("waiting"), "reply_waits"), (Alarm.objects.filter(cleared_at=None), "alarm_open_once")],
)
def test_of_very_many_only_those_that_count_are_read(rows: QuerySet[Any], index: str) -> None:
    wait(2000, done_at=NIGHT, done_by="Ines")
    wait(2)
    Alarm.objects.bulk_create(
        Alarm(kind="wire", subject=str(each), sentence="Late.", raised_at=NIGHT, cleared_at=NIGHT)
        for each in range(2000)
    )
    ring("a")
    if connection.vendor == "postgresql":  # else it takes the tables for small
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE delivery_reply")
            cursor.execute("ANALYZE delivery_alarm")
    with CaptureQueriesContext(connection) as asked:
        rows.count()
    with connection.cursor() as cursor:
        cursor.execute(
            ("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + asked[0]["sql"]
        )
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert index in plan


def test_a_page_that_looks_on_is_told_of_another_number_of_alarms_and_of_nothing_else(staff: Client) -> None:
    edition: Edition = printed()
    parts = [
        "/desk/board/",
        f"/desk/deliveries/{edition.date}/progress/",
        f"/desk/deliveries/{edition.date}/summary/",
    ]
    ring("a")
    for part in parts:
        told = staff.get(part, {"alarms": "0"}, headers=HTMX).content.decode()
        assert '<p id="alarm-news" hx-swap-oob="innerHTML">1 alarm is open: see the board.</p>' in told
        assert 'value="1" hx-swap-oob="true"' in told
        assert "alarm-news" not in staff.get(part, {"alarms": "1"}, headers=HTMX).content.decode()
        assert "alarm-news" not in staff.get(part, headers=HTMX).content.decode()
    Alarm.objects.update(cleared_at=NIGHT)
    told = staff.get(parts[0], {"alarms": "1"}, headers=HTMX).content.decode()
    assert "No alarm is open any more." in told


def test_the_board_as_a_whole_page_says_it_in_its_bar_alone(staff: Client) -> None:
    ring("a")
    page = staff.get("/desk/board/", {"alarms": "0"}).content.decode()
    assert (
        page.count('id="alarms-ring"')
        == page.count('id="alarm-news"')
        == page.count('id="alarms-known"')
        == 1
    )
