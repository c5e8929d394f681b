from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.http import HttpResponse
from django.test import Client

from daybreak.circulation.models import Period, Reader
from daybreak.circulation.preferences import choice_of, stop_mail
from daybreak.circulation.sessions import COOKIE, sign_in
from daybreak.circulation.vacation import today_of
from daybreak.common.clock import now, short_date
from daybreak.delivery.models import Suppression
from daybreak.delivery.returns.suppressing import UNEXPLAINED, suppression_of

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def browser_of(reader: Reader | None, *, days_ago: int = 0) -> Client:
    browser, response = Client(), HttpResponse()
    if reader is not None:
        sign_in(response, reader, now() - dt.timedelta(days=days_ago))
        browser.cookies[COOKIE] = response.cookies[COOKIE].value
    return browser


MORNING = {
    "name": "Ada L.",
    "time_zone": "Europe/Berlin",
    "delivery_time": "07:30",
    "delivery_days": ["Mon", "Fri"],
}


def test_a_stranger_is_shown_the_way_in() -> None:
    for answer in (
        browser_of(None).get("/account/"),
        browser_of(None).post("/account/", MORNING),
        browser_of(None).post("/account/pause/"),
        browser_of(None).post("/account/stop/"),
        browser_of(None).post("/account/resume/"),
    ):
        assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/account/")


def test_the_account_shows_what_there_is_to_know(ada: Reader) -> None:
    page = browser_of(ada).get("/account/").content.decode()
    assert "Your subscription has no end date." in page
    assert "The edition is in your inbox at 06:00 in Auckland, on weekdays." in page
    assert "<option selected>Pacific/Auckland</option>" in page
    for name in ("feed.xml", "feed.json", "podcast.xml"):
        assert f'value="http://127.0.0.1:8000/feeds/{ada.feed_token}/{name}"' in page


def test_a_lapsed_reader_is_shown_no_private_addresses(ada: Reader) -> None:
    Period.objects.update(ends_at=now())
    page = browser_of(ada).get("/account/").content.decode()
    assert "Your access ended on" in page
    assert ada.feed_token not in page


