"""Before the morning: what tomorrow's send would be, a test of the real mail, and the seeds that get it first.

A dry run changes nothing. A test mail is outside the ledger. Seeds are people of the house who see each edition in a
real inbox while there is still time to stop it.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count, F, QuerySet
from django.db.models.functions import TruncMinute

from daybreak.circulation.models import Reader
from daybreak.common.config import Config
from daybreak.common.dkim import signer
from daybreak.common.post import AddressRefused, InDoubt, Post, TryLater
from daybreak.delivery.letters import letter_of
from daybreak.delivery.models import Delivery, SeedMail, SendHold
from daybreak.delivery.mornings import over_everywhere, the_rules
from daybreak.delivery.planning import wanted_waves
from daybreak.delivery.watch.board import FirstWave, first_wave
from daybreak.desk.models import Edition
from daybreak.press.models import PressRun
from daybreak.press.renditions import current_run

OpenPost = Callable[[], AbstractContextManager[Post]]
LARGEST_HTML = 102_000  # bytes after which Gmail cuts a mail off
SEEDED_BEFORE = dt.timedelta(minutes=20)  # of the first wave: time to look, and to stop it
WAIT = dt.timedelta(minutes=2)
RATED_OVER = 5  # of the last editions
FEW = 60  # mails in the busiest minute below which it was the paper that was small, not the way that was slow
LINK = re.compile(r"""href\s*=\s*["']([^"']+)["']""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seed:
    """What became of a run's mail to one address of the house; `trouble` is what kept it, in the server's words."""

    address: str
    sent_at: dt.datetime | None
    attempts: int
    trouble: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a send would be. `mails` to how many readers in how many `waves`; `rate` in mails a second as the last
    editions went, None while they were too few to tell; sizes in bytes; `hindrances` are sentences."""

    edition: dt.date
    printed: bool
    mails: int
    waves: int
    first: FirstWave | None
    rate: float | None
    minutes_largest_wave: float | None
    size: int
    html_size: int
    headers: tuple[str, ...]
    signatures: int
    foreign_links: tuple[str, ...]
    seeds: tuple[Seed, ...]
    hindrances: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain values, dates and instants."""
        return asdict(self)


def rehearse(edition: Edition, at: dt.datetime, config: Config) -> Rehearsal:
    """What sending `edition` would be, as things stand at `at`; nothing is written."""
    run = current_run(edition)
    sizes = wanted_waves(edition, at)
    rate = _rate(edition)
    mail = specimen(run, config, config.mail_from, at) if run else b""
    message = message_from_bytes(mail, policy=policy.default)
    page = message.get_body(("html",)) if run else None
    html = page.get_content() if page is not None else ""
    foreign = tuple(
        sorted({url for url in LINK.findall(html) if _host(url) not in ("", _host(config.site_url))})
    )
    return Rehearsal(
        edition=edition.date,
        printed=run is not None,
        mails=sum(sizes.values()),
        waves=len(sizes),
        first=first_wave(edition.date, at),
        rate=rate,
        minutes_largest_wave=round(max(sizes.values()) / rate / 60, 1) if rate and sizes else None,
        size=len(mail),
        html_size=len(html.encode()),
        headers=tuple(message.keys()),
        signatures=len(message.get_all("DKIM-Signature", [])),
        foreign_links=foreign,
        seeds=seeds_of(run) if run else (),
        hindrances=tuple(_hindrances(run, html, message, bool(sizes))),
    )


def specimen(run: PressRun, config: Config, address: str, at: dt.datetime, mark: str = "") -> bytes:
    """The signed mail of a run as a reader of `address` would get it; `mark` stands before the subject.

    Its links to the account and to unsubscribing are those of nobody. Raises Refused when the mail is lost, NoAddress.
    """
    nobody = Reader(email=address)  # never saved: its tokens open nothing
    mail = letter_of(run, config).to(nobody, uuid.uuid4(), at)
    if mark:
        mail = mail.replace(b"\r\nSubject: ", b"\r\nSubject: " + mark.encode("ascii") + b" ", 1)
    return signer(config, config.mail_from).sign(mail)


def seeds_of(run: PressRun) -> tuple[Seed, ...]:
    """The seeds that a press run went, or is to go, to."""
    rows = SeedMail.objects.filter(run=run).order_by("address")
    return tuple(Seed(row.address, row.sent_at, row.attempts, row.last_error) for row in rows)


