from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.common.fakeprovider import fake_provider
from tests.common.test_providercheck import QUOTA, SENDS, plan
from tests.delivery.nameserver import name_server
from tests.journeys.newsroom import Newsroom, free_port, mailbox

POLICY = {("_dmarc.paper.example", "TXT"): ['"v=DMARC1; p=none"']}


def by_provider(url: str) -> dict[str, str]:
    return {"DAYBREAK_MAIL_URL": url, "DAYBREAK_MAIL_FROM": "editions@paper.example"}


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
    with socket.socket() as shut, name_server({}) as dns:
        shut.bind(("127.0.0.1", 0))  # and never listens: nobody else gets the port meanwhile
        newsroom = Newsroom(
            tmp_path,
            {
                "DAYBREAK_MAIL_URL": f"smtp://127.0.0.1:{shut.getsockname()[1]}",
                "DAYBREAK_SITE_URL": "http://paper.example",
                "DAYBREAK_OPEN_OUTBOX": "yes",
                "DAYBREAK_STORAGE_URL": "file:///proc/runs",
            },
        )
        done = newsroom.run("doctor", "--dns", dns, status=1)
    ill = {line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("MEND")}
    assert ill == {"press", "mail", "site", "outbox", "SPF", "DKIM", "DMARC"}
    assert "_dmarc.paper.example. IN TXT" in done.stdout
    assert "DAYBREAK_STORAGE_URL" in done.stdout
    assert "https://" in done.stdout
    assert "DAYBREAK_OPEN_OUTBOX" in done.stdout


def test_ses_that_tells_nothing_is_said_to_be_so(tmp_path: Path) -> None:
    with fake_provider() as amazon, name_server(POLICY) as dns:
        amazon.answers["/v2/email/account"] = (200, {**SENDS, "SendQuota": {**QUOTA, "Max24HourSend": 0}}, {})
        newsroom = Newsroom(tmp_path, by_provider(f"ses://KEY:SECRET@eu-west-1?api={amazon.url}"))
        told = newsroom.run("doctor", "--dns", dns).stdout
    assert "well  mail provider: Mails left at SES: 0; readers of the next morning: 0." in told
    assert "?     mail: goes to SES" in told and "until ?hook= in DAYBREAK_MAIL_URL names its topic" in told
    assert "SES sends and signs" in told and "SECRET" not in told


def test_a_provider_is_asked_with_the_key_in_use_and_for_all_readers(tmp_path: Path) -> None:
    with fake_provider() as brevo, name_server(POLICY) as dns:
        brevo.key = "xkeysib-4711"
        brevo.answers["/account"] = (200, plan(1), {})
        newsroom = Newsroom(tmp_path, by_provider(f"brevo://xkeysib-4711@?api={brevo.url}"))
        (tmp_path / "list.csv").write_text("email\nada@example.org\nben@example.org\n")
        newsroom.run("readers", "import", "list.csv")
        done = newsroom.run("doctor", "--dns", dns, status=1)
        wrong = Newsroom(tmp_path, by_provider(f"brevo://xkeysib-0815@?api={brevo.url}"))
        refused = wrong.run("doctor", "--dns", dns, status=1)
    assert "MEND  mail provider: Mails left at Brevo: 1; readers of the next morning: 2. Buy" in done.stdout
    assert (
        "MEND  mail provider: Brevo refuses the key: copy it anew into DAYBREAK_MAIL_URL." in refused.stdout
    )
    assert brevo.taken == []
    for secret in ("xkeysib-4711", "xkeysib-0815"):
        assert secret not in done.stdout + done.stderr + refused.stdout + refused.stderr


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
