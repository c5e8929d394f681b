"""The configuration: the environment (and one `.env`) read once into values, or refused with a sentence.

Each setting is documented in docs/settings.md; a test says which one is missing there.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from daybreak.common.bareaddress import in_ascii
from daybreak.common.provider import SES, Provider, is_provider, provider_in
from daybreak.common.refusal import ConfigError
from daybreak.common.relays import MailServer, WarmUp, read_paces, read_relays, read_warm_up
from daybreak.common.returnedmail import (
    BounceMailbox,
    read_bounce_domain,
    read_bounce_mailbox,
    read_bounce_smtp,
)
from daybreak.common.senders import read_alarm_mail, read_mail_from, read_seeds, read_sender
from daybreak.common.webaddresses import read_alarm_webhook, read_endpoints, split_address

__all__ = ["Config", "ConfigError", "MailServer", "from_environment", "read_config", "settings_in"]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the environment decides. Without `relays` mail goes to the built-in outbox.

    `paces` are mails a minute by receiving domain, "*" for each that is not named; `last_hour` is the wall-clock time
    in each reader's zone after which no edition leaves any more.
    """

    data: Path
    site_url: str
    database_url: str
    storage: Path
    relays: tuple[MailServer, ...]
    paces: Mapping[str, int]
    warm_up: WarmUp | None
    provider: Provider | None
    mail_workers: int
    mail_from: str
    bounce_domain: str
    notices_from: str
    dkim_selector: str
    bounce_mailbox: BounceMailbox | None
    bounce_smtp: tuple[str, int] | None
    paper_name: str
    last_hour: dt.time
    open_outbox: bool
    wire_allow: tuple[str, ...]
    seeds: tuple[str, ...]
    alarm_mail: str
    alarm_webhook: str
    debug: bool

    @property
    def mail(self) -> MailServer | None:
        """The first relay, which also takes the letters; None for the built-in outbox."""
        return self.relays[0] if self.relays else None

    @property
    def https(self) -> bool:
        """Whether readers reach the paper over TLS, which decides the cookies' `Secure` flag."""
        return self.site_url.startswith("https://")


def read_config(environ: Mapping[str, str], folder: Path) -> Config:
    """The configuration from `environ` over `folder/.env`.

    Raises ConfigError with one sentence naming the setting and what to write instead.
    """
    values = settings_in(environ, folder)
    _refuse_broker(values.get("DAYBREAK_BROKER_URL", ""))
    site_url = _site_url(values.get("DAYBREAK_SITE_URL") or "http://127.0.0.1:8000")
    data = _data(values.get("DAYBREAK_DATA", ""), folder)
    mail_url = values.get("DAYBREAK_MAIL_URL", "")
    mail_from = read_mail_from(values.get("DAYBREAK_MAIL_FROM", ""), site_url)
    return Config(
        data=data,
        site_url=site_url,
        database_url=_database_url(values.get("DATABASE_URL", ""), data),
        storage=_storage(values.get("DAYBREAK_STORAGE_URL", ""), data),
        relays=() if is_provider(mail_url) else read_relays(mail_url),
        paces=read_paces(values.get("DAYBREAK_MAIL_PACE", "")),
        warm_up=read_warm_up(values.get("DAYBREAK_MAIL_WARM_UP", "")),
        provider=_provider(mail_url) if is_provider(mail_url) else None,
        mail_workers=_workers(values.get("DAYBREAK_MAIL_WORKERS", "")),
        mail_from=mail_from,
        bounce_domain=read_bounce_domain(values.get("DAYBREAK_BOUNCE_DOMAIN", ""), mail_from),
        notices_from=read_sender(
            "DAYBREAK_NOTICES_FROM", values.get("DAYBREAK_NOTICES_FROM", "") or mail_from
        ),
        dkim_selector=_selector(values.get("DAYBREAK_DKIM_SELECTOR", "") or "daybreak"),
        bounce_mailbox=read_bounce_mailbox(values.get("DAYBREAK_BOUNCE_MAILBOX", "")),
        bounce_smtp=read_bounce_smtp(values.get("DAYBREAK_BOUNCE_SMTP", "")),
        paper_name=_one_line(values.get("DAYBREAK_PAPER_NAME", "")) or "Daybreak",
        last_hour=_last_hour(values.get("DAYBREAK_LAST_HOUR", "")),
        open_outbox=_yes_or_no(values, "DAYBREAK_OPEN_OUTBOX"),
        wire_allow=read_endpoints(values.get("DAYBREAK_WIRE_ALLOW", "")),
        seeds=read_seeds(values.get("DAYBREAK_SEEDS", "")),
        alarm_mail=read_alarm_mail(values.get("DAYBREAK_ALARM_MAIL", "")),
        alarm_webhook=read_alarm_webhook(values.get("DAYBREAK_ALARM_WEBHOOK", "")),
        debug=_yes_or_no(values, "DAYBREAK_DEBUG"),
    )


