"""The small named world that tests share: Ada in Auckland, Ben in Berlin, and the night of 5 to 6 May 2022."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Generator

import pytest
from django.db import connection
from pytest_django.plugin import blocking_manager_key

from daybreak.circulation.models import Period, Reader
from daybreak.desk.editionfile import read_edition
from daybreak.desk.editions import approve, replace_with, standing_sections
from daybreak.desk.manuscript import StandingSection
from daybreak.desk.models import Edition
from daybreak.press.house import paper, voice
from daybreak.press.models import PressRun
from daybreak.press.printing import Rendered, render, store
from daybreak.wire.filing import filer_of_this_process
from tests.world import SMALL_EDITION

UTC = dt.UTC
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell starts what is to go on in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """A test with transactions of its own empties all tables when it ends, those too that migrations had filled: its
    neighbours in the process need them. After the last one the database is gone."""
    yield
    if nextitem is None:
        return
    marker = item.get_closest_marker("django_db")
    filled = getattr(connection, "_test_serialized_contents", "")
    if filled and marker is not None and marker.kwargs.get("transaction"):
        with item.config.stash[blocking_manager_key].unblock():
            connection.creation.deserialize_db_from_string(filled)


NIGHT = dt.datetime(2022, 5, 5, 16, 0, tzinfo=UTC)  # Friday is near in Auckland, the desk has closed
FRIDAY = dt.date(2022, 5, 6)
STANDING = (
    StandingSection("Need to Know", "lead"),
    StandingSection("The World, Briefly", "briefs"),
    StandingSection("Discoveries", "discovery"),
)


def make_reader(name: str, time_zone: str, kind: str = "subscription", **fields: object) -> Reader:
    """A confirmed reader with an open-ended period of `kind` that began on 1 April 2022."""
    began = dt.datetime(2022, 4, 1, tzinfo=UTC)
    reader = Reader.objects.create(
        email=f"{name.lower()}@example.org",
        name=name,
        time_zone=time_zone,
        created_at=began,
        confirmed_at=began,
        **fields,
    )
    if kind:
        Period.objects.create(reader=reader, kind=kind, starts_at=began)
    return reader


@pytest.fixture(autouse=True)
def filer_without_memory() -> None:
    """A test's database is empty again after it, which the filer of this process cannot know."""
    filer_of_this_process.cache_clear()


@pytest.fixture
def ada(db: None) -> Reader:
    return make_reader("Ada", "Pacific/Auckland")


@pytest.fixture
def ben(db: None) -> Reader:
    return make_reader("Ben", "Europe/Berlin")


@pytest.fixture
def small_edition(db: None) -> Edition:
    """The small edition of Friday 6 May 2022, open on the desk."""
    return replace_with(read_edition(SMALL_EDITION, standing_sections()), at=NIGHT, by="Ines Calloway")


@pytest.fixture
def approved(small_edition: Edition) -> Edition:
    """The small edition, approved by name."""
    approve(small_edition, by="Ines Calloway", at=NIGHT)
    small_edition.refresh_from_db()
    return small_edition


@pytest.fixture(scope="session")
def rendered() -> Rendered:
    """The small edition's renditions, made once by the real press and its voice: the slow part of a run."""
    manuscript = read_edition(SMALL_EDITION, STANDING)
    return render(manuscript, paper=paper(), voice=voice, previous=None, at=NIGHT)


@pytest.fixture
def pressed(approved: Edition, rendered: Rendered) -> PressRun:
    """The small edition, pressed."""
    return store(approved, rendered, at=NIGHT, by="the clock")
