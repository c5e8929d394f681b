from __future__ import annotations

import datetime as dt
import time

import pytest

from daybreak.wire.network.fetching import Outcome, Request, fetch
from daybreak.wire.network.pacing import retry_after
from daybreak.wire.network.publicnet import is_public
from tests.wire.feedserver import FEED, FeedServer

AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)


def ask(server: FeedServer, *paths: str, deadline: float = 5.0) -> list[Outcome]:
    requests = [Request(key, server.base + path) for key, path in enumerate(paths)]
    return list(fetch(requests, user_agent="Test/1", at=AT, allow=[server.endpoint], deadline=deadline))


def test_a_feed_comes_with_what_makes_the_next_request_conditional(server: FeedServer) -> None:
    (outcome,) = ask(server, "/good")
    assert (outcome.status, outcome.body, outcome.etag, outcome.error) == (200, FEED, '"1"', "")


def test_an_unchanged_feed_sends_nothing(server: FeedServer) -> None:
    request = Request(1, server.base + "/cached", etag='"1"', last_modified="Thu, 05 May 2022 17:30:00 GMT")
    (outcome,) = fetch([request], user_agent="Test/1", at=AT, allow=[server.endpoint])
    assert (outcome.status, outcome.body, outcome.error) == (304, b"", "")


def test_a_feed_that_drips_ends_at_the_deadline_and_holds_nobody_up(server: FeedServer) -> None:
    began = time.monotonic()
    first, second = ask(server, "/drip", "/good", deadline=1.0)
    assert time.monotonic() - began < 30  # not for ever
    assert (first.key, first.status) == (1, 200)
    assert second.error == "It did not answer in full within 1 seconds."


@pytest.mark.parametrize("path", ["/huge", "/bomb"])
def test_too_much_is_cut_off_after_decompression(server: FeedServer, path: str) -> None:
    (outcome,) = ask(server, path)
    assert outcome.error == "It sent more than 10 MB, too much for a feed."
    assert outcome.body == b""


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://2130706433:1/",
               "http://[::ffff:127.0.0.1]:1/", "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://0.0.0.0:1/"]
)  # fmt: skip
def test_no_redirect_leads_into_the_private_network(server: FeedServer, target: str) -> None:
    (outcome,) = ask(server, f"/redirect?to={target}")
    assert outcome.status == 0
    assert "private address" in outcome.error or "no web address" in outcome.error


def test_loopback_is_refused_unless_it_is_allowed(server: FeedServer) -> None:
    (outcome,) = fetch([Request(1, server.base + "/good")], user_agent="Test/1", at=AT)
    assert "private address" in outcome.error


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://a.example/"])
def test_only_web_addresses_are_followed(server: FeedServer, target: str) -> None:
    (outcome,) = ask(server, f"/redirect?to={target}")
    assert outcome.status == 0
    assert outcome.error == "Its address, or one it redirects to, is no web address."


def test_every_kind_of_refusal_is_a_sentence(server: FeedServer) -> None:
    outcomes = {
        outcome.key: outcome for outcome in ask(server, "/missing", "/gone", "/busy", "/loop", "/cut")
    }
    assert [outcomes[key].status for key in range(5)] == [404, 410, 503, 0, 0]
    assert outcomes[0].error == "It answered 404 Not Found."
    assert outcomes[2].retry_after == dt.timedelta(hours=1)
    assert outcomes[3].error == "It redirects more than five times."
    assert all(outcome.error.endswith(".") for outcome in outcomes.values())


def test_no_host_is_asked_for_more_than_two_feeds_at_once(server: FeedServer) -> None:
    outcomes = ask(server, *["/slowish"] * 10)
    assert [outcome.status for outcome in outcomes] == [200] * 10
    assert server.most_at_once == 2


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1", True), ("127.0.0.1", False), ("10.1.2.3", False), ("100.64.0.1", False),
     ("224.0.0.1", False), ("::1", False), ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:10.0.0.1", False),
     ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("0.0.0.0", False)],
)  # fmt: skip
def test_public_addresses_are_told_from_private_ones(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after("120", AT) == dt.timedelta(minutes=2)
    assert retry_after("Fri, 06 May 2022 05:10:00 GMT", AT) == dt.timedelta(minutes=10)
    assert retry_after("999999999999", AT) == dt.timedelta(days=1)
    assert [retry_after(text, AT) for text in ("", "soon", "-5", "Fri, 06 May 2022 04:00:00 GMT")] == [
        None
    ] * 4


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_endpoint_may_be_allowed_by_name(server: FeedServer, host: str) -> None:
    port = server.endpoint.rpartition(":")[2]
    for allowed in (f"127.0.0.1:{port}", f"localhost:{port}"):
        request = Request(1, f"http://{host}:{port}/good")
        (outcome,) = fetch([request], user_agent="Test/1", at=AT, allow=[allowed])
        assert outcome.status == 200, outcome.error
    (outcome,) = fetch([request], user_agent="Test/1", at=AT, allow=["localhost:1", "nobody.invalid:80"])
    assert "private address" in outcome.error


def test_a_server_out_of_reach_is_told_in_plain_words(server: FeedServer) -> None:
    port = server.endpoint.rpartition(":")[2]
    urls = [
        "http://127.0.0.1:1/",
        "http://nobody.invalid/",
        f"https://127.0.0.1:{port}/",
        f"{server.base}/cut",
    ]
    requests = [Request(key, url) for key, url in enumerate(urls)]
    allowed = ["127.0.0.1:1", server.endpoint]
    said = {outcome.key: outcome.error for outcome in fetch(requests, user_agent="T/1", at=AT, allow=allowed)}
    assert said[0] == "It cannot be reached (Connection refused)."
    assert said[1].startswith("It cannot be reached (")
    assert said[2] == "Its TLS certificate or connection is not valid."
    assert said[3] == "It broke off, or is not packed as it says."


def test_a_slow_server_does_not_hold_up_another_on_the_same_machine(server: FeedServer) -> None:
    other = FeedServer()
    try:
        requests = [Request(key, server.base + "/drip") for key in range(3)]
        requests.append(Request(9, other.base + "/good"))
        allowed = [server.endpoint, other.endpoint]
        outcomes = list(fetch(requests, user_agent="T/1", at=AT, allow=allowed, deadline=1.0))
    finally:
        other.close()
    assert outcomes[0].key == 9


def test_feeds_that_hang_do_not_hold_up_the_others_of_their_host(server: FeedServer) -> None:
    requests = [Request(key, server.base + "/drip") for key in range(12)]
    requests.append(Request(99, server.base + "/good"))
    outcomes = list(
        fetch(requests, user_agent="T/1", at=AT, allow=[server.endpoint], deadline=4.0, patience=0.1)
    )
    assert outcomes[0].key == 99
    assert sum("within 4 seconds" in outcome.error for outcome in outcomes) == 12


def test_only_redirects_for_good_say_where_a_feed_has_moved(server: FeedServer) -> None:
    outcomes = {outcome.key: outcome for outcome in ask(server, "/moved", "/redirect?to=/moved", "/items")}
    assert outcomes[0].moved_to == server.base + "/items"
    assert outcomes[1].status == 200
    assert outcomes[1].moved_to == outcomes[2].moved_to == ""
