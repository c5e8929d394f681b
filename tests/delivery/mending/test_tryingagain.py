"""A way back for refused mails: by name, of one reason or one reader, never late and never to whom no mail goes."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Reader
from daybreak.common.models import JournalEntry
from daybreak.common.post import AddressRefused
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.commands import deliver as command
from daybreak.delivery.mending.holding import stop
from daybreak.delivery.mending.tryingagain import again_for_reader, again_for_reason, prices
from daybreak.delivery.models import Delivery, Outcome
from daybreak.delivery.planning import plan
from daybreak.delivery.returns.suppressing import lift, suppressions
from daybreak.desk.models import Edition
from tests.delivery.ledger import BERLIN_SIX, NIGHT, RememberingPost, deliver, many_readers, printed, states

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DENIED = "554 5.7.1 <{}>: Relay access denied"
DEAD = "550 5.1.1 <{}>: User unknown"


def refused(number: int = 4, dead: int = 0) -> Edition:
    """An edition that everybody was refused, `dead` readers of them as unknown."""
    many_readers(number)
    edition = printed()
    plan(edition, NIGHT)

    def refuse(recipient: str, tried: int) -> None:
        words = DEAD if int(recipient[6:9]) < dead else DENIED
        raise AddressRefused(f"The mail server refused: {words.format(recipient)}")

    deliver(RememberingPost(refuse), BERLIN_SIX)
    return edition


def test_all_of_one_reason_are_sent_again_once_it_is_mended() -> None:
    edition, post = refused(4, dead=1), RememberingPost()
    assert again_for_reason(edition, "relay ACCESS denied", by="Ines", at=BERLIN_SIX + HOUR) == 3
    assert states() == {"due": 3, "refused": 1}
    assert deliver(post, BERLIN_SIX + HOUR).handed_over == 3
    with pytest.raises(Refused, match="Nobody was refused"):
        again_for_reason(edition, "relay access denied", by="Ines", at=BERLIN_SIX + HOUR)
    assert len(set(post.recipients)) == 3
    entry = JournalEntry.objects.get(act="refused tried again")
    assert (entry.by, entry.subject) == ("Ines", "edition 2022-05-06")
    assert entry.detail == {"reason": "relay access denied", "readers": 3}


def test_one_readers_goes_to_the_address_as_it_is_now() -> None:
    edition, post = refused(2), RememberingPost()
    Reader.objects.filter(email="reader001@example.org").update(email="right@example.org")
    assert again_for_reader(edition, "Right@example.org", by="Ines", at=BERLIN_SIX + HOUR) == 1
    deliver(post, BERLIN_SIX + HOUR)
    assert post.recipients == ["right@example.org"]
    with pytest.raises(Refused, match="No mail to right@example.org was refused"):
        again_for_reader(edition, "right@example.org", by="Ines", at=BERLIN_SIX + HOUR)


def test_a_suppressed_reader_gets_nothing_until_it_is_lifted() -> None:
    edition = refused(1, dead=1)
    with pytest.raises(Refused, match="1 is suppressed or stopped the mail"):
        again_for_reader(edition, "reader000@example.org", by="Ines", at=BERLIN_SIX + HOUR)
    lift(suppressions().get(), by="Ines", at=BERLIN_SIX + HOUR)
    assert again_for_reason(edition, "unknown", by="Ines", at=BERLIN_SIX + HOUR) == 1


def test_a_second_refusal_is_told_and_suppresses_again() -> None:
    edition = refused(1, dead=1)
    lift(suppressions().get(), by="Ines", at=BERLIN_SIX + HOUR)
    again_for_reason(edition, "unknown", by="Ines", at=BERLIN_SIX + HOUR)

    def refuse(recipient: str, tried: int) -> None:
        raise AddressRefused(f"The mail server refused: {DEAD.format(recipient)}")

    deliver(RememberingPost(refuse), BERLIN_SIX + HOUR)
    assert (Outcome.objects.count(), suppressions().count()) == (2, 1)


def test_nothing_is_sent_past_its_hour() -> None:
    edition = refused(2)
    last = Delivery.objects.all()[0].not_after
    with pytest.raises(Refused, match="For 2 the hour is past"):
        again_for_reason(edition, "denied", by="Ines", at=last + dt.timedelta(seconds=1))
    assert again_for_reason(edition, "denied", by="Ines", at=last) == 2
    deliver(RememberingPost(), last + dt.timedelta(seconds=1))
    assert states() == {"missed": 2}


def test_a_stopped_edition_and_a_nameless_act_are_refused() -> None:
    edition = refused(2)
    with pytest.raises(Misused, match="by name"):
        again_for_reason(edition, "denied", by=" ", at=BERLIN_SIX)
    stop(edition, by="Ben", at=BERLIN_SIX, reason="A hoax.")
    with pytest.raises(Refused, match="Ben stopped this edition"):
        again_for_reason(edition, "denied", by="Ines", at=BERLIN_SIX)
    assert states() == {"refused": 2}


def test_the_price_is_said_for_each_reason() -> None:
    edition = refused(5, dead=2)
    denied, dead = prices(edition, BERLIN_SIX)
    assert denied.reason == "The mail server refused: 554 5.7.1: Relay access denied"
    assert (denied.refused, denied.able, denied.held_back) == (3, 3, 0)
    assert str(denied) == (
        "3 readers get it again, if it leaves by 2022-05-06 09:00Z; nothing is sent after that."
    )
    assert (dead.refused, dead.able, dead.held_back) == (2, 0, 2)
    assert str(prices(edition, BERLIN_SIX + 9 * HOUR)[0]) == "For 3 the hour is past: they get none by mail."


def test_the_command_lists_and_makes_due_again() -> None:
    refused(3, dead=1)
    at = ("--at", "2022-05-06T05:00:00Z")
    listed = CliRunner().invoke(command, ["again", "2022-05-06", *at])
    assert listed.exit_code == 0
    assert "2 refused: The mail server refused: 554 5.7.1" in listed.output
    assert "1 is suppressed or stopped the mail" in listed.output
    found = json.loads(CliRunner().invoke(command, ["again", "2022-05-06", "--json", *at]).output)
    assert [each["refused"] for each in found] == [2, 1]
    nameless = CliRunner().invoke(command, ["again", "2022-05-06", "--reason", "denied", *at])
    assert isinstance(nameless.exception, Misused)
    done = CliRunner().invoke(command, ["again", "2022-05-06", "--reason", "denied", "--by", "Ines", *at])
    assert (done.exit_code, done.output[:12]) == (0, "2 due again:")
    assert states() == {"due": 2, "refused": 1}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    return client


def test_the_page_offers_it_with_its_price_and_acts_on_post_alone(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(3, dead=1)
    monkeypatch.setattr("daybreak.delivery.views.now", lambda: BERLIN_SIX + HOUR)
    page = staff.get("/desk/deliveries/2022-05-06/?state=refused").content.decode()
    assert "Try 2 again" in page
    assert "2 readers get it again, if it leaves by 2022-05-06 09:00Z" in page
    url = "/desk/deliveries/2022-05-06/again/"
    assert staff.get(url).status_code == 405
    staff.post(url, {"reason": "The mail server refused: 554 5.7.1: Relay access denied"})
    assert states() == {"due": 2, "refused": 1}
    said = staff.post(url, {"reader": "reader000@example.org"}, follow=True).content.decode()
    assert "1 is suppressed or stopped the mail" in said
    assert JournalEntry.objects.get(act="refused tried again").by == "Ines"


def test_a_stranger_cannot_have_mails_tried_again(client: Client) -> None:
    refused(1)
    assert client.post("/desk/deliveries/2022-05-06/again/", {"reason": "denied"}).status_code == 302
    assert states() == {"refused": 1}
