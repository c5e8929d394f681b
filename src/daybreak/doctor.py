"""`daybreak doctor`: looks at each part of the set-up and says what to mend."""

from __future__ import annotations

import importlib.metadata
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from daybreak.common.clock import now
from daybreak.common.commandline import json_option, print_json
from daybreak.common.dkim import dns_records
from daybreak.common.post import PostError, SmtpPost
from daybreak.common.provider import SES
from daybreak.common.refusal import Misused, Refused
from daybreak.common.relays import MailServer
from daybreak.common.webaddresses import is_endpoint
from daybreak.delivery.mailcommands import quoted
from daybreak.delivery.planning import wanted_waves
from daybreak.delivery.watch.identity import identity_checks
from daybreak.delivery.watch.names import Names, Record
from daybreak.desk.editions import next_date
from daybreak.desk.models import Edition
from daybreak.press.house import voice
from daybreak.press.voice import VoiceError

ENOUGH_ROOM = 500  # MB free in the data folder; an edition takes about 7


WORDS = {True: "well", False: "MEND", None: "?"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, whether it is well (None: it could not be looked at), a sentence, and a DNS record to add
    (name, type, value)."""

    check: str
    well: bool | None
    sentence: str
    add: tuple[str, str, str] | None = None


@click.command()
@click.option(
    "--dns", default="", metavar="ADDRESS:PORT", help="Ask this name server, not the machine's own."
)
@json_option
def doctor(dns: str, as_json: bool) -> None:
    """Check the set-up and say what to mend; exit 1 when something is not well."""
    names = _name_server(dns)
    findings = [finding for check in CHECKS for finding in check()]
    findings += _mail_identity(names)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        _print(findings)
    ill = [finding for finding in findings if finding.well is False]
    if ill:
        raise Refused(f"{len(ill)} thing{'s' if len(ill) > 1 else ''} to mend: {ill[0].sentence}")


def _name_server(dns: str) -> Names:
    problem = f"“{dns}” is no name server: write the IP address and the port of one, such as 9.9.9.9:53."
    if dns and not is_endpoint(dns):
        raise Misused(problem)
    try:
        return Names(dns)
    except ValueError as error:  # a name, which would have to be looked up first
        raise Misused(problem) from error


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        click.echo(f"{WORDS[finding.well]:<5} {finding.check}: {finding.sentence}")
    if records := [finding.add for finding in findings if finding.add]:
        click.echo("\nRecords to add to the DNS:")
        for name, kind, value in records:
            click.echo(f"{name}. IN {kind} {quoted(value)}")


def _mail_identity(names: Names) -> Iterator[Finding]:
    """What the world's mail servers will ask; nothing while mail stays in the outbox."""
    config = settings.CONFIG
    if config.mail is None and config.provider is None:
        return
    if config.mail_from.endswith(".invalid"):
        sentence = f"Mail comes from {config.mail_from}: set DAYBREAK_MAIL_FROM to an address of your own."
        yield Finding("mail identity", False, sentence)
        return
    keys = [Record(*record) for record in dns_records(config)]
    if config.provider is not None:
        sentence = (
            f"{config.provider.called} sends and signs: publish the SPF and DKIM records that it shows."
        )
        yield Finding("mail identity", None, sentence)
    who = (config.mail_from, config.bounce_domain, keys, config.relays)
    for check in identity_checks(*who, names, now(), by_provider=config.provider is not None):
        add = (check.add.name, check.add.kind, check.add.value) if check.add else None
        yield Finding(check.name, check.well, check.sentence, add)


def _data_folder() -> Iterator[Finding]:
    folder = settings.CONFIG.data
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize // 1_000_000
    writable = os.access(folder, os.W_OK)
    if not writable:
        yield Finding("data folder", False, f"{folder} cannot be written: make it this user’s.")
    elif free < ENOUGH_ROOM:
        yield Finding("data folder", False, f"{folder} has {free} MB left: make room.")
    else:
        yield Finding("data folder", True, f"{folder}, {free} MB free.")


def _storage() -> Iterator[Finding]:
    folder = settings.CONFIG.storage
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        sentence = f"{folder} cannot be written ({error.strerror}): name another in DAYBREAK_STORAGE_URL."
        yield Finding("press runs", False, sentence)
    else:
        yield Finding("press runs", True, f"are stored in {folder}.")


def _database() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    words = (
        f"{len(missing)} migrations are missing: run any other verb."
        if missing
        else f"{connection.vendor}, up to date."
    )
    yield Finding("database", not missing, words)


def _voice() -> Iterator[Finding]:
    try:
        with voice() as speaker:
            speech = speaker.speak("Good morning.")
        yield Finding("voice", True, f"speaks at {speech.rate} Hz.")
    except VoiceError as error:
        yield Finding("voice", False, str(error))


def _mail() -> Iterator[Finding]:
    provider, relays = settings.CONFIG.provider, settings.CONFIG.relays
    if provider is not None:
        deaf = provider.name == SES and not provider.hook_key
        unheard = (
            " What it tells is refused until ?hook= in DAYBREAK_MAIL_URL names its topic." if deaf else ""
        )
        sentence = f"goes to {provider.called}; `daybreak deliver test` tries it.{unheard}"
        yield Finding("mail", None if deaf else True, sentence)
    elif not relays:
        yield Finding("mail", True, "goes to the built-in outbox; set DAYBREAK_MAIL_URL to send it.")
    for server in relays:
        yield _greeted(server)


def _provider() -> Iterator[Finding]:
    """What the mail provider says of the key, the domain and the account; nothing is sent."""
    config = settings.CONFIG
    if config.provider is None:
        return
    # Imported here: its library is heavy, and most papers ask no provider.
    from daybreak.common.providercheck import check

    for told in check(config.provider, config.mail_from, _readers_next_morning(), now()):
        yield Finding("mail provider", told.well, told.sentence)


def _readers_next_morning() -> int:
    """How many readers get the next edition as things stand; 0 while the database has no tables."""
    at = now()
    try:
        return sum(wanted_waves(Edition(date=next_date(at)), at).values())
    except DatabaseError:
        return 0


def _greeted(server: MailServer) -> Finding:
    post = SmtpPost(server)
    try:
        post.greet()
        return Finding("mail", True, f"{server.name} answers.")
    except PostError as error:
        return Finding("mail", False, str(error))
    finally:
        post.close()


def _site_address() -> Iterator[Finding]:
    url = settings.CONFIG.site_url
    local = "127.0.0.1" in url or "localhost" in url
    if not settings.CONFIG.https and not local:
        yield Finding(
            "site address", False, f"{url} has no TLS: set DAYBREAK_SITE_URL to an https:// address."
        )
    else:
        yield Finding("site address", True, f"{url}{' (this machine only)' if local else ''}.")
    if settings.CONFIG.open_outbox and not local:
        yield Finding("outbox", False, "anybody may open it: take DAYBREAK_OPEN_OUTBOX out.")


def _zone_data() -> Iterator[Finding]:
    version = importlib.metadata.version("tzdata")
    yield Finding("zone data", True, f"tzdata {version} from the environment, not the machine’s own.")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _data_folder,
    _storage,
    _database,
    _voice,
    _mail,
    _provider,
    _site_address,
    _zone_data,
)
