"""Mails in doubt are settled from the command line as on the desk: by name, all or one reader's, the price said first."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from daybreak.common.models import JournalEntry
from daybreak.common.post import InDoubt
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.commands import deliver as command
from daybreak.delivery.mending.holding import stop
from daybreak.delivery.planning import plan
from daybreak.desk.models import Edition
from tests.delivery.ledger import BERLIN_SIX, NIGHT, RememberingPost, deliver, many_readers, printed, states

pytestmark = pytest.mark.django_db
EARLY, LATE = "2022-05-06T05:00:00Z", "2022-05-06T12:00:00Z"


@pytest.fixture
def doubtful() -> Edition:
    """Three readers whose mails are in doubt."""
    many_readers(3)
    edition = printed()
    plan(edition, NIGHT)

    def doubt(recipient: str, tried: int) -> None:
        raise InDoubt("The mail server gave no answer.")

    deliver(RememberingPost(doubt), BERLIN_SIX)
    assert states() == {"in_doubt": 3}
    return edition


def settle(*options: str, at: str = EARLY) -> Result:
    return CliRunner().invoke(command, ["settle", "2022-05-06", *options, "--at", at])


def test_without_a_choice_the_doubts_and_the_price_of_each_are_listed(doubtful: Edition) -> None:
    said = settle()
    assert said.exit_code == 0
    assert "2022-05-06 04:00Z  reader001@example.org  The mail server gave no answer." in said.output
    assert "--arrived --by NAME`: up to 3 may then have none" in said.output
    assert "--again --by NAME`: up to 3 may get two" in said.output
    assert "for 3 the hour is past, so they are missed" in settle(at=LATE).output
    found = json.loads(settle("--json", "--reader", "reader002@example.org").output)
    assert [each["email"] for each in found] == ["reader002@example.org"]
    assert states() == {"in_doubt": 3}


def test_all_arrived(doubtful: Edition) -> None:
    assert settle("--arrived", "--by", "Ines").output == "Settled: now 3 handed over.\n"
    assert states() == {"handed_over": 3}
    entry = JournalEntry.objects.get(act="doubt settled")
    assert (entry.by, entry.subject) == ("Ines", "edition 2022-05-06")
    assert isinstance(settle("--arrived", "--by", "Ines").exception, Refused)
    assert settle().output == "No mail of 2022-05-06 is in doubt.\n"


def test_all_are_sent_again_or_missed_when_the_hour_is_past(doubtful: Edition) -> None:
    assert json.loads(settle("--again", "--by", "Ines", "--json", at=LATE).output) == {"due": 0, "missed": 3}
    assert states() == {"missed": 3}


def test_one_readers_is_sent_again(doubtful: Edition) -> None:
    assert (
        settle("--again", "--reader", "Reader001@example.org", "--by", "Ines").output
        == "Settled: now 1 due.\n"
    )
    assert states() == {"due": 1, "in_doubt": 2}
    assert isinstance(
        settle("--again", "--reader", "reader001@example.org", "--by", "Ines").exception, Refused
    )


def test_it_is_settled_by_name_and_not_again_once_stopped(doubtful: Edition) -> None:
    assert isinstance(settle("--arrived").exception, Misused)
    stop(doubtful, by="Ben", at=BERLIN_SIX, reason="A hoax.")
    assert "nothing, for Ben stopped this edition" in settle().output
    assert "Ben stopped this edition" in str(settle("--again", "--by", "Ines").exception)
    assert states() == {"in_doubt": 3}
