"""One entitlement decision for every surface: the same people meet the same answer at every door."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.test import Client

from daybreak.circulation.models import Reader
from daybreak.press.models import PressRun

People = dict[str, tuple[Reader | None, Client, bool]]
SECRET = "A flag does not guard the road"  # the end of the lead, which only readers get


def text_of(response: HttpResponseBase) -> str:
    data = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return data.decode("utf-8", "replace")


def test_pages_are_whole_for_the_entitled_and_a_taste_for_the_rest(pressed: PressRun, people: People) -> None:
    for path in ("/", "/2022/05/06/", "/2022/05/06/of-their-own-accord/"):
        for name, (_, browser, may) in people.items():
            page = browser.get(path)
            assert page.status_code == 200
            assert (SECRET in text_of(page)) is may, f"{name} at {path}"
            assert "is ending its military accords" in text_of(page)
            assert page["Cache-Control"] == "private, no-cache"


def test_audio_and_its_texts_are_for_the_entitled(pressed: PressRun, people: People) -> None:
    for file in ("edition.mp3", "timings.json", "chapters.json", "transcript.vtt"):
        for name, (_, browser, may) in people.items():
            answer = browser.get(f"/2022/05/06/{file}")
            assert answer.status_code == (200 if may else 403), f"{name} at {file}"
            assert answer["Cache-Control"] == "private, no-cache"
            assert (SECRET in text_of(answer)) is (may and file == "transcript.vtt")


def test_a_readers_own_feeds_live_and_die_with_the_entitlement(pressed: PressRun, people: People) -> None:
    for name, (reader, _, may) in people.items():
        if reader is None:
            continue
        for file in ("feed.xml", "feed.json", "podcast.xml", "2022/05/06/edition.mp3"):
            answer = Client().get(f"/feeds/{reader.feed_token}/{file}")
            assert answer.status_code == (200 if may else 403), f"{name} at {file}"
            assert answer["Cache-Control"] == "private, no-cache"
        whole = text_of(Client().get(f"/feeds/{reader.feed_token}/feed.xml"))
        assert (SECRET in whole) is may


def test_public_feeds_hold_tastes(pressed: PressRun, people: People) -> None:
    for name, (_, browser, _) in people.items():
        for file in ("feed.xml", "feed.json", "podcast.xml"):
            assert SECRET not in text_of(browser.get(f"/{file}")), f"{name} at {file}"


def test_search_quotes_the_text_to_the_entitled_and_does_not_even_find_it_for_the_rest(
    pressed: PressRun, people: People
) -> None:
    for name, (_, browser, may) in people.items():
        answer = browser.get("/search/?q=flag+guard")
        assert answer["Cache-Control"] == "private, no-cache"
        found = text_of(answer)
        assert ("of-their-own-accord" in found) is may, name
        assert ("<mark>flag</mark>" in found) is may, name
        assert "of-their-own-accord" in text_of(browser.get("/search/?q=accord"))


def test_staff_read_everything(pressed: PressRun, editor_browser: Client) -> None:
    assert SECRET in text_of(editor_browser.get("/"))
    assert editor_browser.get("/2022/05/06/edition.mp3").status_code == 200


def test_a_forged_or_foreign_ticket_opens_nothing(pressed: PressRun, people: People) -> None:
    reader, browser, _ = people["subscriber"]
    assert reader is not None
    ticket = browser.cookies["daybreak_reader"].value
    for forged in (ticket[:-1] + ("A" if ticket[-1] != "A" else "B"), "1:2:3", "", ticket.swapcase()):
        client = Client()
        client.cookies["daybreak_reader"] = forged
        assert SECRET not in text_of(client.get("/"))


def test_an_unknown_feed_address_opens_nothing(pressed: PressRun) -> None:
    for token in ("x", "0" * 32, "..", "a%00b"):
        assert Client().get(f"/feeds/{token}/feed.xml").status_code in (403, 404)
