from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from daybreak.common.config import Config, read_config
from daybreak.common.refusal import ConfigError
from daybreak.common.returnedmail import BounceMailbox


def read(tmp_path: Path, **environ: str) -> Config:
    return read_config(environ, tmp_path)


def test_with_nothing_set_everything_is_embedded(tmp_path: Path) -> None:
    config = read(tmp_path)
    assert config.data == tmp_path / "var"
    assert config.database_url == f"sqlite:///{tmp_path}/var/daybreak.sqlite3"
    assert (config.mail, config.site_url, config.open_outbox) == (None, "http://127.0.0.1:8000", False)


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('# ours\nDAYBREAK_PAPER_NAME="The Dawn"\nexport DAYBREAK_DEBUG=yes\n')
    assert read(tmp_path).paper_name == "The Dawn"
    config = read(tmp_path, DAYBREAK_PAPER_NAME="Dusk")
    assert (config.paper_name, config.debug) == ("Dusk", True)


@pytest.mark.parametrize(
    ("url", "security", "port"),
    [
        ("smtp://127.0.0.1:2525", "none", 2525),
        ("smtp://relay.example:587", "starttls", 587),
        ("smtp+starttls://relay.example", "starttls", 25),
        ("smtps://relay.example", "tls", 465),
    ],
)
def test_the_mail_address_says_how_to_connect(tmp_path: Path, url: str, security: str, port: int) -> None:
    mail = read(tmp_path, DAYBREAK_MAIL_URL=url).mail
    assert mail is not None
    assert (mail.security, mail.port) == (security, port)


