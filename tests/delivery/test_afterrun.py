"""What `deliver run` says besides its counts: when mails that were put off are due again, and what is held by whom."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from daybreak.circulation.models import Reader
from daybreak.common.refusal import Refused
from daybreak.delivery.commands import deliver as command
from daybreak.delivery.mending.holding import pause, stop
from daybreak.delivery.planning import plan
from tests.common.test_post import _free_port
from tests.delivery.handover.relay import Relay, at_work
from tests.delivery.ledger import BERLIN_SIX, FRIDAY, NIGHT, many_readers, printed, states

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def run(*options: str, at: dt.datetime = BERLIN_SIX) -> Result:
    return CliRunner().invoke(command, ["run", "--at", at.isoformat(), *options])


def putting_off(settings: Any, readers: int, domains: int) -> Relay:
    """Readers at as many domains, all of whom a server puts off."""
    many_readers(readers)
    for place, reader in enumerate(Reader.objects.all()):
        reader.email = f"reader{place:03}@d{place % domains}.example"
        reader.save()
    plan(printed(), NIGHT)
    return Relay(lambda relay, what: "250 fine" if what == "." else "450 4.2.0 Greylisted")


@pytest.mark.parametrize("readers", [1, 3])
def test_mails_that_wait_for_their_turn_are_no_error(settings: Any, readers: int) -> None:
    with at_work(putting_off(settings, readers, readers)) as config:
        settings.CONFIG = config
        first = run()
        again = run(at=BERLIN_SIX + dt.timedelta(minutes=1))
        found = json.loads(run("--json", at=BERLIN_SIX + dt.timedelta(minutes=1)).output)
    waits = "1 mail waits" if readers == 1 else "3 mails wait"
    told = f"{waits} for another try, due at 2022-05-06 04:02:00Z or later. The mail server put it off: 450 4.2.0 Greylisted\n"
    assert (first.exit_code, again.exit_code) == (0, 0), first.exception
    assert first.output.endswith(told)
    assert again.output.endswith(told)
    assert (found["waiting"], found["next_try_at"]) == (readers, "2022-05-06T04:02:00+00:00")
    assert states() == {"due": readers}


def test_a_server_that_puts_off_readers_everywhere_is_one(settings: Any) -> None:
    with at_work(putting_off(settings, 12, 12)) as config:
        settings.CONFIG = config
        result = run()
    assert isinstance(result.exception, Refused)
    assert "put off every mail" in str(result.exception)


def test_a_server_that_is_away_is_one(settings: Any) -> None:
    with at_work(putting_off(settings, 1, 1)) as config:
        (relay,) = config.relays
    settings.CONFIG = replace(config, relays=(replace(relay, port=_free_port()),))
    assert isinstance(run().exception, Refused)


def test_a_held_edition_is_named_with_who_holds_it_and_the_way_on(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    pause(edition, by="Ines", at=NIGHT, reason="A name is wrong.")
    said = run()
    assert said.exit_code == 0
    assert said.output.endswith(
        "The edition of 2022-05-06 is held, 1 mail waits. Paused by Ines since 2022-05-05 16:00Z (A name is wrong.): "
        "`daybreak deliver resume 2022-05-06 --by NAME` lets it go on.\n"
    )
    (held,) = json.loads(run("--json").output)["held"]
    assert (held["edition"], held["kind"], held["by"], held["waiting"]) == ("2022-05-06", "pause", "Ines", 1)


def test_a_stopped_edition_is_named_until_its_mornings_are_over(ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    stop(edition, by="Ines", at=NIGHT, reason="A hoax.")
    printed(FRIDAY + 3 * DAY)
    assert "The edition of 2022-05-06 is held. Stopped by Ines since" in run().output
    assert "held" not in run(at=BERLIN_SIX + 3 * DAY).output
