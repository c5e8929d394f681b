"""The page behind the link at a mail's foot: stop, pause, fewer mornings, and each undone; nothing else."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.forms.models import model_to_dict
from django.test import Client

from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.preferences import MailChoice, choice_of
from daybreak.circulation.vacation import today_of
from daybreak.common.clock import long_date, now, short_date
from daybreak.common.models import JournalEntry
from daybreak.delivery.models import Suppression
from daybreak.delivery.returns.suppressing import UNEXPLAINED
from daybreak.desk.calendar import add_holiday
from tests.conftest import make_reader

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
ALL = 0b11111


def mailbox() -> Client:
    """A browser that is signed in nowhere, and whose forms would be refused if they needed a cookie."""
    return Client(enforce_csrf_checks=True)


def address_of(reader: Reader) -> str:
    return f"/unsubscribe/{reader.unsubscribe_token}/"


def chosen(reader: Reader) -> MailChoice:
    reader.refresh_from_db()
    return choice_of(reader, now())


def sent(reader: Reader, **form: object) -> str:
    """The page after a POST of `form`."""
    answer = mailbox().post(address_of(reader), form, follow=True)
    return html.unescape(answer.content.decode())


def undone(reader: Reader, page: str) -> str:
    """The page after its Undo."""
    (was,) = re.findall(r'name="was" value="([^"]+)"', page)
    return sent(reader, choice="undo", was=was)


def test_one_click_of_the_mailbox_stops_the_mail_without_cookie_or_form(ada: Reader) -> None:
    answer = mailbox().post(
        f"/unsubscribe/{ada.unsubscribe_token}/",
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )
    assert (answer.status_code, answer.content) == (200, b"The mail has stopped.\n")  # RFC 8058: no redirect
    assert not answer.cookies
    ada.refresh_from_db()
    assert ada.mail_stopped_at is not None
    assert entitlement_of(ada, now()).allowed
    entry = JournalEntry.objects.get()
    assert (entry.act, entry.by) == ("stopped the mail", "the reader, by one click")


def test_one_click_may_also_come_as_a_form_with_parts(ada: Reader) -> None:
    Client(enforce_csrf_checks=True).post(
        f"/unsubscribe/{ada.unsubscribe_token}/", {"List-Unsubscribe": "One-Click"}
    )
    ada.refresh_from_db()
    assert ada.mail_stopped_at is not None


def test_opening_the_link_changes_nothing_and_shows_all_choices(ada: Reader) -> None:
    page = mailbox().get(address_of(ada)).content.decode()
    for words in (
        "Stop the mail",
        "Pause until then",
        "Save the days",
        "A week",
        "does not cancel a paid plan",
    ):
        assert words in page
    assert len(re.findall(r"checked", page)) == 5
    mailbox().get(f"{address_of(ada)}done/?was=1")
    assert chosen(ada) == MailChoice(ALL, None, stopped=False)


def test_the_mail_is_stopped_says_what_goes_on_and_is_had_back(ada: Reader) -> None:
    page = sent(ada, choice="stop")
    assert "The mail has stopped" in page and "A paid plan is untouched" in page
    assert chosen(ada).stopped
    assert "Stop it" not in mailbox().get(address_of(ada)).content.decode()
    page = undone(ada, page)
    assert re.search(r"in your inbox at 06:00.*It goes to ada@example\.org", page)
    assert chosen(ada) == MailChoice(ALL, None, stopped=False)


def test_who_comes_back_to_a_stopped_mail_has_it_back(ada: Reader) -> None:
    sent(ada, choice="stop")
    done = f"{address_of(ada)}done/"
    assert "Have the mail back" in mailbox().get(done).content.decode()
    assert "Have the mail back" in mailbox().get(address_of(ada)).content.decode()
    assert "The mail comes" in mailbox().post(done, follow=True).content.decode()
    assert not chosen(ada).stopped


@pytest.mark.parametrize(
    ("form", "days"),
    [({"length": "week"}, 7), ({"length": "fortnight"}, 14), ({"length": "", "until": "in 10 days"}, 10)],
)
def test_the_mail_is_paused_until_a_day_on_the_readers_calendar(
    ada: Reader, form: dict[str, str], days: int
) -> None:
    today = today_of(ada.time_zone, now())
    until = today + days * DAY
    page = sent(ada, choice="pause", **{**form, **({"until": until.isoformat()} if "until" in form else {})})
    assert "The mail is paused" in page and re.search(
        rf"until ([A-Z]\w+day, )?{short_date(until)}: it comes again by itself", page
    )
    assert chosen(ada) == MailChoice(ALL, until, stopped=False)
    assert (ada.vacation_from, entitlement_of(ada, now()).allowed) == (today, True)
    assert "The mail comes" in undone(ada, page)
    assert chosen(ada).until is None


def test_the_first_morning_after_a_pause_is_one_with_a_paper_that_the_reader_wants(ada: Reader) -> None:
    today = today_of(ada.time_zone, now())
    monday = today + (14 - today.weekday()) * DAY
    add_holiday(monday, "A day off", by="Ines", at=now())
    page = sent(ada, choice="pause", until=(monday - DAY).isoformat())
    assert f"first on {long_date(monday + DAY)}, at 06:00 in Auckland" in page
    sent(ada, choice="days", delivery_days=["Wed"])
    page = html.unescape(mailbox().get(address_of(ada)).content.decode())
    assert f"first on {long_date(monday + 2 * DAY)}, at 06:00" in page


def test_a_pause_is_moved_stopped_and_each_step_undone(ada: Reader) -> None:
    today = today_of(ada.time_zone, now())
    first = sent(ada, choice="pause", length="week")
    second = sent(ada, choice="pause", length="fortnight")
    third = sent(ada, choice="stop")
    assert chosen(ada).stopped
    undone(ada, third)
    assert chosen(ada) == MailChoice(ALL, today + 14 * DAY, stopped=False)
    undone(ada, second)
    assert chosen(ada).until == today + 7 * DAY
    undone(ada, first)
    assert chosen(ada).until is None


def test_the_mail_comes_on_fewer_mornings_and_again_on_all(ada: Reader) -> None:
    page = sent(ada, choice="days", delivery_days=["Mon", "Fri"])
    assert "in your inbox at 06:00 in Auckland, on Mondays and Fridays" in page
    assert chosen(ada) == MailChoice(0b10001, None, stopped=False)
    assert "on weekdays" in undone(ada, page)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"choice": "pause"}, "Choose the day on which"),
        ({"choice": "pause", "length": "decade"}, "Choose the day on which"),
        ({"choice": "pause", "until": "2022-05-06"}, "Choose a day after today"),
        ({"choice": "days"}, "Choose at least one day"),
        ({"choice": "days", "delivery_days": "Sun"}, "no day with a paper"),
    ],
)
def test_a_mistake_is_named_beside_its_field_and_nothing_is_changed(
    ada: Reader, form: dict[str, str], words: str
) -> None:
    answer = mailbox().post(address_of(ada), form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in re.search(r'class="error"[^>]*>([^<]+)<', page)[1]  # type: ignore[index]
    assert form.get("until", "") in page
    assert chosen(ada) == MailChoice(ALL, None, stopped=False)


@pytest.mark.parametrize("was", ["", "0", "99", "31.<script>", "31..stopped.more"])
def test_an_undo_that_nobody_wrote_changes_nothing_and_is_not_shown(ada: Reader, was: str) -> None:
    page = sent(ada, choice="undo", was=was)
    assert chosen(ada) == MailChoice(ALL, None, stopped=False)
    page = mailbox().get(f"{address_of(ada)}done/", {"was": was}).content.decode()
    assert "Undo" not in page and "<script>" not in page


def test_the_token_changes_the_mail_and_nothing_else(ada: Reader) -> None:
    everything = {
        "email": "eve@example.org",
        "name": "Eve",
        "time_zone": "UTC",
        "delivery_time": "23:00",
        "confirmed_at": "",
        "feed_token": "x",
    }
    may = {"delivery_days", "vacation_from", "vacation_until", "mail_stopped_at"}
    before = model_to_dict(ada)
    forms: list[dict[str, object]] = [
        {"choice": "pause", "length": "week"},
        {"choice": "days", "delivery_days": "Mon"},
        {"choice": "stop"},
        {"choice": "back"},
        {"choice": "undo", "was": "31"},
        {"choice": "name"},
    ]
    for form in forms:
        browser = mailbox()
        browser.post(address_of(ada), {**everything, **form})
        ada.refresh_from_db()
        changed = {name for name, value in model_to_dict(ada).items() if value != before[name]}
        assert changed <= may
        assert browser.get("/account/").status_code == 302, "nobody is signed in by it"
    assert ada.session_stamp not in browser.get(address_of(ada)).content.decode()


def test_what_is_chosen_is_in_the_journal(ada: Reader) -> None:
    sent(ada, choice="days", delivery_days=["Mon"])
    sent(ada, choice="pause", length="week")
    sent(ada, choice="back")
    until = today_of(ada.time_zone, now()) + 7 * DAY
    acts = list(JournalEntry.objects.order_by("pk").values_list("act", "by"))
    assert [act for act in acts if act[1] == "the reader"] == [
        ("changed the days of the mail", "the reader"),
        (f"paused the mail until {until}", "the reader"),
        ("resumed the mail", "the reader"),
    ]


def test_a_token_of_nobodys_is_no_page(ada: Reader) -> None:
    for token in ("guessed", ada.feed_token):
        assert Client().get(f"/unsubscribe/{token}/").status_code == 404
        assert Client().post(f"/unsubscribe/{token}/", {"List-Unsubscribe": "One-Click"}).status_code == 404
        assert (
            Client().post(f"/unsubscribe/{token}/", {"choice": "pause", "length": "week"}).status_code == 404
        )
    ada.refresh_from_db()
    assert ada.mail_stopped_at is None


def test_a_mail_that_came_back_is_not_said_to_come(ada: Reader) -> None:
    Suppression.objects.create(
        reader=ada, address=ada.email, reason="hard_bounce", sentence=UNEXPLAINED, since=now()
    )
    page = mailbox().get(f"{address_of(ada)}done/").content.decode()
    assert "The mail is not stopped" in page and "our mail came back" in page
    assert "in your inbox at" not in page


def test_the_mail_of_a_lapsed_reader_is_not_said_to_come(db: None) -> None:
    nora = make_reader("Nora", "UTC", kind="")
    page = Client().get(f"/unsubscribe/{nora.unsubscribe_token}/done/").content.decode()
    assert "The mail is not stopped" in page and "in your inbox at" not in page