def test_a_password_may_hold_any_sign(tmp_path: Path) -> None:
    mail = read(tmp_path, DAYBREAK_MAIL_URL="smtps://me%40x:p%3A%2F@relay.example").mail
    assert mail is not None
    assert (mail.username, mail.password) == ("me@x", "p:/")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DAYBREAK_SITE_URL", "paper.example", "https://paper.example"),
        ("DAYBREAK_SITE_URL", "https://paper.example/sub/", "https://paper.example"),
        ("DAYBREAK_SITE_URL", "https://paper.example:99999", "https://paper.example"),
        ("DAYBREAK_SITE_URL", "http://[::1", "https://paper.example"),
        ("DAYBREAK_SITE_URL", "https://the paper.example", "https://paper.example"),
        ("DAYBREAK_SITE_URL", "https://faß.example", "https://paper.example"),
        ("DAYBREAK_SITE_URL", "https://me:secret@paper.example", "https://paper.example"),
        ("DAYBREAK_MAIL_URL", "127.0.0.1:2525", "smtp://"),
        ("DAYBREAK_MAIL_URL", "smtp://[::1", "smtp://"),
        ("DAYBREAK_MAIL_URL", "smtp://host:many", "smtp://"),
        ("DAYBREAK_MAIL_URL", "smtp://host:0", "smtp://"),
        ("DAYBREAK_MAIL_URL", ",", "smtp://"),
        ("DAYBREAK_MAIL_URL", "smtp://a.example,", "smtp://"),
        ("DAYBREAK_MAIL_FROM", "a@b\r\nBcc: c@d", "one bare address"),
        ("DAYBREAK_MAIL_FROM", "@", "one bare address"),
        ("DAYBREAK_MAIL_FROM", "a,b@paper.example", "one bare address"),
        ("DAYBREAK_MAIL_FROM", "a\tb@paper.example", "one bare address"),
        ("DAYBREAK_MAIL_FROM", '"a b"@paper.example', "one bare address"),
        ("DAYBREAK_MAIL_FROM", "été@paper.example", "one bare address"),
        ("DAYBREAK_MAIL_FROM", "a@paper..example", "one bare address"),
        ("DAYBREAK_MAIL_FROM", "a@faß.example", "one bare address"),
        ("DAYBREAK_NOTICES_FROM", "a.@paper.example", "one bare address"),
        ("DAYBREAK_ALARM_MAIL", "a;b@paper.example", "one bare address"),
        ("DAYBREAK_SEEDS", "a@paper.example, (b@paper.example", "bare addresses"),
        ("DAYBREAK_BOUNCE_DOMAIN", "bounces@paper.example", "a bare domain"),
        ("DAYBREAK_BOUNCE_DOMAIN", "b.example\r\nBcc: c.example", "a bare domain"),
        ("DAYBREAK_BOUNCE_SMTP", "25", "HOST:PORT"),
        ("DAYBREAK_BOUNCE_MAILBOX", "/var/mail", "maildir:///"),
        ("DAYBREAK_BOUNCE_MAILBOX", "maildir://host/var", "maildir:///"),
        ("DAYBREAK_BOUNCE_MAILBOX", "imaps://u:p@host/a%22b", "imaps://"),
        ("DATABASE_URL", "mysql://x/y", "sqlite:// or postgres://"),
        ("DATABASE_URL", "postgres://", "sqlite:// or postgres://"),
        ("DATABASE_URL", "postgres://host:port/name", "sqlite:// or postgres://"),
        ("DAYBREAK_OPEN_OUTBOX", "perhaps", "yes or no"),
        ("DAYBREAK_WIRE_ALLOW", "10.0.0.5", "HOST:PORT"),
        ("DAYBREAK_BROKER_URL", "redis://x", "take the setting out"),
        ("DAYBREAK_STORAGE_URL", "s3://bucket", "file:///that/folder"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_write(
    tmp_path: Path, name: str, value: str, says: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, **{name: value})
    assert name in str(refusal.value)
    assert says in str(refusal.value)


def test_names_in_other_letters_are_written_as_headers_take_them(tmp_path: Path) -> None:
    config = read(
        tmp_path, DAYBREAK_SITE_URL="https://zeitüng.example:8443", DAYBREAK_ALARM_MAIL="night@bücher.example"
    )
    assert config.site_url == "https://xn--zeitng-6ya.example:8443"
    assert config.mail_from == "editions@xn--zeitng-6ya.example"
    assert config.alarm_mail == "night@xn--bcher-kva.example"
    assert read(tmp_path, DAYBREAK_SITE_URL="http://[fd00::5]:8000").mail_from == "editions@daybreak.invalid"


def test_the_mailbox_for_bounces_is_a_folder_or_lies_behind_imap(tmp_path: Path) -> None:
    assert read(tmp_path).bounce_mailbox is None
    assert read(tmp_path, DAYBREAK_BOUNCE_MAILBOX="maildir:///var/mail/p").bounce_mailbox == BounceMailbox(
        "maildir", "/var/mail/p"
    )
    box = read(tmp_path, DAYBREAK_BOUNCE_MAILBOX="imaps://me%40x:p%3A@mail.example/Bounces").bounce_mailbox
    assert box == BounceMailbox("imaps", "Bounces", "mail.example", 993, "me@x", "p:")
    assert read(tmp_path, DAYBREAK_BOUNCE_SMTP="0.0.0.0:2525").bounce_smtp == ("0.0.0.0", 2525)


def test_an_empty_value_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, DAYBREAK_SITE_URL="", DAYBREAK_MAIL_URL="") == read(tmp_path)


