from __future__ import annotations

from django.test import Client

from daybreak.press.models import PressRun


def test_nothing_asked_finds_nothing_and_says_what_to_ask(db: None) -> None:
    page = Client().get("/search/").content.decode()
    assert "Every edition is searched" in page


def test_words_without_a_hit_say_so(pressed: PressRun) -> None:
    assert "Nothing has been printed with these words" in Client().get("/search/?q=zebra").content.decode()


def test_what_was_asked_comes_back_harmless(pressed: PressRun) -> None:
    page = Client().get("/search/", {"q": '"><script>alert(1)</script>\0%'}).content.decode()
    assert "<script>alert" not in page


def test_a_snippet_escapes_the_text_it_quotes(pressed: PressRun, editor_browser: Client) -> None:
    page = editor_browser.get("/search/?q=nobody").content.decode()
    assert "<mark>Nobody</mark> laughed &amp; nobody &lt;left&gt;" in page.replace(
        "<mark>nobody</mark>", "nobody"
    )
