"""Signing in slowly enough that guessing a password is hopeless, and quickly for whoever knows it."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from daybreak.accounts.models import SignInMiss

MISSES = 5
WITHIN = dt.timedelta(minutes=15)
_KEPT = dt.timedelta(days=1)


def wait_before_trying(email: str, remote: str, at: dt.datetime) -> int:
    """Minutes until another try is heard, 0 when one is heard now.

    After 5 misses within 15 minutes for one address, or from one place, further tries are not even looked at.
    """
    tried = SignInMiss.objects.filter(at__gt=at - WITHIN)
    waits = [0]
    for one in (Q(email=_key(email)), Q(remote=remote)):
        latest = list(tried.filter(one).order_by("-at").values_list("at", flat=True)[:MISSES])
        if len(latest) == MISSES:
            waits.append(int((latest[-1] + WITHIN - at).total_seconds() // 60) + 1)
    return max(waits)


def note_miss(email: str, remote: str, at: dt.datetime) -> None:
    """Remember a sign-in that failed; misses a day old are forgotten."""
    SignInMiss.objects.filter(at__lt=at - _KEPT).delete()
    SignInMiss.objects.create(email=_key(email), remote=remote[:64], at=at)


def forget_misses(email: str, remote: str) -> None:
    """A person who is in has proved who they are: their address starts afresh, and so does the place."""
    SignInMiss.objects.filter(Q(email=_key(email)) | Q(remote=remote)).delete()


def _key(email: str) -> str:
    return email.strip().lower()[:254]