def settings_in(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What `environ` sets over `folder/.env`, as text. Raises ConfigError when a line of the file is no setting."""
    return {**_read_env_file(folder / ".env"), **environ}


def _read_env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not in UTF-8: save it as UTF-8.") from error
    values: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.removeprefix("export ").partition("=")
        if not equals or not name.strip().isidentifier():
            raise ConfigError(f"Line {number} of {path.name} is no setting: write NAME=value.")
        values[name.strip()] = value.strip().strip("\"'")
    return values


def _refuse_broker(url: str) -> None:
    if url:
        raise ConfigError(
            "DAYBREAK_BROKER_URL names a task broker, which this version cannot use yet: take the setting out."
        )


def _data(text: str, folder: Path) -> Path:
    try:
        return Path(text or folder / "var").expanduser().resolve()
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f"DAYBREAK_DATA is “{text}”, which leads nowhere: write a folder, such as /var/lib/daybreak."
        ) from error


def _storage(url: str, data: Path) -> Path:
    if not url:
        return data / "press"
    problem = f"DAYBREAK_STORAGE_URL is “{url}”: this version stores press runs in a folder, write file:///that/folder."
    parts = split_address(url, problem)
    if parts.scheme != "file" or parts.netloc or not parts.path:
        raise ConfigError(problem)
    return Path(unquote(parts.path))


def _site_url(text: str) -> str:
    problem = f"DAYBREAK_SITE_URL is “{text}”: write the address readers open, such as https://paper.example."
    parts = split_address(text, problem)
    bare = not (parts.query or parts.fragment or "@" in parts.netloc or " " in parts.netloc)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or not bare:
        raise ConfigError(problem)
    host, netloc = str(parts.hostname), parts.netloc
    if not netloc.isascii():  # it stands in headers and in files that know no other letters
        ascii_host = in_ascii(host)
        if ascii_host is None:
            raise ConfigError(problem)
        netloc = ascii_host + (f":{parts.port}" if parts.port else "")
    return f"{parts.scheme}://{netloc}"


def _database_url(text: str, data: Path) -> str:
    if not text:
        return f"sqlite:///{data / 'daybreak.sqlite3'}"
    problem = "DATABASE_URL must begin with sqlite:// or postgres://, as in postgres://user:password@host:5432/name."
    parts = split_address(text, problem)  # its password keeps it out of the sentence
    if parts.scheme not in ("sqlite", "postgres", "postgresql") or not parts.path.strip("/"):
        raise ConfigError(problem)
    if parts.scheme != "sqlite" and not find_spec("psycopg"):
        raise ConfigError(
            "DATABASE_URL names PostgreSQL, which needs psycopg: .venv/bin/pip install 'psycopg[binary]'."
        )
    return text


def _provider(text: str) -> Provider:
    problem = (
        "DAYBREAK_MAIL_URL must look like mailgun://KEY@domain or postmark://TOKEN@, "
        "and may end in ?hook=SIGNING-KEY (where it signs what it tells: Mailgun, SendGrid, Resend, Mailtrap) and &api=https://api.eu.example."
    )
    if text.strip().lower().startswith(f"{SES}:"):
        problem = (
            "DAYBREAK_MAIL_URL must look like ses://KEY-ID:SECRET@eu-west-1 with each / of the secret written %2F, "
            "and may end in ?hook=arn:aws:sns:eu-west-1:123456789012:topic."
        )
    provider = provider_in(split_address(text, problem))
    if provider is None:
        raise ConfigError(problem)
    return provider


def _one_line(text: str) -> str:
    """`text` as the head of a mail can carry it: without line ends and what cannot be seen."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _workers(text: str) -> int:
    text = text.strip()
    if not re.fullmatch(r"[0-9]{0,2}", text):
        raise ConfigError(f"DAYBREAK_MAIL_WORKERS is “{text}”: write a number of processes, such as 4.")
    return int(text or 0)


def _selector(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,40}[A-Za-z0-9])?", text):
        raise ConfigError(
            f"DAYBREAK_DKIM_SELECTOR is “{text}”: write a short name of letters, digits and hyphens, such as daybreak."
        )
    return text


def _last_hour(text: str) -> dt.time:
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip() or "11:00", re.ASCII)
    if found is None or int(found[1]) < 7:
        raise ConfigError(
            f"DAYBREAK_LAST_HOUR is “{text}”: write a time of day from 07:00 on, such as 11:00."
        )
    return dt.time(int(found[1]), int(found[2]))


def _yes_or_no(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "").strip().lower()
    if text in ("", "0", "no", "false", "off"):
        return False
    if text in ("1", "yes", "true", "on"):
        return True
    raise ConfigError(f"{name} is “{text}”: write yes or no.")


def from_environment() -> Config:
    """The configuration of this process: its environment over `.env` in the current folder."""
    return read_config(os.environ, Path.cwd())
