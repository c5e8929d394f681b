"""A database that takes nothing: people hear of it though no alarm can be a row, once, and once when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from django.conf import settings
from django.db import OperationalError

from daybreak import running
from daybreak.common.post import Post, TryLater
from daybreak.delivery.watch.lastresort import AGAIN, FORGOTTEN, PATIENCE, LastResort
from daybreak.running import Clock, look
from tests.delivery.ledger import BERLIN_SIX, RememberingPost, parsed

FULL = OperationalError("database or disk is full")


@dataclass
class Night:
    """A night in which nothing is in the database: the time goes by in seconds, and mails come to one address."""

    post: RememberingPost
    moment: float = 1000.0
    away: bool = False

    def __post_init__(self) -> None:
        config = replace(settings.CONFIG, alarm_mail="night@paper.example", alarm_webhook="")
        self.resort = LastResort(config, self._open, lambda: self.moment)

    @contextmanager
    def _open(self) -> Iterator[Post]:
        if self.away:
            raise TryLater("The mail server is away.")
        yield self.post

    def failed(self, seconds: float) -> None:
        self.moment += seconds
        self.resort.failed(FULL, BERLIN_SIX)
        self.resort.wait()

    def well(self, seconds: float, *, wrote: bool = True) -> None:
        self.moment += seconds
        self.resort.well(BERLIN_SIX, wrote)
        self.resort.wait()

    @property
    def told(self) -> list[str]:
        return [str(parsed(message)["Subject"]) for _, message in self.post.taken]


@pytest.fixture
def night() -> Night:
    return Night(RememberingPost())


def test_trouble_that_lasts_is_told_once_and_once_when_it_is_over(night: Night) -> None:
    night.failed(0)
    night.failed(PATIENCE - 1)
    assert night.told == []
    night.failed(1)
    night.failed(AGAIN)
    night.well(1, wrote=False)  # what can be read may take no write
    night.failed(1)
    assert night.told == ["Alarm: database, database"]
    assert "make room on its disk" in parsed(night.post.taken[0][1]).get_content()
    night.well(1)
    night.well(1)
    assert night.told == ["Alarm: database, database", "Over: database, database"]


def test_a_database_that_was_started_anew_wakes_nobody(night: Night) -> None:
    night.failed(0)
    night.well(PATIENCE / 2)
    night.failed(PATIENCE)
    night.well(FORGOTTEN + 1, wrote=False)
    night.failed(PATIENCE)
    assert night.told == []


def test_who_could_not_be_told_is_told_later(night: Night) -> None:
    night.failed(0)
    night.away = True
    night.failed(PATIENCE)
    night.away = False
    night.failed(AGAIN - 1)
    assert night.told == []
    night.failed(1)
    assert night.told == ["Alarm: database, database"]


def test_what_nobody_heard_of_is_not_called_over(night: Night) -> None:
    night.away = True
    night.failed(0)
    night.failed(PATIENCE)
    night.away = False
    night.well(1)
    assert night.told == []


@pytest.mark.django_db
def test_the_clock_says_how_each_look_ended(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bool:
        raise FULL

    monkeypatch.setattr(running, "close_old_connections", lambda: None)  # it would end the test's transaction
    with monkeypatch.context() as patch:
        patch.setattr(running, "_set_going", full)
        for _ in range(2):
            night.moment += PATIENCE
            look(Clock(), night.resort)
            night.resort.wait()
    assert night.told == ["Alarm: database, database"]
    look(Clock(), night.resort)  # the hourly duty is due at the first look of every clock
    night.resort.wait()
    assert night.told[1:] == ["Over: database, database"]
