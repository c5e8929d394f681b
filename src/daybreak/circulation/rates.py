"""How often something may be asked for. The counts live in the database, so that all processes share them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from daybreak.circulation.models import Knock
from daybreak.common.keys import keyed_hash
from daybreak.common.refusal import Refused

WINDOW = dt.timedelta(hours=1)


class TooMany(Refused):
    """Asked too often; the sentence says when to come back."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` knocks an hour by one asker, else `sentence`."""

    name: str
    most: int
    sentence: str


# Counted by the address that was typed, whether a reader has it or not: the answer must not tell the two apart.
LETTERS = Limit("letters", 5, "We have written to that address several times already: try again in an hour.")
# A campus shares one network address, and a class may sign up in one lesson.
JOINING = Limit("joining", 300, "There were many requests from your network: try again in an hour.")


def knock(limit: Limit, who: str, at: dt.datetime) -> None:
    """Count one knock by `who` (a mail or network address, of which only a keyed hash is kept) at `at`.

    Raises TooMany when the hour's number is used up; such a knock is not counted.
    """
    hashed = keyed_hash(settings.SECRET_KEY, f"knock {limit.name}", who)
    if Knock.objects.filter(who=hashed, at__gt=at - WINDOW, at__lte=at).count() >= limit.most:
        raise TooMany(limit.sentence)
    Knock.objects.create(who=hashed, at=at)


def forget_old_knocks(at: dt.datetime) -> int:
    """Delete the knocks that no longer count at `at`; how many they were."""
    return Knock.objects.filter(at__lte=at - WINDOW).delete()[0]
