"""The page of sources: what it shows, and that every act is a POST that comes back to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from daybreak.sample import SAMPLE
from daybreak.wire.models import Article, Source
from daybreak.wire.outlets.sources import About, add_source
from tests.desk.world import NIGHT, ines
from tests.wire.feedserver import FEED, FeedServer

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(ines())
    return client


@pytest.fixture
def courier() -> Source:
    about = About(country="ML", language="fr", kind="private")
    return add_source("Courier", "https://courier.example/rss", about)[0]


@pytest.fixture
def tide(monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedServer]:
    server = FeedServer()
    object.__setattr__(settings.CONFIG, "wire_allow", (server.endpoint,))
    yield server
    object.__setattr__(settings.CONFIG, "wire_allow", ())
    server.close()


def page(desk: Client, address: str = "/desk/sources/") -> str:
    response = desk.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_list_says_what_to_do(desk: Client) -> None:
    assert "No source yet. Write the address of a site above" in page(desk)


def test_bundled_feeds_are_added_by_region(desk: Client) -> None:
    answer = desk.post("/desk/sources/bundled/", {"region": "Oceania"}, follow=True)
    assert "10 sources added, 0 known already." in answer.content.decode()
    assert "RNZ Pacific" in page(desk)
    assert "no region" in desk.post("/desk/sources/bundled/", {"region": "X"}, follow=True).content.decode()


def test_the_list_is_filtered_and_sorted_by_its_address(desk: Client, courier: Source) -> None:
    failing, _ = add_source("Ledger", "https://ledger.example/rss", About(kind="state", language="en-GB"))
    Source.objects.filter(pk=failing.pk).update(failures=2, last_error="It answered 404 Not Found.")
    text = page(desk)
    assert text.index("Courier") < text.index("Ledger")
    assert "failing, 2 times" in text
    assert "It answered 404 Not Found." in text
    text = page(desk, "/desk/sources/?sort=state")
    assert text.index("Ledger") < text.index("Courier")
    for query, there, gone in (("state=failing", "Ledger", "Courier"), ("kind=private", "Courier", "Ledger"),
                               ("language=en", "Ledger", "Courier"), ("words=courier+ml", "Courier", "Ledger")):  # fmt: skip
        text = page(desk, f"/desk/sources/?{query}")
        assert f"<strong>{there}</strong>" in text
        assert f"<strong>{gone}</strong>" not in text
    assert "No source is like that" in page(desk, "/desk/sources/?words=nobody&sort=nonsense")


def test_acts_come_back_to_the_list_as_it_was(desk: Client, courier: Source) -> None:
    for verb, state in (("pause", False), ("resume", True)):
        answer = desk.post(f"/desk/sources/{courier.pk}/{verb}/", {"state": "failing", "sort": "due"})
        assert answer["Location"] == "/desk/sources/?state=failing&sort=due"
        courier.refresh_from_db()
        assert courier.active is state
    desk.post(f"/desk/sources/{courier.pk}/ask/")
    courier.refresh_from_db()
    assert courier.next_due_at is not None
    assert desk.post(f"/desk/sources/{courier.pk}/burn/").status_code == 404
    assert desk.get(f"/desk/sources/{courier.pk}/pause/").status_code == 405
    desk.post(f"/desk/sources/{courier.pk}/remove/", {"from": "page"})
    assert desk.get(f"/desk/sources/{courier.pk}/").status_code == 404


def test_a_source_is_edited_and_what_is_refused_stays_in_the_form(desk: Client, courier: Source) -> None:
    address = f"/desk/sources/{courier.pk}/edit/"
    said = {"name": "Le Courrier", "feed_url": "https://courier.example/rss", "country": "bf", "language": "FR", "kind": "state",
            "owner": "Somebody", "full_text": "on", "terms": "Ask first", "site_url": "https://courier.example/"}  # fmt: skip
    assert desk.post(address, said).status_code == 302
    courier.refresh_from_db()
    assert (courier.name, courier.country, courier.language, courier.kind) == (
        "Le Courrier",
        "BF",
        "fr",
        "state",
    )
    assert courier.full_text
    answer = desk.post(address, {**said, "name": "Half typed", "feed_url": "nonsense"})
    assert answer.status_code == 422
    assert 'value="Half typed"' in answer.content.decode()
    assert "is no web address" in answer.content.decode()
    courier.refresh_from_db()
    assert courier.name == "Le Courrier"


def test_a_site_is_looked_at_and_the_editor_chooses(desk: Client, tide: FeedServer) -> None:
    tide.pages = {
        "/": b'<html><link rel="alternate" type="application/rss+xml" href="/feed.xml"></html>',
        "/feed.xml": FEED.replace(b">T<", b">The &lt;script&gt;Tide<"),
    }
    answer = desk.post("/desk/sources/find/", {"address": tide.base})
    text = answer.content.decode()
    assert f"{tide.base}/feed.xml" in text
    assert "<script>Tide" not in text
    done = desk.post("/desk/sources/add/", {"feed_url": f"{tide.base}/feed.xml", "name": "Tide"}, follow=True)
    assert "Tide is added: the next round asks it." in done.content.decode()
    assert (
        "It is among your sources."
        in desk.post("/desk/sources/find/", {"address": tide.base}).content.decode()
    )


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:1/", "file:///etc/passwd"])
def test_an_address_that_gives_nothing_is_kept_with_the_reason(desk: Client, address: str) -> None:
    answer = desk.post("/desk/sources/find/", {"address": address})
    assert answer.status_code == 422
    assert 'class="notice error"' in answer.content.decode()
    assert f'value="{address}"' in answer.content.decode()


def test_a_file_of_items_is_uploaded(desk: Client) -> None:
    upload = SimpleUploadedFile("wire.jsonl", (SAMPLE / "wire.jsonl").read_bytes() + b"\nnothing\n")
    text = desk.post("/desk/sources/import/", {"file": upload}, follow=True).content.decode()
    assert "wire.jsonl: 67 items taken, of them 67 new; 1 left out." in text
    assert "wire.jsonl: line 69 is left out: not a JSON object." in text
    assert Article.objects.filter(first_seen_at__gt=NIGHT).count() == 67
    assert "Choose a file" in desk.post("/desk/sources/import/", follow=True).content.decode()


def test_the_sources_are_given_back_as_opml(desk: Client, courier: Source) -> None:
    answer = desk.get("/desk/sources/sources.opml")
    assert answer["Content-Disposition"] == 'attachment; filename="sources.opml"'
    assert b'daybreak:country="ML"' in answer.content
