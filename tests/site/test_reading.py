from __future__ import annotations

from django.test import Client

from daybreak.circulation.models import Plan
from daybreak.press.models import PressRun, Rendition
from daybreak.press.renditions import stored


def test_before_the_first_edition_the_front_page_says_so(db: None) -> None:
    page = Client().get("/")
    assert page.status_code == 200
    assert "The first edition has not been printed yet" in page.content.decode()


def test_a_page_is_what_was_stored_with_its_slots_filled(pressed: PressRun) -> None:
    page = Client().get("/").content.decode()
    kept = stored(pressed, "page.taste.html").decode()
    assert "<!--reader-->" in kept
    assert "%%PRICE%%" in kept
    for slot in ("<!--reader-->", "<!--offer-->", "<!--csrf-->", "%%"):
        assert slot not in page
    assert '<a href="/sign-in/">Sign in</a>' in page
    assert "csrfmiddlewaretoken" in page


def test_the_price_on_an_old_page_is_todays_and_its_month_is_computed(pressed: PressRun) -> None:
    assert "$32.95 a year" in (page := Client().get("/").content.decode())
    assert "less than $3 a month" in page
    Plan.objects.update(price=5900)
    assert "$59 a year" in (page := Client().get("/").content.decode()) or "$59.00 a year" in page
    assert "less than $5 a month" in page


def test_a_day_or_a_brief_that_was_not_printed_is_not_found(pressed: PressRun) -> None:
    for path in (
        "/2022/05/05/",
        "/2022/05/06/nothing/",
        "/2022/13/45/",
        "/2022/05/06/crumbs.full.html/",
        "/nowhere/",
    ):
        page = Client().get(path)
        assert page.status_code == 404, path
        assert "Nothing is printed at this address" in page.content.decode()


def test_the_archive_lists_what_was_printed_by_month(pressed: PressRun) -> None:
    page = Client().get("/archive/").content.decode()
    for words in ("May 2022", "Friday, May 6, 2022", "Terms of Departure", "A Slippery Consensus"):
        assert words in page


def test_an_edition_whose_file_was_lost_is_an_error_and_not_an_empty_page(pressed: PressRun) -> None:
    Rendition.objects.filter(name="page.taste.html").update(path="2022/05/06/gone.html")
    client = Client(raise_request_exception=False)
    assert client.get("/").status_code == 500


def test_pages_ask_nothing_of_other_hosts(pressed: PressRun) -> None:
    page = Client().get("/")
    assert "default-src 'self'" in page["Content-Security-Policy"]
    html = page.content.decode()
    assert 'src="http' not in html
    assert '<link rel="stylesheet" href="http' not in html
    assert " style=" not in html
