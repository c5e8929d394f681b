"""Who has it, who has not, and why: in numbers, in one sentence, and reader by reader."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import connection
from django.db.models import Count

from daybreak.circulation.models import Period, Reader
from daybreak.common.post import TryLater
from daybreak.common.refusal import Refused
from daybreak.common.zones import zone_of
from daybreak.delivery import tasks
from daybreak.delivery.commands import deliver as deliver_command
from daybreak.delivery.mending.holding import pause, stop
from daybreak.delivery.models import Delivery
from daybreak.delivery.mornings import the_rules
from daybreak.delivery.planning import plan
from daybreak.delivery.progress import progress_of, rows_of, waves
from daybreak.delivery.status import ReaderLines, status_of, summary
from tests.common.test_post import _at, _free_port
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
    states,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def test_the_numbers_of_an_edition(ada: Reader, ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    make_reader("Stopped", "UTC", mail_stopped_at=NIGHT)
    deliver(RememberingPost(), AUCKLAND_SIX)
    assert status_of(edition, AUCKLAND_SIX).to_json() == {
        "edition": FRIDAY,
        "run": 1,
        "planned": 2,
        "states": {
            "due": 1,
            "claimed": 0,
            "handed_over": 1,
            "in_doubt": 0,
            "refused": 0,
            "missed": 0,
            "withdrawn": 0,
            "unplanned": 1,
        },
        "next_due_at": BERLIN_SIX,
        "outcomes": {
            "delivered": 0,
            "hard_bounce": 0,
            "soft_bounce": 0,
            "complaint": 0,
            "unsubscribed": 0,
        },
    }


def test_one_sentence_for_the_desk(ada: Reader, ben: Reader) -> None:
    edition = printed()
    assert summary(edition, NIGHT) == "Printed; no mail is planned."
    plan(edition, NIGHT)
    deliver(RememberingPost(), AUCKLAND_SIX)
    at = BERLIN_SIX - dt.timedelta(hours=2, minutes=10)
    assert summary(edition, at) == "1 handed over, 1 due (next: 06:00 in Berlin, in 2 h 10 min), 0 in doubt"
    assert "in 1 min)" in summary(edition, BERLIN_SIX - dt.timedelta(seconds=30))
    assert "(next: 06:00 in Berlin, now)" in summary(edition, BERLIN_SIX + HOUR)
    deliver(RememberingPost(), BERLIN_SIX + 6 * HOUR)
    assert summary(edition, BERLIN_SIX + 6 * HOUR) == "1 handed over, 0 due, 0 in doubt, 1 missed"


def test_waves_are_the_mornings_in_their_order(ada: Reader, ben: Reader) -> None:
    make_reader("Bea", "Europe/Berlin")
    make_reader("Cai", "Africa/Cairo", delivery_time=dt.time(6))
    make_reader("Late", "Europe/Berlin", delivery_time=dt.time(8))
    edition = printed()
    plan(edition, NIGHT)
    deliver(RememberingPost(), BERLIN_SIX)
    lines = waves(edition, progress_of(edition, BERLIN_SIX))
    assert [(w.places, w.planned, w.handed_over, w.waiting, w.elsewhere) for w in lines] == [
        (("06:00 in Auckland",), 1, 0, 0, 1),
        (("06:00 in Berlin", "06:00 in Cairo"), 3, 3, 0, 0),
        (("08:00 in Berlin",), 1, 0, 1, 0),
    ]


def test_what_is_tried_again_is_one_wave_of_its_own(ben: Reader) -> None:
    many_readers(3)
    edition = printed()
    plan(edition, NIGHT)

    def busy(recipient: str, number: int) -> None:
        if number < 2:
            raise TryLater("451 greylisted")

    deliver(RememberingPost(busy), BERLIN_SIX + dt.timedelta(microseconds=7))
    lines = waves(edition, progress_of(edition, BERLIN_SIX))
    assert [(w.places, w.planned, w.waiting) for w in lines] == [(("06:00 in Berlin",), 2, 0), ((), 2, 2)]
    again = lines[-1].due_at.astimezone(zone_of("Europe/Berlin"))
    assert lines[-1].there == f"{again:%H:%M} in Berlin", "the reader's hour, beside the desk's"


def test_what_is_tried_again_says_when_though_later_mornings_follow(ben: Reader) -> None:
    make_reader("Late", "America/Los_Angeles")
    edition = printed()
    plan(edition, NIGHT)

    def busy(recipient: str, number: int) -> None:
        raise TryLater("451 greylisted")

    at = BERLIN_SIX + dt.timedelta(microseconds=7)
    deliver(RememberingPost(busy), at)
    again = waves(edition, progress_of(edition, at))[-1]
    assert (again.places, again.waiting) == ((), 1)
    assert BERLIN_SIX < again.due_at < BERLIN_SIX + HOUR / 2


def test_the_rate_is_that_of_the_last_minutes_and_says_how_long_it_takes() -> None:
    many_readers(100)
    edition = printed()
    plan(edition, NIGHT)
    assert progress_of(edition, BERLIN_SIX - HOUR).moving is False
    run = edition.press_runs.get()
    some = Delivery.objects.order_by("reader_id").values_list("pk", flat=True)
    for number, pk in enumerate(list(some)[:60]):
        at = BERLIN_SIX + number * dt.timedelta(seconds=1)
        Delivery.objects.filter(pk=pk).update(state="handed_over", handed_over_at=at, run=run)
    progress = progress_of(edition, BERLIN_SIX + dt.timedelta(seconds=60))
    assert (progress.planned, progress.waiting, progress.rate, progress.seconds_left) == (100, 40, 1.0, 40.0)
    stuck = progress_of(edition, BERLIN_SIX + HOUR)
    assert (stuck.waiting, stuck.rate, stuck.seconds_left, stuck.moving) == (40, 0.0, None, True)


def test_the_quiet_between_two_waves_does_not_slow_the_second() -> None:
    many_readers(100)
    edition = printed()
    plan(edition, NIGHT)
    keys = list(Delivery.objects.order_by("reader_id").values_list("pk", flat=True))
    for some, at in ((keys[:10], BERLIN_SIX), (keys[10:60], BERLIN_SIX + dt.timedelta(minutes=4))):
        Delivery.objects.filter(pk__in=some).update(
            state="handed_over", handed_over_at=at, run=edition.press_runs.get()
        )
    assert progress_of(edition, BERLIN_SIX + dt.timedelta(minutes=4, seconds=10)).rate == 5.0


def test_counting_reads_an_index_and_no_rows(django_assert_num_queries: Any) -> None:
    many_readers(30)
    edition = printed()
    plan(edition, NIGHT)
    numbers = rows_of(edition, the_rules()).order_by().values("due_at", "state").annotate(number=Count("*"))
    if connection.vendor == "sqlite":
        assert "USING COVERING INDEX delivery_due" in numbers.explain()
    with django_assert_num_queries(3):  # the calendar, the rows, the rate
        progress_of(edition, BERLIN_SIX)


def test_whose_zone_skipped_the_day_is_counted_too(ben: Reader) -> None:
    samoa = make_reader("Tala", "Pacific/Apia")
    Period.objects.update(starts_at=dt.datetime(2011, 12, 1, tzinfo=dt.UTC))
    Reader.objects.update(confirmed_at=dt.datetime(2011, 12, 1, tzinfo=dt.UTC))
    edition = printed(dt.date(2011, 12, 30))
    plan(edition, dt.datetime(2011, 12, 29, tzinfo=dt.UTC))
    monday = Delivery.objects.get(reader=samoa).due_at
    assert monday == dt.datetime(2012, 1, 1, 16, tzinfo=dt.UTC)
    deliver(RememberingPost(), dt.datetime(2011, 12, 30, 5, tzinfo=dt.UTC))
    status = status_of(edition, monday)
    assert (status.planned, status.next_due_at) == (2, monday)
    assert [line.email for line in ReaderLines(edition, monday, "due")] == [samoa.email]


def test_every_entitled_reader_has_a_line_and_a_reason(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    deliver(RememberingPost(), BERLIN_SIX)
    make_reader("Stopped", "UTC", mail_stopped_at=NIGHT)
    make_reader("New", "Pacific/Honolulu")
    late = make_reader("Late", "Europe/Berlin")
    late.periods.update(starts_at=BERLIN_SIX + HOUR)
    lines = ReaderLines(edition, BERLIN_SIX + 2 * HOUR)
    assert [(line.email, line.state, line.reason) for line in lines] == [
        ("ben@example.org", "handed_over", ""),
        ("stopped@example.org", "unplanned", "The reader stopped the mail."),
        ("new@example.org", "unplanned", "Planned at the next run."),
        ("late@example.org", "unplanned", "Became a reader after this edition’s morning."),
    ]
    assert list(lines[:2]) + list(lines[2:9]) == list(lines)
    assert lines[1] == list(lines)[1]


# -- the command line and the task -----------------------------------------------------------------------
def test_deliver_run_plans_and_sends_at_an_instant(ada: Reader, ben: Reader) -> None:
    printed()
    result = CliRunner().invoke(deliver_command, ["run", "--at", "2022-05-06T04:00:00Z", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output) == {
        "made": 2,
        "moved": 0,
        "dropped": 0,
        "corrections": 0,
        "handed_over": 1,
        "put_off": 0,
        "refused": 0,
        "in_doubt": 0,
        "missed": 1,  # Auckland's hour had passed when the first planning came
        "withdrawn": 0,
        "recovered": 0,
        "trouble": "",
        "waiting": 0,
        "next_try_at": None,
        "held": [],
    }
    (mail,) = (settings.CONFIG.data / "outbox").glob("*.eml")
    assert b"X-Envelope-To: ben@example.org" in mail.read_bytes()
    mail.unlink()


def test_deliver_status_lists_every_reader(ada: Reader, ben: Reader) -> None:
    plan(printed(), NIGHT)
    at = ["--at", "2022-05-05T17:00:00Z"]
    result = CliRunner().invoke(deliver_command, ["status", "2022-05-06", "--json", *at])
    status = json.loads(result.output)
    assert status["edition"] == "2022-05-06"
    assert status["next_due_at"] == "2022-05-05T18:00:00+00:00"
    assert [(line["email"], line["state"], line["due_at"]) for line in status["readers"]] == [
        ("ada@example.org", "due", "2022-05-05T18:00:00+00:00"),
        ("ben@example.org", "due", "2022-05-06T04:00:00+00:00"),
    ]
    short = CliRunner().invoke(deliver_command, ["status", "2022-05-06", "--json", "--limit", "1", *at])
    assert len(json.loads(short.output)["readers"]) == 1
    words = CliRunner().invoke(deliver_command, ["status", "2022-05-06", *at])
    assert words.output.startswith(
        "0 handed over, 2 due (next: 06:00 in Auckland, in 1 h 0 min), 0 in doubt\n"
    )


def test_a_status_of_no_edition_is_refused_with_a_sentence() -> None:
    result = CliRunner().invoke(deliver_command, ["status", "2022-05-07"])
    assert isinstance(result.exception, Refused)
    assert "no edition of 2022-05-07" in str(result.exception)


def test_a_server_that_is_away_ends_the_run_with_a_sentence(ben: Reader, settings: Any) -> None:
    printed()
    settings.CONFIG = replace(settings.CONFIG, relays=(_at(_free_port()),))
    result = CliRunner().invoke(deliver_command, ["run", "--at", "2022-05-06T04:00:00Z"])
    assert isinstance(result.exception, Refused)
    assert "What was not handed over stays due." in str(result.exception)
    assert states() == {"due": 1}


def test_the_task_does_both_and_says_what_it_did() -> None:
    many_readers(2)
    printed()  # of 2022: long over, so nothing is planned and nothing sent
    counts = tasks.send_mornings.call()
    assert (counts["made"], counts["handed_over"], counts["trouble"]) == (0, 0, "")


def test_the_task_says_in_the_log_why_a_morning_waits(
    ben: Reader, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    printed()
    port = _free_port()
    settings.CONFIG = replace(settings.CONFIG, relays=(_at(port),))
    monkeypatch.setattr(tasks, "now", lambda: BERLIN_SIX)
    tasks.send_mornings.call()
    assert f"127.0.0.1:{port} cannot be used" in caplog.text
    assert states() == {"due": 1}


def test_the_send_is_held_from_the_command_line(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)

    def hold(*words: str) -> str:
        result = CliRunner().invoke(deliver_command, [*words[:1], "2022-05-06", *words[1:], "--by", "Ines"])
        return result.output if result.exit_code == 0 else str(result.exception)

    assert "is paused" in hold("pause", "--reason", "A name is wrong.")
    assert "goes on" in hold("resume")
    assert "is not paused" in hold("resume")
    assert "withdrawn from 1 who" in hold("stop", "--reason", "A hoax.")
    assert states() == {"withdrawn": 1}


def test_the_status_for_programs_tells_of_the_hold_and_the_pace(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    pause(edition, by="Ines", at=NIGHT, reason="A name is wrong.")
    result = CliRunner().invoke(
        deliver_command, ["status", "2022-05-06", "--json", "--at", BERLIN_SIX.isoformat()]
    )
    told = json.loads(result.output)
    assert (told["waiting"], told["mails_a_second"], told["seconds_left"]) == (1, 0.0, None)
    assert told["hold"] == {
        "kind": "pause",
        "by": "Ines",
        "at": NIGHT.isoformat(),
        "reason": "A name is wrong.",
    }


def test_the_status_for_people_tells_of_the_hold_and_what_to_do(ben: Reader) -> None:
    edition = printed()

    def told() -> list[str]:
        command = ["status", "2022-05-06", "--at", NIGHT.isoformat()]
        return CliRunner().invoke(deliver_command, command).output.splitlines()

    pause(edition, by="Ines", at=NIGHT, reason="A name is wrong.")
    assert told()[1] == (
        "Paused by Ines since 2022-05-05 16:00Z (A name is wrong.): "
        "`daybreak deliver resume 2022-05-06 --by NAME` lets it go on."
    )
    stop(edition, by="Ines", at=NIGHT, reason="A hoax.")
    assert told()[1].startswith("Stopped by Ines since 2022-05-05 16:00Z (A hoax.)")
    assert told()[-1].endswith("ben@example.org  Ines stopped this edition: A hoax.")
