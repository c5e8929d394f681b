from __future__ import annotations

from pathlib import Path

import pytest

from tests.delivery.nameserver import name_server
from tests.journeys.newsroom import Newsroom, free_port, mailbox


def test_a_fresh_newsroom_is_well(tmp_path: Path) -> None:
    findings = Newsroom(tmp_path).json("doctor")
    assert {finding["check"] for finding in findings} >= {
        "data folder",
        "database",
        "voice",
        "mail",
        "site address",
    }
    assert all(finding["well"] for finding in findings)


def test_what_is_not_well_is_named_with_what_to_mend(tmp_path: Path) -> None:
    newsroom = Newsroom(
        tmp_path,
        {
            "DAYBREAK_MAIL_URL": f"smtp://127.0.0.1:{free_port()}",
            "DAYBREAK_SITE_URL": "http://paper.example",
            "DAYBREAK_OPEN_OUTBOX": "yes",
            "DAYBREAK_STORAGE_URL": "file:///proc/runs",
        },
    )
    with name_server({}) as dns:
        done = newsroom.run("doctor", "--dns", dns, status=1)
    ill = {line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("MEND")}
    assert ill == {"press", "mail", "site", "outbox", "SPF", "DKIM", "DMARC"}
    assert "_dmarc.paper.example. IN TXT" in done.stdout
    assert "DAYBREAK_STORAGE_URL" in done.stdout
    assert "https://" in done.stdout
    assert "DAYBREAK_OPEN_OUTBOX" in done.stdout


def test_ses_that_tells_nothing_is_said_to_be_so(tmp_path: Path) -> None:
    newsroom = Newsroom(
        tmp_path,
        {"DAYBREAK_MAIL_URL": "ses://KEY:SECRET@eu-west-1", "DAYBREAK_MAIL_FROM": "editions@paper.example"},
    )
    policy = {("_dmarc.paper.example", "TXT"): ['"v=DMARC1; p=none"']}
    with name_server(policy) as dns:
        told = newsroom.run("doctor", "--dns", dns).stdout
    assert "?     mail: goes to SES" in told and "until ?hook= in DAYBREAK_MAIL_URL names its topic" in told
    assert "SES sends and signs" in told and "SECRET" not in told


@pytest.mark.parametrize("server", ["localhost:53", "dns.example:53", "9.9.9.9"])
def test_a_name_server_that_cannot_be_asked_is_one_sentence(tmp_path: Path, server: str) -> None:
    said = Newsroom(tmp_path).run("doctor", "--dns", server, status=2).stderr
    assert said.startswith(f"daybreak: “{server}” is no name server") and len(said.splitlines()) == 1


def test_each_relay_is_greeted_and_not_the_first_alone(tmp_path: Path) -> None:
    away = free_port()
    with mailbox() as box, name_server({}) as dns:
        urls = ",".join(f"smtp://127.0.0.1:{port}" for port in (box.port, away))
        newsroom = Newsroom(tmp_path, {"DAYBREAK_MAIL_URL": urls})
        told = newsroom.run("doctor", "--dns", dns, status=1).stdout
    assert f"well  mail: 127.0.0.1:{box.port} answers." in told
    assert f"MEND  mail: The mail server 127.0.0.1:{away} cannot be used" in told
