"""After a week away one alarm says how many mornings were missed, and it is over when an edition goes out again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.conf import settings as django_settings

from daybreak.circulation.models import Reader
from daybreak.common.models import note
from daybreak.delivery.mending.holding import pause, stop
from daybreak.delivery.mending.settling import doubt_after_restore
from daybreak.delivery.models import Alarm, Telling
from daybreak.delivery.planning import plan
from daybreak.delivery.watch.alarms import keep_in_step
from daybreak.delivery.watch.board import house_lines
from daybreak.desk.calendar import add_holiday
from tests.delivery.ledger import BERLIN_SIX, FRIDAY, NIGHT, RememberingPost, deliver, printed, states

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
BACK = dt.datetime(2022, 5, 16, 20, tzinfo=dt.UTC)  # a Monday that is over in Berlin


def went_out(day: dt.date) -> None:
    """The edition of `day` is in everybody's inbox."""
    night = NIGHT + (day - FRIDAY)
    plan(printed(day, night), night)
    deliver(RememberingPost(), night + DAY / 2)


def missed(at: dt.datetime = BACK) -> str:
    """What the board says of mornings long past; "" when nothing."""
    return " ".join(line.sentence for line in house_lines(at) if line.kind == "missed mornings")


def test_a_week_away_rings_once_and_says_how_many(ben: Reader) -> None:
    went_out(FRIDAY)
    config = replace(django_settings.CONFIG, alarm_mail="night@paper.example", alarm_webhook="")
    keep_in_step(BACK, config)
    assert keep_in_step(BACK + dt.timedelta(minutes=1), config) == (0, 0)
    alarm = Alarm.objects.get(kind="missed mornings")
    assert alarm.sentence == (
        "6 mornings were missed (Monday, May 9, 2022 to Monday, May 16, 2022): 1 reader got no mail, and no edition "
        "was printed. The newsroom was away then, or was restored from an older backup."
    )
    assert Telling.objects.filter(alarm=alarm).count() == 1


def test_it_is_over_when_an_edition_goes_out_again(ben: Reader) -> None:
    went_out(FRIDAY)
    assert missed()
    went_out(FRIDAY + 11 * DAY)
    assert not missed(BACK + DAY)


def test_what_a_restored_backup_held_as_due_is_counted_as_doubt(ben: Reader) -> None:
    went_out(FRIDAY)
    plan(printed(FRIDAY + 3 * DAY, NIGHT + 2 * DAY), NIGHT + 2 * DAY)
    assert doubt_after_restore(BACK) == 1
    assert "of the editions 1 was printed" in missed()
    assert "1 mail is in doubt: settle that under Deliveries." in missed()


def test_an_ordinary_week_says_nothing(ben: Reader) -> None:
    went_out(FRIDAY)
    for hours in range(0, 65, 3):  # over the weekend, until nine on Monday in Berlin
        assert not missed(NIGHT + DAY + dt.timedelta(hours=hours))


def test_a_single_morning_past_its_last_hour_is_missed_too(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    plan(printed(), NIGHT)
    deliver(RememberingPost(), NIGHT + DAY)
    assert states() == {"handed_over": 1, "missed": 1}
    assert missed(NIGHT + DAY).startswith("1 morning was missed (Friday, May 6, 2022): 1 reader got no mail")


def test_what_somebody_wanted_so_was_not_missed(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    stop(printed(), by="Ines", at=NIGHT, reason="wrong")
    assert not missed(NIGHT + DAY)
    for day in (3, 4, 5, 6, 7, 10):
        add_holiday(FRIDAY + day * DAY, "Spring", by="Ines", at=NIGHT)
    assert not missed()


def test_a_paper_that_nobody_waits_for_misses_nothing(ben: Reader) -> None:
    assert not missed(), "nothing ever went out"
    went_out(FRIDAY)
    assert not missed(BACK + 40 * DAY), "it has not appeared for a month"
    ben.mail_stopped_at = BACK
    ben.save()
    assert not missed()


# -- why it was missed -------------------------------------------------------------------------------------
def test_an_edition_that_nobody_approved_is_not_laid_at_an_absent_newsroom(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    config = replace(django_settings.CONFIG, alarm_mail="", alarm_webhook="")
    keep_in_step(BERLIN_SIX - dt.timedelta(minutes=5), config)
    assert Alarm.objects.get().kind == "approval"
    assert missed(NIGHT + DAY).endswith("no edition was printed. It was not approved in time.")


def test_who_worked_on_it_that_morning_was_there(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    note("brief saved", "edition 2022-05-06", by="Ines", at=BERLIN_SIX)
    assert missed(NIGHT + DAY).endswith("It was not approved in time.")


def test_an_edition_approved_past_its_last_hour_says_so(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    late = BERLIN_SIX + dt.timedelta(hours=8)
    note("edition approved", "edition 2022-05-06", by="Ines", at=late)
    note("brief saved", "edition 2022-05-06", by="Ines", at=BERLIN_SIX)
    plan(printed(at=late), late)
    deliver(RememberingPost(), late)
    assert missed(NIGHT + DAY).endswith("It was not approved in time.")


def test_a_press_that_failed_until_it_was_too_late_is_named(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    Alarm.objects.create(kind="press", subject=f"edition {FRIDAY}", sentence="x", raised_at=BERLIN_SIX)
    edition = printed()
    edition.press_runs.update(pressed_at=BERLIN_SIX + dt.timedelta(hours=8))
    plan(edition, BERLIN_SIX + dt.timedelta(hours=8))
    deliver(RememberingPost(), BERLIN_SIX + dt.timedelta(hours=8))
    assert missed(NIGHT + DAY).endswith("not printed in time: the press failed.")


def test_a_mail_server_that_was_away_is_named(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    plan(printed(), NIGHT)
    Alarm.objects.create(kind="mail server", subject="mail", sentence="x", raised_at=BERLIN_SIX)
    deliver(RememberingPost(), NIGHT + DAY)
    assert missed(NIGHT + DAY).endswith("It was printed in time, but the mail server took nothing.")


def test_a_mail_server_that_was_back_before_the_morning_is_not(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    plan(printed(), NIGHT)
    before = BERLIN_SIX - DAY
    Alarm.objects.create(
        kind="mail server", subject="mail", sentence="x", raised_at=before, cleared_at=before + DAY / 4
    )
    deliver(RememberingPost(), NIGHT + DAY)
    assert missed(NIGHT + DAY).endswith("The newsroom was away then, or was restored from an older backup.")


def test_what_somebody_paused_and_left_is_named(ben: Reader) -> None:
    went_out(FRIDAY - DAY)
    edition = printed()
    plan(edition, NIGHT)
    pause(edition, by="Ines", at=NIGHT, reason="a doubt")
    deliver(RememberingPost(), NIGHT + DAY)
    assert missed(NIGHT + DAY).endswith("It was paused under Deliveries.")


def test_of_several_causes_each_is_counted(ben: Reader) -> None:
    went_out(FRIDAY)
    for days in (3, 4):
        note("brief saved", f"edition {FRIDAY + days * DAY}", by="Ines", at=BERLIN_SIX + days * DAY)
    words = missed()
    assert "2 of them were not approved in time. 4 of them were missed because the newsroom was away" in words
    assert len(words) <= 500, "an alarm holds it"
