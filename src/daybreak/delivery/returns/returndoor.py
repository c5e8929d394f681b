"""The door at which returned mail is put down: a small SMTP server (RFC 5321) for our own addresses and no others.

It relays nothing and never sends a report: what it will not have it refuses to the server at the door. A mail is
answered with 250 only once what it says is recorded. Part of `daybreak serve` when DAYBREAK_BOUNCE_SMTP is set.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import DatabaseError, close_old_connections

from daybreak.common.clock import now
from daybreak.common.config import Config
from daybreak.delivery.handover.returnpath import delivery_of

log = logging.getLogger("daybreak.delivery.returns.returndoor")

LARGEST = 10_000_000  # bytes of one mail: a reader may answer with a picture
RECIPIENTS = 20
IDLE = 60.0  # seconds
ROLES = ("complaints", "abuse", "postmaster")  # RFC 5321, 4.5.1 wants the last


def is_ours(address: str, config: Config) -> bool:
    """Whether mail to an address is taken: a signed return path, the paper's own address, or a role of the domain.

    RFC 5321, 4.5.1: `postmaster` must be taken without a domain too.
    """
    name, _, domain = address.lower().rpartition("@")
    return (
        address.lower() in (config.mail_from.lower(), "postmaster")
        or (domain == config.bounce_domain and name in ROLES)
        or (domain == config.bounce_domain and delivery_of(address) is not None)
    )


class Handler:
    """What the server asks at each command; the names and the answers are aiosmtpd's."""

    def __init__(self, config: Config) -> None:
        self.config = config
        # One thread: SQLite writes one at a time, and a crowd at the door waits outside.
        self.desk = ThreadPoolExecutor(1, thread_name_prefix="returned mail")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not is_ours(address, self.config):
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        data = envelope.content if isinstance(envelope.content, bytes) else b""
        loop = asyncio.get_running_loop()
        try:
            what = await loop.run_in_executor(self.desk, _record, data, list(envelope.rcpt_tos))
        except DatabaseError as error:
            log.error("A mail could not be recorded, its server will bring it again: %s", error)
            return "451 4.3.0 Try again later"
        return f"250 2.0.0 Taken: {what}"

    async def handle_exception(self, error: Exception) -> str:
        """What nobody foresaw is no fault of the mail: with a 5xx its server would throw it away."""
        log.error("A mail could not be read, its server will bring it again.", exc_info=error)
        return "451 4.3.0 Try again later"


class Door(SMTP):
    """The library's server, which takes lines of any length: a mail that comes back may have them (RFC 5321, 4.5.3.1
    asks to be generous), and to refuse it is to lose it."""

    line_length_limit = LARGEST


def _record(data: bytes, sent_to: list[str]) -> str:
    from daybreak.delivery.returns.incoming import take_in  # its models want the settings first

    close_old_connections()
    return take_in(data, now(), sent_to)


async def keep_open(config: Config, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError when the port cannot be had."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    handler = Handler(config)
    limits = {"RCPT": 100, "*": 50}
    server = await loop.create_server(
        lambda: Door(
            handler,
            data_size_limit=LARGEST,
            timeout=IDLE,
            ident="Daybreak",
            enable_SMTPUTF8=True,
            command_call_limit=limits,
            loop=loop,
        ),
        host,
        port,
    )
    async with server:
        await told.wait()


def main() -> None:
    """Run the door by itself, as `daybreak serve` does."""
    import django

    django.setup()
    from django.conf import settings

    if settings.CONFIG.bounce_smtp is not None:
        asyncio.run(keep_open(settings.CONFIG, *settings.CONFIG.bounce_smtp))


if __name__ == "__main__":
    main()
