"""Reading bounces: standard reports, the others, and whatever else somebody may send to a return path."""

from __future__ import annotations

import base64
import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.delivery.returns.bouncereading import Bounce, Failed, read_bounce
from daybreak.delivery.returns.bouncewords import SENTENCES
from daybreak.delivery.returns.reportparts import parsed

DATA = (
    Path(os.environ.get("DAYBREAK_BENCH_DATA") or Path(__file__).parents[4] / "shared" / "data")
    / "bounces"
    / "bounces.jsonl.gz"
)
HEAD = b"From: MAILER-DAEMON@mx.example\r\nTo: us@paper.example\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"


def read(data: bytes) -> Bounce | None:
    return read_bounce(parsed(data))


def report(action: str, status: str, diagnostic: str, recipient: str = "ada@example.org") -> bytes:
    """A standard report (RFC 3464) about one recipient of the mail <1234@paper.example>."""
    return (
        HEAD
        + (
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
            f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
            f"Diagnostic-Code: smtp; {diagnostic}\r\n\r\n"
            "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1234@paper.example>\r\n\r\n--b--\r\n"
        ).encode()
    )


def only(data: bytes) -> Failed:
    bounce = read(data)
    assert bounce is not None
    (failed,) = bounce.recipients
    return failed


def test_a_standard_report_says_who_failed_why_and_which_mail() -> None:
    bounce = read(report("failed", "5.1.1", "550 5.1.1 <ada@example.org>: User unknown"))
    assert bounce is not None
    assert bounce.message_id == "<1234@paper.example>"
    (failed,) = bounce.recipients
    assert (failed.address, failed.verdict, failed.final) == ("ada@example.org", "hard", True)
    assert (failed.status, failed.reply, failed.meaning) == ("5.1.1", "550", "no such mailbox")
    assert "User unknown" in failed.diagnostic


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "verdict", "meaning"),
    [
        ("failed", "5.1.2", "550 5.1.2 Host unknown", "hard", "no such domain"),
        ("failed", "5.1.10", "556 5.1.10 Domain does not accept mail (nullMX)", "hard", "takes no mail"),
        ("failed", "5.2.2", "552 5.2.2 Mailbox full", "soft", "mailbox full"),
        ("failed", "5.7.26", "550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", "soft", "authentication"),
        ("failed", "5.7.1", "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", "soft", "blocked"),
        ("failed", "5.0.0", "550 5.1.1 No such user here", "hard", "no such mailbox"),
        ("failed", "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "soft", "mailbox disabled"),
        ("delayed", "4.4.1", "connect to mx.example: Connection timed out", "soft", "expired"),
        ("failed", "5.1.1", "", "hard", "no such mailbox"),
        ("failed", "5.2.2", "", "soft", "mailbox full"),
        ("failed", "5.1.8", "550 Sender address rejected: User unknown in local recipient table", "soft", "sender refused"),
        ("failed", "5.7.1", "550 Too many invalid recipients", "soft", "too many"),
        ("failed", "5.1.2", "550 Unrouteable mail domain", "hard", "no such domain"),
        ("failed", "5.0.0", "550 Indirizzo inesistente", "hard", "no such mailbox"),
        ("delivered", "2.1.5", "250 2.1.5 Ok", "none", "delivered"),
    ],
)  # fmt: skip
def test_the_servers_words_come_before_its_codes(
    action: str, status: str, diagnostic: str, verdict: str, meaning: str
) -> None:
    failed = only(report(action, status, diagnostic))
    assert (failed.verdict, failed.meaning) == (verdict, meaning)
    assert meaning == "delivered" or meaning in SENTENCES


def test_a_report_without_fields_is_read_by_its_words() -> None:
    text = b"\r\nHi. This is the qmail-send program at mx.example.\r\n\r\n<ada@example.org>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nMessage-ID: <1234@paper.example>\r\nTo: eve@example.net\r\n"
    bounce = read(HEAD + text)
    assert bounce is not None
    assert [(each.address, each.verdict) for each in bounce.recipients] == [("ada@example.org", "hard")]
    assert bounce.message_id == "<1234@paper.example>"


def test_an_answer_after_data_comes_from_a_filter_and_kills_no_address() -> None:
    said = only(report("failed", "5.0.0", "550 Unknown user (in reply to end of DATA command)"))
    assert (said.verdict, said.meaning) == ("soft", "filtered")


def test_in_a_transcript_each_address_has_the_answer_to_its_own_command() -> None:
    words = (
        "550 5.0.0 <ada@example.org>... User unknown\n\n"
        ">>> RCPT To:<ben@example.org>\n<<< 550 5.0.0 <ben@example.org>... User unknown\n"
        ">>> DATA\n<<< 550 5.0.0 <ada@example.org>... User unknown\n"
    )
    for recipient, verdict in (("ada@example.org", "soft"), ("ben@example.org", "hard")):
        data = report("failed", "5.0.0", "550 5.0.0 User unknown", recipient)
        said = only(data.replace(b"Your mail could not be delivered.", words.encode()))
        assert said.verdict == verdict, recipient


