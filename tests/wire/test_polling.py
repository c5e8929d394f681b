from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from daybreak.wire import polling
from daybreak.wire.models import Article, Source
from daybreak.wire.network.fetching import Outcome
from daybreak.wire.network.pacing import LONGEST
from daybreak.wire.outlets.sources import add_source
from daybreak.wire.polling import Polled, poll, sources_due
from tests.wire.feedserver import FeedServer

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)
QUARTER = dt.timedelta(minutes=15)


def go(server: FeedServer, at: dt.datetime = AT) -> Polled:
    return poll(at, user_agent="Test/1", allow=[server.endpoint], deadline=2.0)


def source(server: FeedServer, path: str) -> Source:
    return add_source(path, server.base + path)[0]


def test_a_round_settles_each_source_by_itself(server: FeedServer) -> None:
    for path in ("/items", "/drip", "/missing", "/page", "/empty", "/gone", "/bomb"):
        source(server, path)
    done = go(server)
    assert (done.asked, len(done.failed), done.filed.new) == (7, 6, 2)
    errors = dict(Source.objects.values_list("name", "last_error"))
    assert errors["/items"] == ""
    assert "404" in errors["/missing"]
    assert "web page" in errors["/page"]
    assert "empty" in errors["/empty"]
    assert "10 MB" in errors["/bomb"]
    assert "within 2 seconds" in errors["/drip"]
    assert set(Source.objects.filter(active=False).values_list("name", flat=True)) == {"/gone"}
    assert set(Article.objects.values_list("source__name", flat=True)) == {"/items"}


def test_a_source_is_asked_again_only_when_it_is_due(server: FeedServer) -> None:
    source(server, "/items")
    assert sources_due(AT)
    assert go(server).asked == 1
    assert not sources_due(AT + QUARTER / 2)
    assert go(server, AT + QUARTER / 2).asked == 0
    again = go(server, AT + QUARTER)
    assert (again.asked, again.filed.unchanged, again.filed.new) == (1, 2, 0)


def test_failures_wait_longer_each_time_and_a_good_answer_forgets_them(server: FeedServer) -> None:
    failing = source(server, "/missing")
    waits = []
    at = AT
    for _ in range(9):
        go(server, at)
        failing.refresh_from_db()
        assert failing.next_due_at is not None
        waits.append(failing.next_due_at - at)
        at = failing.next_due_at
    assert waits[:3] == [2 * QUARTER, 4 * QUARTER, 8 * QUARTER]
    assert waits[-1] == dt.timedelta(hours=24)
    Source.objects.update(feed_url=server.base + "/items")
    go(server, at)
    failing.refresh_from_db()
    assert (failing.failures, failing.last_error, failing.last_good_at) == (0, "", at)


def test_a_busy_server_is_left_alone_as_long_as_it_asks(server: FeedServer) -> None:
    busy = source(server, "/busy")
    go(server)
    busy.refresh_from_db()
    assert busy.next_due_at == AT + dt.timedelta(hours=1)


def test_a_feed_that_says_weekly_is_asked_as_late_as_a_night_allows(server: FeedServer) -> None:
    weekly = source(server, "/weekly")
    go(server)
    weekly.refresh_from_db()
    assert weekly.next_due_at == AT + LONGEST


def test_a_quiet_feed_is_asked_ever_later(server: FeedServer) -> None:
    quiet = source(server, "/items")
    intervals = []
    for hour in range(6):
        Source.objects.update(next_due_at=None)
        go(server, AT + dt.timedelta(hours=hour))
        quiet.refresh_from_db()
        intervals.append(quiet.interval)
    assert intervals == [900, 1125, 1406, 1758, 2198, 2748]


def test_a_feed_that_is_gone_is_retired_and_one_that_is_edited_meanwhile_keeps_its_new_address(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = source(server, "/gone")
    go(server)
    gone.refresh_from_db()
    assert (gone.active, gone.retired_at) == (False, AT)
    Source.objects.update(active=True, retired_at=None, next_due_at=None)
    real: Callable[..., Iterator[Outcome]] = vars(polling)["fetch"]

    def edited(*args: Any, **kwargs: Any) -> Iterator[Outcome]:
        Source.objects.update(feed_url=server.base + "/items")
        return real(*args, **kwargs)

    monkeypatch.setattr(polling, "fetch", edited)
    go(server)
    gone.refresh_from_db()
    assert gone.active


def test_an_unchanged_feed_is_a_good_answer(server: FeedServer) -> None:
    kept = source(server, "/cached")
    Source.objects.update(etag='"1"', last_modified="Thu, 05 May 2022 17:30:00 GMT", failures=3)
    assert go(server).unchanged == 1
    kept.refresh_from_db()
    assert (kept.failures, kept.etag, kept.last_good_at) == (0, '"1"', AT)


def test_a_round_that_dies_leaves_its_sources_to_the_next_but_one_interval_later(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source(server, "/items")

    def dies(*_: object, **__: object) -> Iterator[Outcome]:
        assert not sources_due(AT), "another round would ask the same sources"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(polling, "fetch", dies)
        with pytest.raises(KeyboardInterrupt):
            go(server)
    assert go(server, AT + QUARTER).filed.new == 2


def test_each_feed_of_a_round_keeps_its_own_pace(server: FeedServer) -> None:
    busy, quiet = source(server, "/items"), source(server, "/good")
    Source.objects.update(last_good_at=AT - QUARTER)
    assert go(server).filed.new == 2
    busy.refresh_from_db()
    quiet.refresh_from_db()
    assert busy.interval < 900 < quiet.interval
