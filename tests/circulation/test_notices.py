from __future__ import annotations

import datetime as dt
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import cast

import pytest

from daybreak.circulation.joining import ask_way_in, enter_by_code, enter_by_link, sign_up
from daybreak.circulation.models import Notice, Reader
from daybreak.circulation.notices import Counts, notices_due, send_due_notices
from daybreak.common.post import AddressRefused, InDoubt, Outbox, Post, TryLater

pytestmark = pytest.mark.django_db

AT = dt.datetime(2022, 5, 6, 10, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


class Failing:
    """A post that fails each hand-over in one way."""

    def __init__(self, error: Exception) -> None:
        self.error, self.tried = error, 0

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        self.tried += 1
        raise self.error


def sweep(post: Post, at: dt.datetime = AT, paper_name: str = "Daybreak") -> Counts:
    return send_due_notices(post, at, "https://paper.example", "editions@paper.example", paper_name)


def mails_in(folder: Path) -> list[EmailMessage]:
    files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=policy.SMTP) for file in files]


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def code_in(mail: EmailMessage) -> str:
    found = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", text_of(mail))
    assert found is not None
    return found[0]


def token_in(mail: EmailMessage) -> str:
    found = re.search(r"https://paper\.example/sign-in/link/([\w-]+)/", text_of(mail))
    assert found is not None
    return found[1]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def test_a_sign_up_is_answered_by_one_mail_with_a_code_and_a_link_that_work(outbox: Outbox) -> None:
    sign_up("ada@example.org", time_zone="UTC", wording="Yes.", page="/", at=AT)
    assert notices_due(AT) and not notices_due(AT - MINUTE)
    assert sweep(outbox) == Counts(sent=1)
    assert sweep(outbox) == Counts()
    assert not notices_due(AT)
    [mail] = mails_in(outbox.folder)
    assert enter_by_code("ada@example.org", code_in(mail), AT).email == "ada@example.org"
    notice = Notice.objects.get()
    assert (notice.state, notice.sent_at, notice.attempts) == ("sent", AT, 1)


def test_the_mail_says_what_machines_need_to_know(outbox: Outbox, ada: Reader) -> None:
    ask_way_in(ada.email, AT)
    sweep(outbox, paper_name="The “Daily”\r\nBcc: x@example.org")
    [mail] = mails_in(outbox.folder)
    assert mail["To"] == "ada@example.org"
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{Notice.objects.get().pk}@paper.example>"
    assert parsedate_to_datetime(mail["Date"]) == AT
    assert not [name for name in mail if name.startswith("List-")]
    [file] = outbox.folder.glob("*.eml")
    raw = file.read_bytes()
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_text_and_html_carry_the_same_code_and_link_and_the_html_is_escaped(
    outbox: Outbox, ada: Reader
) -> None:
    ask_way_in(ada.email, AT)
    sweep(outbox, paper_name="<b>Fish & Chips</b>")
    [mail] = mails_in(outbox.folder)
    html = text_of(mail, "html")
    assert code_in(mail) in html
    assert token_in(mail) in html
    assert "<b>Fish" not in html
    assert "&lt;b&gt;Fish &amp; Chips" in html
    assert "<b>Fish & Chips</b>" in text_of(mail)
    assert enter_by_link(token_in(mail), AT) == ada


def test_each_kind_of_letter_says_why_it_came(outbox: Outbox, ada: Reader) -> None:
    sign_up("new@example.org", time_zone="UTC", wording="Yes.", page="/", at=AT)
    sign_up(ada.email, time_zone="UTC", wording="Yes.", page="/", at=AT)
    ask_way_in(ada.email, AT + MINUTE)
    assert sweep(outbox, AT + MINUTE) == Counts(sent=3)
    subjects = {str(mail["Subject"]) for mail in mails_in(outbox.folder)}
    assert subjects == {
        "Confirm your address for Daybreak",
        "You are already with Daybreak",
        "Your way in to Daybreak",
    }
    [welcome] = [mail for mail in mails_in(outbox.folder) if "already" in mail["Subject"]]
    assert "already with us" in " ".join(text_of(welcome).split())


def test_a_server_that_is_away_is_tried_again_after_1_5_15_30_and_30_minutes(ada: Reader) -> None:
    ask_way_in(ada.email, AT)
    at, waits = AT, []
    for _ in range(6):
        assert sweep(Failing(TryLater("The mail server is away.")), at) == Counts(put_off=1)
        due_at = Notice.objects.get().due_at
        assert sweep(Failing(TryLater("Not yet due.")), due_at - dt.timedelta(seconds=1)) == Counts()
        waits.append((due_at - at) / MINUTE)
        at = due_at
    assert waits == [1, 5, 15, 30, 30, 30]
    assert Notice.objects.get().last_error == "The mail server is away."


def test_after_a_day_of_trying_it_is_given_up(ada: Reader) -> None:
    ask_way_in(ada.email, AT)
    assert sweep(Failing(TryLater("Away.")), AT + dt.timedelta(hours=24)) == Counts(failed=1)
    assert not notices_due(AT + dt.timedelta(days=9))


def test_an_address_that_is_refused_is_not_tried_again(ada: Reader) -> None:
    ask_way_in(ada.email, AT)
    assert sweep(Failing(AddressRefused("The mail server refused: 550 no such user"))) == Counts(failed=1)
    notice = Notice.objects.get()
    assert (notice.state, notice.last_error) == ("failed", "The mail server refused: 550 no such user")
    assert not notices_due(AT + dt.timedelta(days=1))


def test_a_letter_in_doubt_is_sent_again_and_both_codes_work(outbox: Outbox, ada: Reader) -> None:
    class TookItAndDied(Outbox):
        def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
            super().hand_over(sender, recipient, message)
            raise InDoubt("No answer came.")

    ask_way_in(ada.email, AT)
    assert sweep(TookItAndDied(outbox.folder)) == Counts(put_off=1)
    assert sweep(outbox, AT + MINUTE) == Counts(sent=1)
    first, second = mails_in(outbox.folder)
    assert first["Message-ID"] == second["Message-ID"]
    assert enter_by_code(ada.email, code_in(first), AT + MINUTE) == ada
    assert enter_by_code(ada.email, code_in(second), AT + MINUTE) == ada


def test_a_claim_whose_process_died_is_due_again_after_five_minutes(outbox: Outbox, ada: Reader) -> None:
    class Killed(BaseException):
        pass

    ask_way_in(ada.email, AT)
    with pytest.raises(Killed):
        sweep(Failing(cast(Exception, Killed())))
    assert Notice.objects.get().state == "claimed"
    assert sweep(outbox, AT + 5 * MINUTE - dt.timedelta(seconds=1)) == Counts()
    assert sweep(outbox, AT + 5 * MINUTE) == Counts(sent=1)


def test_two_sweeps_at_once_send_a_letter_once(outbox: Outbox, ada: Reader) -> None:
    class SweepsInside(Outbox):
        def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
            assert sweep(outbox) == Counts()
            super().hand_over(sender, recipient, message)

    ask_way_in(ada.email, AT)
    assert sweep(SweepsInside(outbox.folder)) == Counts(sent=1)
    assert len(mails_in(outbox.folder)) == 1


def test_a_sweep_stops_when_the_server_is_plainly_away(ada: Reader) -> None:
    for number in range(5):
        sign_up(f"r{number}@example.org", time_zone="UTC", wording="Yes.", page="/", at=AT)
    post = Failing(TryLater("Away."))
    assert sweep(post) == Counts(put_off=3)
    assert post.tried == 3
    assert Notice.objects.filter(state="due", due_at=AT).count() == 2