def test_a_reader_changes_name_zone_hour_and_days(ada: Reader) -> None:
    browser = browser_of(ada)
    answer = browser.post("/account/", MORNING)
    assert answer["Location"] == "/account/?done=saved"
    assert "Saved." in browser.get(answer["Location"]).content.decode()
    ada.refresh_from_db()
    assert (ada.name, ada.time_zone, ada.delivery_time) == ("Ada L.", "Europe/Berlin", dt.time(7, 30))
    page = browser.get("/account/").content.decode()
    assert "The edition is in your inbox at 07:30 in Berlin, on Mondays and Fridays." in page
    assert re.findall(r'value="(\w+)" checked', page) == ["Mon", "Fri"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("time_zone", "Moon/Base", "“Moon/Base” is no time zone"),
        ("delivery_time", "25:00", "That is no time of day"),
        ("delivery_time", "<script>", "That is no time of day"),
        ("delivery_days", [], "Choose at least one day"),
        ("delivery_days", ["Mon", "<script>"], "is no day with a paper"),
    ],
)
def test_a_mistake_is_named_beside_its_field_and_nothing_is_saved(
    ada: Reader, field: str, value: str | list[str], sentence: str
) -> None:
    answer = browser_of(ada).post("/account/", {**MORNING, field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    (marked,) = re.findall(r'<[^>]*name="(\w+)"[^>]* autofocus>', page)
    assert marked == field, "the page opens at the mistake"
    assert 'value="Ada L."' in page
    assert "<script>" not in page
    ada.refresh_from_db()
    assert (ada.name, ada.time_zone, ada.delivery_time) == ("Ada", "Pacific/Auckland", dt.time(6, 0))


def test_a_name_that_cannot_be_used_saves_nothing(ada: Reader) -> None:
    assert browser_of(ada).post("/account/", {**MORNING, "name": "x" * 121}).status_code == 422
    ada.refresh_from_db()
    assert (ada.name, ada.time_zone) == ("Ada", "Pacific/Auckland")


def test_the_mail_is_stopped_and_resumed(ada: Reader) -> None:
    browser = browser_of(ada)
    stopped = browser.post("/account/stop/", follow=True).content.decode()
    assert "Resume the mail" in stopped and "When it comes by mail" in stopped
    ada.refresh_from_db()
    assert ada.mail_stopped_at is not None
    resumed = browser.post("/account/resume/", follow=True).content.decode()
    assert "Stop the mail" in resumed
    ada.refresh_from_db()
    assert ada.mail_stopped_at is None


def test_the_mail_is_paused_until_a_day_that_is_shown_and_can_be_changed(ada: Reader) -> None:
    browser, today = browser_of(ada), today_of(ada.time_zone, now())
    page = browser.get("/account/").content.decode()
    assert f'A week <span class="aside">until {short_date(today + 7 * DAY)}' in page
    browser.post("/account/pause/", {"length": "week"})
    for days in (7, 10):
        page = browser.get("/account/").content.decode()
        until = short_date(today + days * DAY)
        assert re.search(rf"The morning mail is paused until ([A-Z]\w+day, )?{until}: it comes again", page)
        browser.post("/account/pause/", {"until": (today + 10 * DAY).isoformat()})
    assert "The morning mail is back." in browser.post("/account/resume/", follow=True).content.decode()
    ada.refresh_from_db()
    assert choice_of(ada, now()).until is None


def test_a_day_that_cannot_be_is_named_beside_its_field(ada: Reader) -> None:
    answer = browser_of(ada).post("/account/pause/", {"until": "2022-05-06"})
    page = answer.content.decode()
    assert (answer.status_code, 'id="until-error">Choose a day after today' in page) == (422, True)
    assert 'value="2022-05-06"' in page
    ada.refresh_from_db()
    assert ada.vacation_until is None


def test_nothing_is_changed_by_opening_an_address(ada: Reader) -> None:
    browser = browser_of(ada)
    acts = ("pause", "stop", "resume")
    assert [browser.get(f"/account/{act}/").status_code for act in acts] == [405, 405, 405]
    ada.refresh_from_db()
    assert ada.mail_stopped_at is None


def test_the_ticket_is_renewed_on_the_account_page_once_a_week(ada: Reader) -> None:
    assert COOKIE not in browser_of(ada, days_ago=6).get("/account/").cookies
    assert COOKIE in browser_of(ada, days_ago=8).get("/account/").cookies


def test_a_reader_whose_mail_came_back_is_told_and_asks_for_it_again(ada: Reader) -> None:
    since = now() - dt.timedelta(hours=2)
    held = Suppression.objects.create(
        reader=ada,
        address=ada.email,
        reason="hard_bounce",
        sentence="the mailbox does not exist",
        since=since,
    )
    browser = browser_of(ada)
    assert "the mailbox does not exist." in browser.get("/account/").content.decode()
    assert browser.get("/account/send-again/").status_code == 405
    assert "tomorrow" in browser.post("/account/send-again/", follow=True).content.decode()
    Suppression.objects.update(since=since - dt.timedelta(days=2))
    assert "is back" in browser.post("/account/send-again/", follow=True).content.decode()
    held.refresh_from_db()
    assert held.lifted_by == "the reader"
    assert "Send me the edition again" not in browser.get("/account/").content.decode()


def held_back(reader: Reader, reason: str = "complaint", sentence: str = "unwanted") -> Suppression:
    return Suppression.objects.create(
        reader=reader,
        address=reader.email,
        reason=reason,
        sentence=sentence,
        since=dt.datetime(2022, 5, 1, 6, tzinfo=dt.UTC),
    )


def test_who_had_paused_it_too_has_the_mail_back_with_one_button(ada: Reader) -> None:
    stop_mail(ada, now(), by="the reader")
    held_back(ada)
    page = browser_of(ada).post("/account/send-again/", follow=True).content.decode()
    assert "is back" in page and "Stop the mail" in page
    ada.refresh_from_db()
    assert (ada.mail_stopped_at, suppression_of(ada)) == (None, None)


def test_a_mail_that_does_not_come_is_not_said_to_be_in_the_inbox(ada: Reader) -> None:
    held_back(ada, "hard_bounce", UNEXPLAINED)
    page = html.unescape(browser_of(ada).get("/account/").content.decode())
    assert "since May 1, 2022, because our mail came back from ada@example.org. The paper" in page
    assert "When it comes by mail, the edition is in your inbox" in page


def test_a_lapsed_reader_is_not_told_that_the_mail_is_back_or_the_paper_open(ada: Reader) -> None:
    Period.objects.update(ends_at=now())
    browser = browser_of(ada)
    assert "No edition comes by mail while you have no access." in browser.get("/account/").content.decode()
    stopped = browser.post("/account/stop/", follow=True).content.decode()
    assert "The morning mail has stopped." in stopped and "stays open" not in stopped
    browser.post("/account/pause/", {"length": "week"})
    paused = browser.get("/account/").content.decode()
    assert ", and comes again once you have access." in paused and "stays open" not in paused
    resumed = browser.post("/account/resume/", follow=True).content.decode()
    assert "once you have access" in resumed and "is back" not in resumed
