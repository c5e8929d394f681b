"""The T-minus board: what each line says from the first open hour to the last morning."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from daybreak.accounts.models import User
from daybreak.circulation.models import Reader
from daybreak.delivery.mending.holding import pause, stop
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan
from daybreak.delivery.watch import watchviews
from daybreak.delivery.watch.board import board_of, boards, first_wave, house_lines
from daybreak.desk.calendar import add_holiday
from daybreak.desk.models import Correction, Edition
from daybreak.press.failing import note_failure
from daybreak.wire.models import Source
from tests.conftest import make_reader
from tests.delivery.ledger import (
    AUCKLAND_SIX,
    BERLIN_SIX,
    FRIDAY,
    NIGHT,
    RememberingPost,
    deliver,
    many_readers,
    printed,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def lines(at: dt.datetime, date: dt.date = FRIDAY) -> dict[str, str]:
    """State by kind of line."""
    return {line.kind: line.state for line in board_of(date, at).lines}


def open_edition(date: dt.date = FRIDAY) -> Edition:
    return Edition.objects.create(date=date, created_at=NIGHT)


@pytest.fixture(autouse=True)
def yesterday(db: None) -> Edition:
    """A paper that appears: Thursday's was printed."""
    return printed(FRIDAY - dt.timedelta(days=1), NIGHT - dt.timedelta(days=1))


def test_a_paper_that_does_not_appear_is_not_waited_for(ada: Reader, yesterday: Edition) -> None:
    yesterday.press_runs.all().delete()
    assert lines(AUCKLAND_SIX)["approval"] == "wait"
    open_edition()
    assert lines(AUCKLAND_SIX)["approval"] == "late"


def test_the_first_wave_is_that_of_the_readers_who_get_the_mail(ada: Reader, ben: Reader) -> None:
    first = first_wave(FRIDAY, NIGHT)
    assert first is not None
    assert (first.at, first.there) == (AUCKLAND_SIX, "06:00 in Auckland")
    Reader.objects.filter(pk=ada.pk).update(mail_stopped_at=NIGHT)
    berlin = first_wave(FRIDAY, NIGHT)
    assert berlin is not None and berlin.at == BERLIN_SIX


def test_nobody_to_send_to_is_nothing_to_be_late_for() -> None:
    open_edition()
    board = board_of(FRIDAY, AUCKLAND_SIX + 60 * MINUTE)
    assert board.first is None
    assert board.late == []


@pytest.mark.parametrize("started", [True, False])
def test_what_is_not_approved_by_the_cut_off_is_late(ada: Reader, started: bool) -> None:
    if started:
        open_edition()
    before, after = AUCKLAND_SIX - 31 * MINUTE, AUCKLAND_SIX - 29 * MINUTE
    assert lines(before)["approval"] == "wait"
    assert lines(after)["approval"] == "late"
    (line,) = board_of(FRIDAY, after).late
    assert "06:00 in Auckland" in line.sentence


def test_approved_and_not_pressed_is_late_after_ten_minutes(ada: Reader) -> None:
    edition = open_edition()
    Edition.objects.filter(pk=edition.pk).update(state="approved", approved_at=NIGHT, approved_by="Ines")
    assert lines(NIGHT + 9 * MINUTE)["press"] == "wait"
    assert lines(NIGHT + 11 * MINUTE)["press"] == "late"


def test_a_press_that_fails_is_late_at_once_and_says_why(ada: Reader) -> None:
    edition = open_edition()
    Edition.objects.filter(pk=edition.pk).update(state="approved", approved_at=NIGHT, approved_by="Ines")
    edition.refresh_from_db()
    note_failure(edition, OSError("no space left"), NIGHT + MINUTE)
    (line,) = board_of(FRIDAY, NIGHT + 2 * MINUTE).late
    assert line.kind == "press" and "no space left" in line.sentence


def test_a_printed_edition_is_to_be_planned_and_then_sent(ada: Reader, ben: Reader) -> None:
    edition = printed()
    assert lines(NIGHT + 5 * MINUTE)["planning"] == "wait"
    assert lines(NIGHT + 11 * MINUTE)["planning"] == "late"
    plan(edition, NIGHT)
    board = board_of(FRIDAY, NIGHT + 11 * MINUTE)
    assert board.late == []
    assert board.t_minus == "T−1 h 49 min"


def test_due_mails_that_do_not_leave_are_late_until_one_does(ada: Reader, ben: Reader) -> None:
    plan(printed(), NIGHT)
    assert lines(AUCKLAND_SIX + 5 * MINUTE)["sending"] == "wait"
    assert lines(AUCKLAND_SIX + 15 * MINUTE)["sending"] == "late"
    deliver(RememberingPost(), AUCKLAND_SIX + 16 * MINUTE)
    assert lines(AUCKLAND_SIX + 17 * MINUTE)["sending"] == "wait"
    deliver(RememberingPost(), BERLIN_SIX)
    assert lines(BERLIN_SIX + MINUTE)["sending"] == "well"


def test_refusals_are_late_when_they_rise_above_the_usual() -> None:
    many_readers(100)
    edition = printed()
    plan(edition, NIGHT)
    rows = list(Delivery.objects.values_list("pk", flat=True))
    run = edition.press_runs.get()
    Delivery.objects.filter(pk__in=rows).update(state="handed_over", handed_over_at=BERLIN_SIX, run=run)
    assert "refusals" not in lines(BERLIN_SIX + MINUTE)
    Delivery.objects.filter(pk__in=rows[:8]).update(state="refused", handed_over_at=None, run=None)
    assert lines(BERLIN_SIX + MINUTE)["refusals"] == "late"


