"""Doors of the site, tried by the people who come to them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.http import HttpResponse
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Period, Reader
from daybreak.circulation.sessions import COOKIE, sign_in
from daybreak.common.clock import now
from tests.conftest import make_reader


def browser_of(reader: Reader | None) -> Client:
    """A browser in which `reader` is signed in (nobody for None)."""
    client = Client()
    if reader is not None:
        response = HttpResponse()
        sign_in(response, reader, now())
        client.cookies[COOKIE] = response.cookies[COOKIE].value
    return client


@pytest.fixture
def people(db: None) -> dict[str, tuple[Reader | None, Client, bool]]:
    """Everybody who may come: the reader, a browser in which that reader is signed in, and whether they may read."""
    at = now()
    week = dt.timedelta(days=7)

    def on(name: str, kind: str, starts_at: dt.datetime, ends_at: dt.datetime | None) -> Reader:
        reader = make_reader(name, "UTC", kind="")
        Period.objects.create(reader=reader, kind=kind, starts_at=starts_at, ends_at=ends_at)
        return reader

    unconfirmed = make_reader("Uma", "UTC", kind="")
    Reader.objects.filter(pk=unconfirmed.pk).update(confirmed_at=None)
    unconfirmed.refresh_from_db()
    readers = {
        "visitor": (None, False),
        "unconfirmed": (unconfirmed, False),
        "never entitled": (make_reader("Nora", "UTC", kind=""), False),
        "on trial": (on("Tom", "trial", at - week, at + week), True),
        "trial over": (on("Theo", "trial", at - 2 * week, at - dt.timedelta(seconds=1)), False),
        "trial to come": (on("Tess", "trial", at + week, at + 2 * week), False),
        "subscriber": (on("Sam", "subscription", at - week, at + 50 * week), True),
        "lapsed": (on("Lea", "subscription", at - 60 * week, at - week), False),
        "comp": (on("Cleo", "comp", at - week, None), True),
    }
    return {name: (reader, browser_of(reader), may) for name, (reader, may) in readers.items()}


@pytest.fixture
def editor_browser(db: None) -> Client:
    """A browser in which an editor is signed in at the desk."""
    client = Client()
    client.force_login(User.objects.create_user("ines@paper.example", "Ines Calloway", "a long pass phrase"))
    return client