def test_the_env_file_may_come_from_any_editor_but_in_utf_8(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfDAYBREAK_PAPER_NAME=Dawn\r\n")
    assert read(tmp_path).paper_name == "Dawn"
    (tmp_path / ".env").write_bytes(b"DAYBREAK_PAPER_NAME=\xff\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        read(tmp_path)


def test_a_line_of_the_env_file_that_is_no_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DAYBREAK_DEBUG=no\nwhat is this\n")
    with pytest.raises(ConfigError, match="Line 2 of .env"):
        read(tmp_path)


def test_several_relays_each_with_its_share(tmp_path: Path) -> None:
    url = "smtp://a.example:25?connections=4&weight=3, smtps://u:p@b.example?pace=6000&timeout=60"
    first, second = read(tmp_path, DAYBREAK_MAIL_URL=url).relays
    assert (first.name, first.connections, first.weight, first.pace) == ("a.example:25", 4, 3, 0)
    assert (second.name, second.connections, second.pace, second.timeout) == ("b.example:465", 8, 6000, 60)
    assert read(tmp_path, DAYBREAK_MAIL_URL=url).mail == first


def test_paces_are_mails_a_minute_by_domain(tmp_path: Path) -> None:
    assert read(tmp_path, DAYBREAK_MAIL_PACE="Gmail.com=600/m, *=3000").paces == {"gmail.com": 600, "*": 3000}


def test_a_warm_up_doubles_each_day(tmp_path: Path) -> None:
    warm_up = read(tmp_path, DAYBREAK_MAIL_WARM_UP="2026-12-01:1000").warm_up
    assert warm_up is not None
    days = [dt.date(2026, 11, 30), dt.date(2026, 12, 1), dt.date(2026, 12, 2), dt.date(2026, 12, 5)]
    assert [warm_up.ceiling(day) for day in days] == [1000, 1000, 2000, 16000]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DAYBREAK_MAIL_URL", "smtp://a.example?connections=0"),
        ("DAYBREAK_MAIL_URL", "smtp://a.example?connections=1000"),
        ("DAYBREAK_MAIL_URL", "smtp://a.example?speed=9"),
        ("DAYBREAK_MAIL_URL", "smtp://a.example, b.example"),
        ("DAYBREAK_MAIL_PACE", "gmail.com"),
        ("DAYBREAK_MAIL_PACE", "gmail.com=fast"),
        ("DAYBREAK_MAIL_PACE", "=5"),
        ("DAYBREAK_MAIL_WARM_UP", "soon"),
        ("DAYBREAK_MAIL_WARM_UP", "2026-12-01"),
        ("DAYBREAK_MAIL_WARM_UP", "2026-12-01:0"),
        ("DAYBREAK_NOTICES_FROM", "me"),
        ("DAYBREAK_DKIM_SELECTOR", "a.b"),
    ],
)
def test_a_wrong_mail_setting_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read(tmp_path, **{name: value})


@pytest.mark.parametrize("name", ["DAYBREAK_MAIL_FROM", "DAYBREAK_NOTICES_FROM", "DAYBREAK_ALARM_MAIL"])
@pytest.mark.parametrize(
    "value", ["a,b@paper.example", "a;b@paper.example", "(a)@paper.example", "nächt@paper.example"]
)
def test_an_address_that_no_header_can_carry_is_refused_at_the_start(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=name):
        read(tmp_path, **{name: value})


@pytest.mark.parametrize("domain", ["paper..example", "[127.0.0.1", "-", "paper.example,other.example"])
def test_the_domain_of_an_address_is_a_host(tmp_path: Path, domain: str) -> None:
    with pytest.raises(ConfigError, match="DAYBREAK_MAIL_FROM"):
        read(tmp_path, DAYBREAK_MAIL_FROM=f"editions@{domain}")


def test_bare_addresses_of_all_kinds_are_taken(tmp_path: Path) -> None:
    for address in ("editions@paper.example", "o'hara+night@xn--mnchen-3ya.example", "root@localhost"):
        assert read(tmp_path, DAYBREAK_MAIL_FROM=address).mail_from == address


def test_a_name_of_the_paper_on_two_lines_becomes_one(tmp_path: Path) -> None:
    assert read(tmp_path, DAYBREAK_PAPER_NAME="The\r\n Dawn\x00").paper_name == "The Dawn"


def test_a_home_of_nobody_is_no_data_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DAYBREAK_DATA"):
        read(tmp_path, DAYBREAK_DATA="~nobody-of-this-name/paper")


def test_a_blank_number_of_workers_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, DAYBREAK_MAIL_WORKERS=" ").mail_workers == 0
