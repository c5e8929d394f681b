"""The small named world that tests share: Ada in Auckland, Ben in Berlin, and the night of 5 to 6 May 2022."""

from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.models import Period, Reader

UTC = dt.UTC
NIGHT = dt.datetime(2022, 5, 5, 16, 0, tzinfo=UTC)  # Friday is near in Auckland, the desk has closed
FRIDAY = dt.date(2022, 5, 6)


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


@pytest.fixture
def ada(db: None) -> Reader:
    return make_reader("Ada", "Pacific/Auckland")


@pytest.fixture
def ben(db: None) -> Reader:
    return make_reader("Ben", "Europe/Berlin")
