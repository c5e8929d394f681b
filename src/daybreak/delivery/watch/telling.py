"""Telling people of an alarm: by mail and by webhook, each message once, again and again until it got through."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiohttp
from django.db.models import F, Q, QuerySet

from daybreak.common.config import Config
from daybreak.common.dkim import signer
from daybreak.common.post import AddressRefused, InDoubt, Post, TryLater
from daybreak.delivery.models import Telling
from daybreak.delivery.watch.sealing import seal
from daybreak.wire.network.fetching import PrivateAddress
from daybreak.wire.network.publicnet import addresses_of, is_public

OpenPost = Callable[[], AbstractContextManager[Post]]
WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 10))  # the last one for ever after
DEADLINE = 10.0  # seconds a webhook may take


class NotTold(Exception):
    """A webhook did not take the message. The message is a sentence."""


def tell_what_is_due(at: dt.datetime, config: Config, open_post: OpenPost) -> int:
    """Send the messages about alarms that are due at `at`; how many got through.

    Each is claimed by moving its next try before it is sent, so two processes do not tell it twice. One whose
    answer was lost is told again: an alarm heard twice does no harm.
    """
    told = 0
    for telling in waiting_tellings(at).select_related("alarm")[:50]:
        wait = WAITS[min(telling.attempts, len(WAITS) - 1)]
        mine = Telling.objects.filter(pk=telling.pk, told_at=None, attempts=telling.attempts)
        if not mine.update(attempts=F("attempts") + 1, due_at=at + wait):
            continue
        error = tell(telling, at, config, open_post)
        sent = {"last_error": error[:300]} if error else {"told_at": at, "last_error": ""}
        Telling.objects.filter(pk=telling.pk).update(**sent)
        told += not error
    return told


def waiting_tellings(at: dt.datetime) -> QuerySet[Telling]:
    """The messages that are due at `at`, and those that a clock which ran ahead put off beyond every wait."""
    due = Q(due_at__lte=at) | Q(due_at__gt=at + WAITS[-1])
    return Telling.objects.filter(due, told_at=None)


def message_of(telling: Telling, config: Config, at: dt.datetime) -> bytes:
    """The mail about an alarm, RFC 5322 with CRLF line ends, dated `at`."""
    alarm = telling.alarm
    over = telling.news == Telling.News.CLEARED
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(config.paper_name, addr_spec=config.mail_from)
    mail["To"] = Address(addr_spec=config.alarm_mail)
    mail["Subject"] = f"{'Over' if over else 'Alarm'}: {alarm.kind}, {alarm.subject}"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{telling.pk}@{config.mail_from.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    first = "This is over." if over else alarm.sentence
    mail.set_content(f"{first}\n\n{'It was: ' + alarm.sentence if over else ''}\n\n{_board(config)}\n")
    return mail.as_bytes()


def payload_of(telling: Telling, config: Config) -> dict[str, str | None]:
    """What a webhook gets: `text` for chat services, the rest for programs; instants in ISO 8601."""
    alarm = telling.alarm
    over = telling.news == Telling.News.CLEARED
    return {
        "text": f"{'Over: ' if over else ''}{alarm.sentence}",
        "id": str(telling.pk),
        "news": telling.news,
        "kind": alarm.kind,
        "subject": alarm.subject,
        "raised_at": alarm.raised_at.isoformat(),
        "cleared_at": alarm.cleared_at.isoformat() if alarm.cleared_at else None,
        "board": _board(config),
    }


def tell(telling: Telling, at: dt.datetime, config: Config, open_post: OpenPost) -> str:
    """Send one message, which need not be a row; "" when it got through, else why not."""
    try:
        if telling.way == Telling.Way.WEBHOOK:
            body = json.dumps(payload_of(telling, config)).encode()
            headers = {"Content-Type": "application/json", **seal(str(telling.pk), body, at)}
            asyncio.run(_post(config.alarm_webhook, body, headers, config.wire_allow))
        else:
            with open_post() as post:
                mail = signer(config, config.mail_from).sign(message_of(telling, config, at))
                post.hand_over(config.mail_from, config.alarm_mail, mail)
    except (TryLater, AddressRefused, InDoubt, NotTold) as error:
        return str(error)
    except OSError as error:  # an outbox, or a key, on a disk that is full
        return f"{error.strerror or error}."
    return ""


async def _post(url: str, body: bytes, headers: dict[str, str], allow: tuple[str, ...]) -> None:
    """POST `body`; no redirect is followed. Raises NotTold."""

    allowed = {address for endpoint in allow for address in addresses_of(endpoint)}

    def guarded(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, proto, _, address = info
        if not is_public(str(address[0])) and (str(address[0]), int(address[1])) not in allowed:
            raise PrivateAddress(f"{address[0]} is not a public address")
        return socket.socket(family, kind, proto)

    connector = aiohttp.TCPConnector(socket_factory=guarded)
    try:
        async with (
            asyncio.timeout(DEADLINE),
            aiohttp.ClientSession(connector=connector, trust_env=False) as session,
            session.post(
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise NotTold(f"The webhook answered {answer.status}: check DAYBREAK_ALARM_WEBHOOK.")
    except TimeoutError as error:
        raise NotTold(f"The webhook did not answer within {DEADLINE:g} seconds.") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if isinstance(getattr(error, "os_error", None), PrivateAddress):
            raise NotTold(
                "The webhook leads to a private address: name it in DAYBREAK_WIRE_ALLOW as HOST:PORT."
            ) from error
        raise NotTold(f"The webhook cannot be reached: {' '.join(str(error).split())[:150]}.") from error


def _board(config: Config) -> str:
    return f"{config.site_url}/desk/board/"