def test_bare_words_that_a_gateway_passes_on_kill_no_address() -> None:
    said = only(HEAD + b"\r\nThese addresses had errors:\r\n\r\nada@example.org [User unknown]\r\n")
    assert (said.verdict, said.meaning) == ("soft", "filtered")


@pytest.mark.parametrize(
    ("category", "verdict"),
    [("bad-mailbox", "hard"), ("bad-domain", "hard"), ("inactive-mailbox", "soft"), ("other", "soft")],
)
def test_powermta_has_read_the_answer_itself(category: str, verdict: str) -> None:
    data = report("failed", "5.2.1", "550 5.2.1 User unknown")
    field = f"X-PowerMTA-BounceCategory: {category}\r\nDiagnostic-Code:".encode()
    assert only(data.replace(b"Diagnostic-Code:", field)).verdict == verdict


@pytest.mark.parametrize(
    "data",
    [
        b"From: ada@example.org\r\nTo: us@paper.example\r\nSubject: Re: Friday\r\n\r\nThe mail could be shorter. Ada",
        b"From: ada@example.org\r\nSubject: Re: Unknown users of the Sahel\r\n\r\nUser unknown is a fine headline. eve@example.net",
        b"",
    ],
)
def test_what_a_reader_writes_is_no_bounce(data: bytes) -> None:
    assert read(data) is None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000), st.booleans())
def test_no_bytes_make_it_fail(data: bytes, headed: bool) -> None:
    read(HEAD + data if headed else data)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_a_report_makes_it_fail(draw: st.DataObject) -> None:
    whole = report("failed", "5.1.1", "550 5.1.1 User unknown")
    start = draw.draw(st.integers(0, len(whole)))
    end = draw.draw(st.integers(start, len(whole)))
    read(whole[:start] + draw.draw(st.binary(max_size=20)) + whole[end:])


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n" * 200_000,
        b"\r\n" + b" " * 400_000,
        b"\r\n" + b"a@b.c " * 60_000,
        b"\r\n" + b"5" * 400_000,
        b"Content-Type: text/html\r\n\r\n" + b"<style>" * 40_000,
        b"X-Failed-Recipients: " + b"a@b.cd,\r\n " * 20_000 + b"\r\n\r\nfailed",
        b"\r\n" + b"> " * 150_000,
        b"\r\nmessage " * 30_000,
        b"\r\n\r\n<ada@example.org>: 550 x" + b"\n <" * 40_000,
        b"Content-Type: text/html\r\n\r\n" + b"".join(b"<font a%d>" % each for each in range(12_000)),
    ],
)
def test_a_large_hostile_report_is_read_in_reasonable_time(body: bytes) -> None:
    read(HEAD + body)  # a rule of words that goes back and forth would not come to an end here


def test_a_report_about_a_hundred_readers_is_read_once() -> None:
    fields = b"".join(
        b"\r\nFinal-Recipient: rfc822; r%d@example.org\r\nAction: failed\r\nStatus: 5.0.0\r\n" % each
        for each in range(200)
    )
    words = b"".join(
        b">>> RCPT\r\n<<< 550 5.1.1 r%d@example.org user unknown\r\n" % each for each in range(1500)
    )
    whole = (
        HEAD + b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\n" + words
        + b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n" + fields + b"\r\n--b--\r\n"
    )  # fmt: skip
    bounce = read(whole)
    assert bounce is not None
    assert {each.verdict for each in bounce.recipients} == {"hard"}
    assert len(bounce.recipients) == 100


def test_fifty_megabytes_are_not_all_read() -> None:
    failed = only(report("failed", "5.1.1", "550 5.1.1 User unknown") + b"x" * 50_000_000)
    assert failed.verdict == "hard"


def test_parts_nested_beyond_reason_are_read_as_text() -> None:
    nest = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (each, each)
        for each in range(3000)
    )
    read(HEAD + nest)
    read(HEAD + nest.replace(b"Type: ", b"Type: \x1f"))
    read(HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5000)
    read(HEAD + b"Content-Type: \x1cmessage/rfc822\r\n\r\n" * 5000)


def test_real_bounces_are_read_as_their_collectors_read_them() -> None:
    if not DATA.exists():
        pytest.skip(f"The real bounces are not here ({DATA}): name their folder in DAYBREAK_BENCH_DATA.")
    from bench.bounces import measure, ours

    marks, wrong, _ = measure(DATA.parents[1], ours)
    every = [mark for each in marks.values() for mark in each]
    assert sum(every) / len(every) > 0.96, wrong


def test_every_real_bounce_is_read_however_it_is_cut() -> None:
    if not DATA.exists():
        pytest.skip(f"The real bounces are not here ({DATA}): name their folder in DAYBREAK_BENCH_DATA.")
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        for line in lines:
            data = base64.b64decode(json.loads(line)["bytes_b64"])
            for part in (data, data[: len(data) // 2], data[len(data) // 3 :]):
                read(part)