def test_an_edition_that_is_going_out_stays_beside_the_next(ada: Reader, ben: Reader) -> None:
    plan(printed(), NIGHT)
    assert [board.date for board in boards(NIGHT)] == [FRIDAY]
    monday = FRIDAY + dt.timedelta(days=3)
    assert [board.date for board in boards(BERLIN_SIX)] == [FRIDAY, monday]


def test_all_boards_ask_the_readers_once_for_their_hours(ada: Reader, ben: Reader) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert [board.date for board in boards(NIGHT)] == [FRIDAY]
    plan(printed(), NIGHT)
    with CaptureQueriesContext(connection) as more:
        assert len(boards(BERLIN_SIX)) == 2
    assert _asked_readers(queries) == 1
    assert _asked_readers(more) <= 2  # whether planning is done asks whom it still owes


def _asked_readers(queries: CaptureQueriesContext) -> int:
    return sum('DISTINCT "circulation_reader"."time_zone"' in query["sql"] for query in queries)


def test_refusals_above_what_is_always_usual_are_measured_by_the_last_editions(yesterday: Edition) -> None:
    many_readers(100)
    today = printed()
    for edition, refused in ((yesterday, 4), (today, 8)):
        plan(edition, NIGHT - dt.timedelta(days=1))
        rows = list(Delivery.objects.filter(edition=edition).values_list("pk", flat=True))
        run = edition.press_runs.get()
        Delivery.objects.filter(pk__in=rows[refused:]).update(
            state="handed_over", handed_over_at=BERLIN_SIX, run=run
        )
        Delivery.objects.filter(pk__in=rows[:refused]).update(state="refused")
    assert lines(BERLIN_SIX + MINUTE)["refusals"] == "well"
    Delivery.objects.filter(edition=yesterday, state="refused").update(state="withdrawn")
    assert lines(BERLIN_SIX + MINUTE)["refusals"] == "late"


def test_an_edition_dated_on_a_holiday_is_watched_too(ada: Reader, ben: Reader) -> None:
    add_holiday(FRIDAY, "May Day", by="Ines", at=NIGHT)
    monday = FRIDAY + dt.timedelta(days=3)
    assert [board.date for board in boards(NIGHT)] == [monday]
    printed()
    assert [board.date for board in boards(NIGHT)] == [FRIDAY, monday]


def test_what_is_planned_counts_the_edition_and_not_its_corrections(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    sentence = {line.kind: line.sentence for line in board_of(FRIDAY, NIGHT).lines}["planning"]
    told = Correction.objects.create(edition=edition, note="It was gas.", by="Ines", at=NIGHT, by_mail=True)
    Delivery.objects.create(edition=edition, reader=ben, correction=told, due_at=NIGHT, not_after=BERLIN_SIX)
    assert {line.kind: line.sentence for line in board_of(FRIDAY, NIGHT).lines}["planning"] == sentence


def test_a_silent_wire_is_late_after_six_hours() -> None:
    assert house_lines(NIGHT)[0].state == "wait"
    Source.objects.create(name="Wire", feed_url="https://wire.example/feed", last_good_at=NIGHT)
    assert house_lines(NIGHT + dt.timedelta(hours=5))[0].state == "well"
    assert house_lines(NIGHT + dt.timedelta(hours=7))[0].state == "late"


def test_the_board_is_for_staff(client: Client) -> None:
    assert client.get("/desk/board/").status_code == 302
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    make_reader("Cleo", "Asia/Tokyo")
    page = client.get("/desk/board/").content.decode()
    assert "06:00 in Tokyo" in page and "<html" in page
    part = client.get("/desk/board/", headers={"HX-Request": "true"}).content.decode()
    assert "06:00 in Tokyo" in part and "<html" not in part
    acted = client.get("/desk/board/", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "<html" in acted.content.decode(), "its main part replaces the page's"


def test_an_edition_nobody_began_is_begun_from_the_board_and_one_that_is_there_is_opened(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchviews, "now", lambda: NIGHT)
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    page = client.get("/desk/board/").content.decode()
    assert "Friday, May 6, 2022" in page and "/desk/editions/2022-05-06/" not in page
    assert 'name="date" value="2022-05-06"' in page
    open_edition()
    page = client.get("/desk/board/").content.decode()
    assert 'href="/desk/editions/2022-05-06/"' in page and 'href="/desk/deliveries/2022-05-06/"' in page


def test_a_pause_that_keeps_readers_from_their_morning_must_be_seen(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    pause(edition, by="Ines", at=NIGHT, reason="A name is wrong.")
    assert lines(NIGHT)["sending"] == "wait"
    (line,) = (each for each in board_of(FRIDAY, BERLIN_SIX + 30 * MINUTE).lines if each.kind == "sending")
    assert line.state == "late"
    assert line.sentence.startswith("Ines paused it at 16:00 UTC: A name is wrong; 1 wait.")


def test_a_stopped_edition_wants_nothing_more(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    stop(edition, by="Ines", at=NIGHT, reason="A hoax.")
    make_reader("New", "Europe/Berlin")
    after = lines(BERLIN_SIX + 30 * MINUTE)
    assert (after["planning"], after["sending"]) == ("well", "wait")
