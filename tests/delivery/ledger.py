"""What the tests of delivery share: printed editions, readers in numbers, and a post that remembers."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from daybreak.circulation.models import Period, Reader
from daybreak.common.post import Post
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.models import Delivery
from daybreak.delivery.sending import deliver_due
from daybreak.desk.models import Edition
from daybreak.press.models import PressRun, Rendition

UTC = dt.UTC
FRIDAY = dt.date(2022, 5, 6)
NIGHT = dt.datetime(2022, 5, 5, 16, tzinfo=UTC)
BERLIN_SIX = dt.datetime(2022, 5, 6, 4, tzinfo=UTC)
AUCKLAND_SIX = dt.datetime(2022, 5, 5, 18, tzinfo=UTC)

PAGE = """<!doctype html><html><body><h1>Of Their Own Accord – Été</h1><p>{filler}</p>
<p><a href="%%READ_URL%%">Read</a> <a href="%%LISTEN_URL%%">Listen</a></p><div>%%NOTE%%</div>%%LATE%%
<p><a href="%%ACCOUNT_URL%%">Account</a> <a href="%%UNSUBSCRIBE_URL%%">Stop</a></p></body></html>
"""
TEXT = """OF THEIR OWN ACCORD – été

.A line that begins with a dot, {filler}
%%NOTE%%
%%LATE%%
Read: %%READ_URL%%
Listen: %%LISTEN_URL%%
Account: %%ACCOUNT_URL%% and stop: %%UNSUBSCRIBE_URL%%"""


def printed(
    day: dt.date = FRIDAY,
    at: dt.datetime = NIGHT,
    subject: str = "Terms of Departure – été",
    briefs: dict[str, str] | None = None,
) -> Edition:
    """An approved edition of `day` with a press run whose mail is stored; called again it prints one more run.

    `briefs` is what the run's manuscript says: slug → text.
    """
    edition, _ = Edition.objects.update_or_create(
        date=day,
        defaults={"state": "approved", "approved_at": at, "approved_by": "Ines", "created_at": at},
    )
    number = edition.press_runs.count() + 1
    copies = [{"slug": slug, "body": body} for slug, body in (briefs or {}).items()]
    manuscript = {"sections": [{"briefs": copies}]}
    run = PressRun.objects.create(
        edition=edition,
        number=number,
        manuscript=manuscript,
        approved_at=at,
        pressed_at=at,
        pressed_by="Ines",
    )
    filler = "word " * 300 + f"run {number}"
    for name, words, facts in (("mail.html", PAGE, {"subject": subject}), ("mail.txt", TEXT, {})):
        data = words.format(filler=filler).encode()
        path = storages["press"].save(f"{day}/{number}/{name}", ContentFile(data))
        Rendition.objects.create(
            run=run,
            name=name,
            media_type="text/plain",
            path=path,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            facts=facts,
        )
    return edition


def many_readers(number: int, time_zone: str = "Europe/Berlin") -> None:
    """Confirmed subscribers since 1 April 2022, reader000@example.org and on."""
    began = dt.datetime(2022, 4, 1, tzinfo=UTC)
    readers = Reader.objects.bulk_create(
        Reader(
            email=f"reader{index:03}@example.org", time_zone=time_zone, created_at=began, confirmed_at=began
        )
        for index in range(number)
    )
    Period.objects.bulk_create(
        Period(reader=reader, kind="subscription", starts_at=began) for reader in readers
    )


class RememberingPost:
    """Keeps what it takes; `trouble` may raise instead, given the recipient and how many were tried before."""

    def __init__(self, trouble: Callable[[str, int], None] = lambda recipient, number: None) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.trouble = trouble
        self.tried = 0

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        self.tried += 1
        self.trouble(recipient, self.tried - 1)
        self.taken.append((recipient, message))

    @property
    def recipients(self) -> list[str]:
        """Who got a mail, in order."""
        return [recipient for recipient, _ in self.taken]


def deliver(post: Post, at: dt.datetime | Callable[[], dt.datetime]) -> Sent:
    """Send what is due by `post`, at an instant or by a clock."""

    @contextmanager
    def the_post() -> Iterator[Post]:
        yield post

    return deliver_due(the_post, at)


def states() -> dict[str, int]:
    """How many rows are in each state, those at nought left out."""
    found = sorted(Delivery.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in found}


def parsed(data: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def failing(error: Exception, *numbers: int) -> Callable[[str, int], None]:
    """Trouble that raises `error` at these tries, or at each when none is named."""

    def trouble(recipient: str, number: int) -> None:
        if not numbers or number in numbers:
            raise error

    return trouble
