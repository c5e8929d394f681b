"""How somebody becomes a reader and gets in: sign-up, a mailed code or link, confirmation, trial.

No answer here tells a stranger whether an address is known: only the mail that is sent to it differs.
"""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower

from daybreak.circulation.address import parse_address
from daybreak.circulation.models import Consent, Notice, Period, Reader, WayIn
from daybreak.circulation.plans import current_plan
from daybreak.circulation.rates import LETTERS, knock
from daybreak.circulation.zones import zone_or_utc
from daybreak.common.keys import keyed_hash, new_token
from daybreak.common.models import note
from daybreak.common.refusal import Refused

# No vowels, so that no word comes out, and none of 0 O, 1 I L, 2 Z, 5 S, 8 B, U V that people mix up.
SIGNS = "CDFGHJKMNPQRTWXY34679"
CODE_LIFE = dt.timedelta(minutes=30)
LINK_LIFE = dt.timedelta(hours=24)
MOST_MISSES = 5


class NoEntry(Refused):
    """A code or link that lets nobody in (any more)."""


def reader_with(address: str) -> Reader | None:
    """The reader known by `address`, whatever its case."""
    # Through Lower(), which the unique index is built on; email__iexact would read the whole table.
    return Reader.objects.alias(lowered=Lower("email")).filter(lowered=address.lower()).first()


def sign_up(email: str, *, time_zone: str, wording: str, page: str, at: dt.datetime) -> Reader:
    """Take a sign-up: the reader, the words agreed to, and the letter now due, all or nothing.

    `time_zone` is the browser's guess, UTC when it is no IANA name. An address that is already with us keeps its
    reader and gets a way in instead. Raises NotAnAddress, or TooMany after five letters in an hour.
    """
    address = parse_address(email)
    with transaction.atomic():
        knock(LETTERS, address.lower(), at)
        reader = _reader_for(address, at)
        if reader.confirmed_at is None:
            # Anyone may have typed the address before; the last to ask is likelier to be the one who confirms.
            Reader.objects.filter(pk=reader.pk).update(time_zone=zone_or_utc(time_zone))
            Consent.objects.create(reader=reader, wording=wording, page=page[:200], at=at)
        kind = Notice.Kind.WELCOME_BACK if reader.confirmed_at else Notice.Kind.CONFIRM
        Notice.objects.create(reader=reader, kind=kind, made_at=at, due_at=at)
    reader.refresh_from_db()
    return reader


def ask_way_in(email: str, at: dt.datetime) -> None:
    """Make a letter with a way in due, if a reader has this address. Raises NotAnAddress or TooMany, for both alike."""
    address = parse_address(email)
    with transaction.atomic():
        knock(LETTERS, address.lower(), at)
        reader = reader_with(address)
        if reader is not None:
            kind = Notice.Kind.SIGN_IN if reader.confirmed_at else Notice.Kind.CONFIRM
            Notice.objects.create(reader=reader, kind=kind, made_at=at, due_at=at)


def make_way_in(reader: Reader, at: dt.datetime) -> tuple[str, str]:
    """A new way in for `reader`: a code “CDFG-HJKM” good for 30 minutes and a link's token good for a day, once.

    Only hashes of the two are stored, so they must go into a letter now or be lost.
    """
    code = "".join(secrets.choice(SIGNS) for _ in range(8))
    token = new_token()
    WayIn.objects.create(
        reader=reader,
        code_hash=_hash_code(code),
        link_hash=_hash_link(token),
        made_at=at,
        ends_at=at + LINK_LIFE,
    )
    return f"{code[:4]}-{code[4:]}", token


def enter_by_code(email: str, code: str, at: dt.datetime) -> Reader:
    """The reader whom `code` lets in, confirmed. Raises NoEntry or NotAnAddress; five misses kill the codes out.

    Misses do not touch the link, which cannot be guessed: else a stranger could keep a reader out.
    """
    reader = reader_with(parse_address(email))
    with transaction.atomic():
        # Locked, so that many guesses at once are counted one by one.
        out = WayIn.objects.select_for_update().filter(
            reader=reader, used_at__isnull=True, made_at__gt=at - CODE_LIFE, misses__lt=MOST_MISSES
        )
        fitting = next((way for way in out if way.code_hash == _hash_code(code)), None)
        entered = fitting is not None and _use(fitting, at)
        if not entered:
            out.update(misses=F("misses") + 1)
    # Raised outside the transaction, which would otherwise take the counted miss back.
    if reader is None or not entered:
        raise NoEntry("That code does not fit, or its half hour is over: ask for a new one.")
    reader.refresh_from_db()
    return reader


def link_is_open(token: str, at: dt.datetime) -> bool:
    """Whether a mailed link would let somebody in; looking changes nothing."""
    return WayIn.objects.filter(_open_link(token, at)).exists()


def enter_by_link(token: str, at: dt.datetime) -> Reader:
    """The reader whom the link's `token` lets in, confirmed. Raises NoEntry. Call it on POST only."""
    with transaction.atomic():
        way = WayIn.objects.select_related("reader").filter(_open_link(token, at)).first()
        if way is None or not _use(way, at):
            raise NoEntry("This link has been used, or its day is over: ask for a new one.")
    way.reader.refresh_from_db()
    return way.reader


def confirm(reader: Reader, at: dt.datetime) -> bool:
    """The address answers: confirm it and start the trial. Whether this was the first time."""
    with transaction.atomic():
        if not Reader.objects.filter(pk=reader.pk, confirmed_at__isnull=True).update(confirmed_at=at):
            return False
        note("confirmed", f"reader {reader.pk}", by="the reader", at=at)
        _start_trial(reader, at)
    return True


def forget_old_ways_in(at: dt.datetime) -> int:
    """Delete the ways in that ended before `at`; how many they were."""
    return WayIn.objects.filter(ends_at__lte=at).delete()[0]


def _reader_for(address: str, at: dt.datetime) -> Reader:
    known = reader_with(address)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return Reader.objects.create(email=address, created_at=at)
    except IntegrityError:
        # Two sign-ups at the same instant: the other one's reader is ours.
        return Reader.objects.alias(lowered=Lower("email")).get(lowered=address.lower())


def _use(way: WayIn, at: dt.datetime) -> bool:
    moved = WayIn.objects.filter(pk=way.pk, used_at__isnull=True).update(used_at=at)
    if moved:
        confirm(way.reader, at)
    return bool(moved)


def _start_trial(reader: Reader, at: dt.datetime) -> None:
    """Once a reader, ever: a trial that was, however it came about, is never begun again."""
    plan = current_plan()
    if plan.trial_days < 1 or reader.periods.filter(kind=Period.Kind.TRIAL).exists():
        return
    ends_at = at + dt.timedelta(days=plan.trial_days)
    Period.objects.create(reader=reader, kind=Period.Kind.TRIAL, starts_at=at, ends_at=ends_at)
    note("trial started", f"reader {reader.pk}", by="the reader", at=at, ends_at=ends_at.isoformat())


def _open_link(token: str, at: dt.datetime) -> Q:
    return Q(link_hash=_hash_link(token), used_at__isnull=True, ends_at__gt=at)


def _hash_code(code: str) -> str:
    typed = "".join(sign for sign in code.upper() if sign.isalnum())
    return keyed_hash(settings.SECRET_KEY, "way in code", typed)


def _hash_link(token: str) -> str:
    return keyed_hash(settings.SECRET_KEY, "way in link", token)