def seeds_due(at: dt.datetime, config: Config) -> bool:
    """Whether a seed is to get an edition at `at`."""
    runs = _to_seed(at, config)
    return any(_unseeded(run, config) for run in runs) or _owed(runs, at).exists()


def send_seeds(at: dt.datetime, config: Config, open_post: OpenPost) -> int:
    """Send each seed the editions whose first wave is near, once a press run; how many went out."""
    runs = _to_seed(at, config)
    for run in runs:
        rows = [SeedMail(run=run, address=address, due_at=at) for address in _unseeded(run, config)]
        SeedMail.objects.bulk_create(rows, ignore_conflicts=True)
    sent = 0
    for row in _owed(runs, at).select_related("run__edition"):
        mine = SeedMail.objects.filter(pk=row.pk, sent_at=None, attempts=row.attempts)
        if not mine.update(attempts=F("attempts") + 1, due_at=at + WAIT):
            continue
        mail = specimen(row.run, config, row.address, at, "[seed]")
        try:
            with open_post() as post:
                post.hand_over(config.mail_from, row.address, mail)
        except (TryLater, AddressRefused, InDoubt) as error:
            SeedMail.objects.filter(pk=row.pk).update(last_error=str(error)[:300])
        else:
            SeedMail.objects.filter(pk=row.pk).update(sent_at=at, last_error="")
            sent += 1
    return sent


def _to_seed(at: dt.datetime, config: Config) -> list[PressRun]:
    """The runs that count of editions whose first wave is near or running, and that nobody stopped."""
    if not config.seeds:
        return []
    lately = Edition.objects.filter(press_runs__isnull=False, date__gte=(at - dt.timedelta(days=2)).date())
    stopped = SendHold.objects.filter(kind=SendHold.Kind.STOP, lifted_at__isnull=True).values("edition")
    rules = the_rules()
    found = []
    for edition in lately.exclude(pk__in=stopped).distinct():
        first = first_wave(edition.date, at)
        if first and first.at - SEEDED_BEFORE <= at <= over_everywhere(edition.date, rules):
            run = current_run(edition)
            found += [run] if run else []
    return found


def _unseeded(run: PressRun, config: Config) -> list[str]:
    held = set(SeedMail.objects.filter(run=run).values_list("address", flat=True))
    return [address for address in config.seeds if address not in held]


def _owed(runs: list[PressRun], at: dt.datetime) -> QuerySet[SeedMail]:
    """Seeds of `runs` that wait: when the run's mornings are over, nothing fires any more."""
    return SeedMail.objects.filter(run__in=runs, sent_at=None, due_at__lte=at, attempts__lt=10)


def _hindrances(run: PressRun | None, html: str, message: Any, anybody: bool) -> list[str]:
    if run is None:
        return ["The edition is not printed: approve it, and the press takes it."]
    found = []
    if not anybody:
        found.append("Nobody is to have it by mail.")
    if len(html.encode()) > LARGEST_HTML:
        found.append(
            f"The page of the mail has {len(html.encode()):,} bytes, and Gmail cuts it off at 102,000: shorten it."
        )
    if not message.get_all("DKIM-Signature"):
        found.append("The mail is not signed: make the keys with `daybreak mail keys`.")
    if missing := {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"} - set(message.keys()):
        found.append(f"Its head lacks {', '.join(sorted(missing))}.")
    return found


def _rate(edition: Edition) -> float | None:
    """Mails a second in the busiest minute of each of the last editions, on average: their first waves may be small."""
    before = Edition.objects.filter(date__lt=edition.date, deliveries__state=Delivery.State.HANDED_OVER)
    peaks = []
    for each in before.distinct().order_by("-date")[:RATED_OVER]:
        rows = Delivery.objects.filter(edition=each, state=Delivery.State.HANDED_OVER)
        minutes = rows.annotate(minute=TruncMinute("handed_over_at")).order_by().values("minute")
        busiest = minutes.annotate(mails=Count("*")).order_by("-mails").first()
        if busiest and busiest["mails"] >= FEW:
            peaks.append(busiest["mails"] / 60)
    return round(sum(peaks) / len(peaks), 2) if peaks else None


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return "?"
