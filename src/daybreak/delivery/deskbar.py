"""What the bar of every desk page counts: replies that wait, and alarms that ring. A context processor.

The desk's own room knows neither; nothing is asked unless a page shows the bar, or looks on and is told of alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from daybreak.delivery.returns.replydesk import waiting
from daybreak.delivery.watch.alarms import ringing


@dataclass(frozen=True, slots=True)
class Tally:
    """A number beside an entry, and what it says in words; nothing at nought."""

    number: int
    words: str


class Bar:
    """The tallies of one request; each asks the database once. Who is not signed in is told nothing."""

    def __init__(self, request: HttpRequest) -> None:
        user = getattr(request, "user", None)
        self._told = bool(user and user.is_authenticated and user.is_active)
        self._known = request.GET.get("alarms")

    @cached_property
    def replies(self) -> Tally:
        """Replies that wait: “3 replies wait”."""
        number = waiting() if self._told else 0
        return Tally(number, "1 reply waits" if number == 1 else f"{number} replies wait")

    @cached_property
    def alarms(self) -> Tally:
        """Open alarms: “1 alarm is open”."""
        number = ringing() if self._told else 0
        return Tally(number, "1 alarm is open" if number == 1 else f"{number} alarms are open")

    @property
    def alarms_changed(self) -> bool:
        """Whether a page that looks on shows another number of alarms (`?alarms=`) than there are."""
        return self._known is not None and self._known != str(self.alarms.number)


def desk_bar(request: HttpRequest) -> dict[str, Bar]:
    """`bar` for templates."""
    return {"bar": Bar(request)}
