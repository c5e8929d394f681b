"""The door for returned mail, spoken to by a real SMTP client while it runs as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from daybreak.delivery.returns.returndoor import LARGEST, Handler, is_ours
from tests.common.test_post import _free_port

PROBE = """
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("select kind, address, meaning from delivery_outcome").fetchall()
print(json.dumps(rows))
"""


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[smtplib.SMTP, dict[str, str]]]:
    port = _free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "daybreak.settings",
        "DAYBREAK_DATA": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'daybreak.sqlite3'}",
        "DAYBREAK_MAIL_FROM": "editions@paper.example",
        "DAYBREAK_BOUNCE_SMTP": f"127.0.0.1:{port}",
    }
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environment, check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "daybreak.delivery.returns.returndoor"], env=environment
    )
    client = smtplib.SMTP(timeout=20)
    for _ in range(200):
        try:
            client.connect("127.0.0.1", port)
            break
        except OSError:
            time.sleep(0.1)
    yield client, environment
    client.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def told(environment: dict[str, str]) -> str:
    """The outcomes in the door's own database."""
    database = str(Path(environment["DAYBREAK_DATA"]) / "daybreak.sqlite3")
    return subprocess.run(
        [sys.executable, "-c", PROBE, database], capture_output=True, text=True, check=True
    ).stdout


def test_the_door_takes_our_mail_records_it_and_refuses_the_rest(
    door: tuple[smtplib.SMTP, dict[str, str]],
) -> None:
    client, environment = door
    client.ehlo("mx.example")
    assert int(client.esmtp_features["size"]) == LARGEST
    assert client.mail("")[0] == 250  # reports come from nobody (RFC 5321, 4.5.5)
    for stranger in ("ada@example.org", "bounces+00.00@paper.example", "editions@paper.example.evil.example"):
        assert client.rcpt(stranger)[0] == 550, stranger
    assert client.rcpt("Postmaster")[0] == 250  # without a domain too
    assert client.rcpt("Editions@Paper.example")[0] == 250
    report = (
        "From: MAILER-DAEMON@mx.example\r\nTo: editions@paper.example\r\nSubject: Undelivered Mail\r\n\r\n"
        "<ada@example.org>: 550 5.1.1 User unknown (in reply to RCPT TO command)\r\n.\r\n..\r\n"
    )
    assert client.data(report) == (250, b"2.0.0 Taken: bounce")
    assert '["hard_bounce", "ada@example.org", "no such mailbox"]' in told(environment)


def test_lines_longer_than_they_may_be_are_taken_too(door: tuple[smtplib.SMTP, dict[str, str]]) -> None:
    client, environment = door
    client.ehlo("mx.example")
    assert client.mail("")[0] == 250
    assert client.rcpt("editions@paper.example")[0] == 250
    report = "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail\r\n\r\n<ada@example.org>: 550 5.1.1 User unknown"
    assert client.data(report + "\r\n" + "x" * 3_000_000) == (250, b"2.0.0 Taken: bounce")
    assert '["hard_bounce", "ada@example.org", "no such mailbox"]' in told(environment)


def test_an_error_that_nobody_foresaw_loses_no_mail() -> None:
    answer = asyncio.run(Handler(settings.CONFIG).handle_exception(AssertionError("nobody thought of that")))
    assert answer.startswith("451 ")


def test_a_mail_beyond_the_limit_is_refused_before_it_comes(
    door: tuple[smtplib.SMTP, dict[str, str]],
) -> None:
    client, _ = door
    client.ehlo("mx.example")
    assert client.mail("", [f"SIZE={LARGEST + 1}"])[0] == 552
    assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] >= 500


@given(st.text(max_size=80))
def test_no_other_address_is_ours(text: str) -> None:
    config = replace(settings.CONFIG, mail_from="editions@paper.example", bounce_domain="paper.example")
    assert not is_ours(text + "@paper.example", config) or text.lower() in (
        "editions",
        "complaints",
        "abuse",
        "postmaster",
    )
