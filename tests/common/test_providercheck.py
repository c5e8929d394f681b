"""What a provider says of us, against one that runs on this machine and may say anything."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from daybreak.common import providerquestion
from daybreak.common.provider import Provider
from daybreak.common.providercheck import Told, check
from tests.common.fakeprovider import FakeProvider, fake_provider
from tests.common.test_post import _free_port

AT = dt.datetime(2022, 5, 6, 4, tzinfo=dt.UTC)
KEY = "key-4711-0815"
FROM = "editions@paper.example"
MAILGUN, SPARKPOST, BREVO, SES = (
    "/v4/domains/paper.example",
    "/sending-domains/paper.example",
    "/account",
    "/v2/email/account",
)
ACTIVE = {"name": "paper.example", "state": "active", "type": "custom", "is_disabled": False}
SEEN = {"record_type": "TXT", "name": "paper.example", "valid": "valid"}
VERIFIED = {"ownership_verified": True, "compliance_status": "valid", "dkim_status": "valid"}
QUOTA = {"Max24HourSend": 50_000.0, "SentLast24Hours": 0.0, "MaxSendRate": 14.0}
SENDS = {
    "SendingEnabled": True,
    "ProductionAccessEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": QUOTA,
}
PATHS = {
    "mailgun": MAILGUN,
    "postmark": "/server",
    "sendgrid": "/scopes",
    "brevo": BREVO,
    "sparkpost": SPARKPOST,
    "resend": "/domains",
    "ses": SES,
}


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as server:
        yield server


def one(name: str, url: str) -> Provider:
    return Provider(name, KEY, "eu-west-1" if name == "ses" else "", url, secret="a/secret/b")


def says(server: FakeProvider, name: str, status: int, value: Any, **headers: str) -> list[Told]:
    """What is read from an answer of the provider `name` to its first question."""
    server.answers[PATHS[name]] = (status, value, headers)
    told = check(one(name, server.url), FROM, 100, AT)
    assert all(each.sentence.endswith(".") and len(each.sentence.splitlines()) == 1 for each in told)
    assert KEY not in str(told) and "a/secret/b" not in str(told)
    return told


def domain(records: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    return {"domain": {**ACTIVE, **other}, "sending_dns_records": records}


def plan(credits: Any, enabled: bool = True) -> dict[str, Any]:
    mail = {"type": "free", "creditsType": "sendLimit", "credits": credits}
    return {
        "plan": [mail, {"type": "sms", "creditsType": "x", "credits": 9e9}],
        "relay": {"enabled": enabled},
    }


GOOD: dict[str, tuple[Any, str]] = {
    "mailgun": (domain([SEEN]), "Mailgun takes the key, and paper.example is active."),
    "postmark": (
        {"Name": "Paper", "DeliveryType": "Live"},
        "Postmark takes the token, of its server “Paper”.",
    ),
    "sendgrid": ({"scopes": ["mail.send", "alerts.read"]}, "SendGrid takes the key, and it may send."),
    "brevo": (plan(300), "Brevo takes the key."),
    "sparkpost": (
        {"results": {"status": VERIFIED}},
        "SparkPost takes the key, and paper.example is verified.",
    ),
    "resend": (
        {"data": [{"name": "paper.example", "status": "verified"}]},
        "Resend takes the key, and paper.example is verified.",
    ),
    "ses": (SENDS, "SES takes the key, and the account may send in eu-west-1."),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_provider_that_knows_us_is_well(provider: FakeProvider, name: str) -> None:
    provider.key = "" if name == "ses" else KEY
    provider.answers["/senders/domains/paper.example"] = (200, {"authenticated": True, "verified": True}, {})
    value, sentence = GOOD[name]
    told = says(provider, name, 200, value)
    assert told[0] == Told(True, sentence)
    assert all(each.well is not False for each in told)
    assert provider.taken == [], "nothing is sent"


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "refuses the"), (402, "will have none"), (404, "says that"), (503, "is unwell")],
)
def test_a_refusal_says_what_to_do_and_that_no_mail_leaves(
    provider: FakeProvider, name: str, status: int, words: str
) -> None:
    if name == "mailgun" and status == 401:
        provider.moods = ["401"]
    (told,) = says(provider, name, status, {"message": f"no, {KEY}"})
    assert told.well is False and told.stops
    assert words in told.sentence


WRONG: list[tuple[str, Any, str, bool]] = [
    ("mailgun", domain([SEEN], state="unverified"), "has paper.example as “unverified”", True),
    ("mailgun", domain([SEEN], is_disabled=True, disabled={"reason": "Bad list"}), "as “Bad list”", True),
    ("mailgun", domain([SEEN], type="sandbox"), "is a sandbox", True),
    (
        "mailgun",
        domain([{**SEEN, "valid": "unknown"}]),
        "does not see the DNS records of paper.example",
        False,
    ),
    ("postmark", {"Name": "Paper", "DeliveryType": "Sandbox"}, "take the token of a live one", True),
    ("sendgrid", {"scopes": ["alerts.read"]}, "give it “Mail Send”", True),
    ("brevo", plan(300, enabled=False), "has not activated this account", True),
    ("brevo", plan(99), "Mails left at Brevo: 99; readers of the next morning: 100. Buy", False),
    ("brevo", plan(0), "Mails left at Brevo: 0;", True),
    ("brevo", plan(300), "does not know paper.example", False),
    ("sparkpost", {"results": {"status": {**VERIFIED, "ownership_verified": False}}}, "not verified", True),
    ("sparkpost", {"results": {"status": {**VERIFIED, "compliance_status": "blocked"}}}, "“blocked”", True),
    ("sparkpost", {"results": {"status": {**VERIFIED, "dkim_status": "invalid"}}}, "DKIM record", False),
    ("resend", {"data": []}, "does not know paper.example", True),
    ("resend", {"data": [{"name": "paper.example", "status": "pending"}]}, "as “pending”", True),
    ("ses", {**SENDS, "SendingEnabled": False}, "has paused sending in eu-west-1", True),
    ("ses", {**SENDS, "EnforcementStatus": "SHUTDOWN"}, "has paused sending", True),
    ("ses", {**SENDS, "EnforcementStatus": "PROBATION"}, "under review", False),
    ("ses", {**SENDS, "ProductionAccessEnabled": False}, "in its sandbox", True),
    ("ses", {**SENDS, "SendQuota": {**QUOTA, "Max24HourSend": 99}}, "sends 99 mails in 24 hours", False),
]


@pytest.mark.parametrize(("name", "value", "words", "stops"), WRONG)
def test_what_stands_in_the_way_is_said(
    provider: FakeProvider, name: str, value: Any, words: str, stops: bool
) -> None:
    wrong = [told for told in says(provider, name, 200, value) if words in told.sentence]
    assert [(told.well, told.stops) for told in wrong] == [(False, stops)]


def test_a_quota_that_mails_of_the_day_before_fill_is_a_question(provider: FakeProvider) -> None:
    told = says(provider, "ses", 200, {**SENDS, "SendQuota": {**QUOTA, "SentLast24Hours": 49_950.0}})
    assert (told[-1].well, told[-1].stops) == (None, False)
    assert "Mails left at SES: 50; readers of the next morning: 100. What" in told[-1].sentence
    endless = {**SENDS, "SendQuota": {**QUOTA, "Max24HourSend": -1}}
    assert len(says(provider, "ses", 200, endless)) == 1


def test_an_account_that_is_suspended_sends_nothing(provider: FakeProvider) -> None:
    provider.answers["/account"] = (200, {"results": {"status": "suspended"}}, {})
    told = says(provider, "sparkpost", 200, {"results": {"status": VERIFIED}})
    assert told[-1] == Told(False, "The account at SparkPost is “suspended”: ask its support.", stops=True)


def test_a_key_that_may_send_but_not_ask_is_no_wrong_key(provider: FakeProvider) -> None:
    provider.moods, provider.no = ["400"], "from parameter is missing"
    (told,) = says(provider, "mailgun", 401, {"message": "Forbidden"})
    assert told.well is None and "may send but not ask" in told.sentence
    provider.moods, provider.no = ["400"], "Domain paper.example is not allowed to send: in review."
    (told,) = says(provider, "mailgun", 401, {"message": "Forbidden"})
    assert told.stops and "is not allowed to send: in review" in told.sentence
    (told,) = says(provider, "sparkpost", 403, {"errors": [{"message": "Forbidden."}]})
    assert told.well is None and "does not let this key ask" in told.sentence
    (told,) = says(provider, "ses", 403, {}, **{"x-amzn-ErrorType": "AccessDeniedException:http://x"})
    assert told.well is None and "ses:GetAccount" in told.sentence
    (told,) = says(provider, "ses", 403, {}, **{"x-amzn-ErrorType": "UnrecognizedClientException"})
    assert told.stops and "refuses the key (UnrecognizedClientException)" in told.sentence


def test_resend_and_mailtrap_have_keys_that_may_send_and_nothing_else(provider: FakeProvider) -> None:
    (told,) = says(provider, "resend", 401, {"name": "restricted_api_key", "message": "only send"})
    assert told.well is None and "may send but not ask" in told.sentence
    (told,) = says(provider, "resend", 400, {"name": "validation_error", "message": "API key is invalid"})
    assert told.stops and "refuses the key" in told.sentence
    (told,) = check(one("mailtrap", provider.url), FROM, 100, AT)
    assert told.well is None and "daybreak deliver test" in told.sentence


def test_a_key_that_comes_back_is_not_told(provider: FakeProvider) -> None:
    told = says(provider, "postmark", 200, {"Name": f"of {KEY}", "DeliveryType": "Live"})
    assert "“of …”" in told[0].sentence
    provider.moods, provider.no = ["400"], f"Not with {KEY}."
    (told_once,) = says(provider, "mailgun", 401, {})
    assert "(Not with …)" in told_once.sentence


DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE = [b"<html>", b"", b"[]", b"null", b'"text"', b"{", b"\xff\xfe", DEEP, b'{"a": NaN}', b"7" * 5000]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("status", [200, 301, 400])
def test_an_answer_that_is_none_is_a_sentence(provider: FakeProvider, name: str, status: int) -> None:
    for value in HOSTILE:
        (told,) = says(provider, name, status, value, Location=f"{provider.url}/elsewhere")
        assert told.stops and "gives an answer that is not its own" in told.sentence, value[:20]
    assert "/elsewhere" not in provider.asked


WRONG_TYPES: list[Any] = [
    None,
    True,
    3,
    -1e400,
    float("nan"),
    "text",
    "\x1b[2J\n" * 9,
    [],
    [[]],
    [None],
    {},
    {"a": 1},
]


@pytest.mark.parametrize("name", GOOD)
def test_wrong_types_anywhere_are_borne(provider: FakeProvider, name: str) -> None:
    value, _ = GOOD[name]
    for wrong in WRONG_TYPES:
        for changed in _each_changed(value, wrong):
            for told in says(provider, name, 200, changed):
                assert told.sentence.isprintable()


def _each_changed(value: Any, wrong: Any) -> Iterator[Any]:
    """`value` with `wrong` in the place of each of its parts in turn."""
    yield wrong
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        for changed in _each_changed(part, wrong):
            copy = value.copy()
            copy[name] = changed
            yield copy


def test_an_answer_without_end_is_not_read_to_its_end(provider: FakeProvider) -> None:
    (told,) = says(provider, "mailgun", 200, b" " * 2_000_000)
    assert told.stops and "answer without end" in told.sentence


def test_a_provider_that_cannot_be_reached_says_why() -> None:
    (told,) = check(one("brevo", f"http://127.0.0.1:{_free_port()}"), FROM, 0, AT)
    assert told.stops
    assert "Brevo cannot be reached (Connection refused)" in told.sentence


def test_a_provider_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providerquestion, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        (told,) = check(one("ses", f"http://127.0.0.1:{server.getsockname()[1]}"), FROM, 0, AT)
    assert told.stops and "SES does not answer within 0.2 seconds" in told.sentence


@pytest.mark.parametrize(
    ("kind", "drop"), [("Transfer-Encoding: chunked", b"1\r\n \r\n"), ("Content-Length: 90000", b" ")]
)
def test_a_provider_that_drips_is_not_waited_for(
    kind: str, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providerquestion, "PATIENCE", 0.3)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            line, _ = server.accept()
            with line, suppress(OSError):
                line.sendall(f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode())
                while not done.wait(0.02):
                    line.sendall(drop)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        (told,) = check(one("ses", f"http://127.0.0.1:{server.getsockname()[1]}"), FROM, 0, AT)
        done.set()
        thread.join(5)
    assert told.stops and "answer without end" in told.sentence
