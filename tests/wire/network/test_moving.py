from __future__ import annotations

import datetime as dt

import pytest

from daybreak.wire.models import Source
from daybreak.wire.network import moving
from daybreak.wire.outlets.health import health
from daybreak.wire.outlets.sources import add_source
from daybreak.wire.polling import poll
from tests.wire.feedserver import FeedServer

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def ask(server: FeedServer, *days: float) -> Source:
    for day in days:
        Source.objects.update(next_due_at=None)
        poll(AT + day * DAY, user_agent="Test/1", allow=[server.endpoint], deadline=2.0)
    return Source.objects.get(name="Courier")


def test_a_move_is_made_after_it_was_seen_for_days(server: FeedServer) -> None:
    add_source("Courier", server.base + "/moved")
    source = ask(server, 0, 0.1, 0.2)
    assert (source.feed_url, source.moved_seen) == (server.base + "/moved", 3)
    assert "redirects for good" in health(AT)[0].why
    source = ask(server, 2)
    assert (source.feed_url, source.moved_to) == (server.base + "/items", "")
    assert source.last_good_at == AT + 2 * DAY


def test_a_move_that_ends_is_forgotten(server: FeedServer) -> None:
    add_source("Courier", server.base + "/moved")
    ask(server, 0, 1)
    Source.objects.update(feed_url=server.base + "/good")
    assert ask(server, 3).moved_to == ""


def test_no_move_leads_from_the_public_internet_into_a_private_network(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_source("Courier", server.base + "/moved")
    monkeypatch.setattr(moving, "is_public_host", lambda url: url.endswith("/moved"))
    source = ask(server, 0, 1, 2, 3)
    assert (source.feed_url, source.moved_seen) == (server.base + "/moved", 4)


def test_a_move_to_the_feed_of_another_source_pauses_this_one(server: FeedServer) -> None:
    add_source("Ledger", server.base + "/items")
    add_source("Courier", server.base + "/moved")
    source = ask(server, 0, 1, 2)
    assert (source.active, source.feed_url) == (False, server.base + "/moved")
    assert source.last_error == "Its feed has moved to that of Ledger: it is paused, remove it."
