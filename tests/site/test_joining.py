from __future__ import annotations

import html
import re
import shutil
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django_tasks_db.models import DBTaskResult

from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Consent, Notice, Reader, WayIn
from daybreak.circulation.rates import JOINING
from daybreak.circulation.sessions import COOKIE
from daybreak.circulation.tasks import deliver_notices
from daybreak.common.clock import now
from daybreak.common.config import Config
from daybreak.site.frame import paper_today
from daybreak.site.joining import consent_wording, remote_place

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outbox() -> Path:
    folder = settings.CONFIG.data / "outbox"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def browser() -> Client:
    """A browser that keeps cookies, at a site that checks forms."""
    return Client(enforce_csrf_checks=True)


def submit(browser: Client, path: str, page: str = "", **fields: str) -> HttpResponse:
    """Open `page` (or `path`), and send its form's token with `fields` to `path`."""
    browser.get(page or path)
    token = browser.cookies["csrftoken"].value if "csrftoken" in browser.cookies else ""
    return cast(HttpResponse, browser.post(path, {**fields, "csrfmiddlewaretoken": token}))


def only_mail(outbox: Path) -> EmailMessage:
    deliver_notices.call()
    [file] = outbox.glob("*.eml")
    return message_from_bytes(file.read_bytes(), policy=policy.SMTP)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def code_in(mail: EmailMessage) -> str:
    found = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", text_of(mail))
    assert found is not None
    return found[0]


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/sign-in/link/[\w-]+/)", text_of(mail))
    assert found is not None
    return found[1]


def words_of(response: HttpResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_somebody_signs_up_types_the_code_and_reads(browser: Client, outbox: Path) -> None:
    answer = submit(browser, "/subscribe/", email="ada@example.org", time_zone="Pacific/Auckland")
    assert answer.status_code == 200
    assert "ada@example.org" in answer.content.decode()
    assert DBTaskResult.objects.get().task_path == "daybreak.circulation.tasks.deliver_notices"
    code = code_in(only_mail(outbox))
    answer = submit(browser, "/sign-in/code/", "/sign-in/", email="ada@example.org", code=code.lower())
    assert (answer.status_code, answer["Location"]) == (302, "/")
    reader = Reader.objects.get()
    assert reader.time_zone == "Pacific/Auckland"
    assert entitlement_of(reader, now()).reason == "trial"
    page = browser.get("/account/")
    assert page.status_code == 200
    assert "Your trial ends on" in page.content.decode()


def test_the_mailed_link_shows_a_button_and_acts_on_post_alone(browser: Client, outbox: Path) -> None:
    submit(browser, "/subscribe/", email="ada@example.org")
    link = link_in(only_mail(outbox))
    scanner = Client()
    for _ in range(3):
        page = scanner.get(link)
        assert page.status_code == 200
        assert "<button>Confirm and sign in</button>" in page.content.decode()
        assert COOKIE not in page.cookies
    assert Reader.objects.get().confirmed_at is None
    assert submit(browser, link)["Location"] == "/"
    assert COOKIE in browser.cookies
    assert Reader.objects.get().confirmed_at is not None
    spent = scanner.get(link)
    assert spent.status_code == 410
    assert "has been used" in spent.content.decode()


def test_the_consent_is_what_stood_beside_the_button(browser: Client) -> None:
    shown = words_of(cast(HttpResponse, browser.get("/subscribe/")))
    submit(browser, "/subscribe/", email="ada@example.org")
    consent = Consent.objects.get()
    assert consent.wording == consent_wording(paper_today())
    assert "$32.95 a year: less than $3 a month." in consent.wording
    for sentence in re.findall(r"[^.]+\.(?=\s|$)", consent.wording):
        assert sentence.strip() in shown


def test_the_page_that_the_form_stood_on_is_kept_and_no_other_sites(browser: Client) -> None:
    browser.get("/subscribe/")
    token = browser.cookies["csrftoken"].value
    for number, referer in enumerate(["http://testserver/2022/05/06/?x=1", "http://evil.example/x"]):
        fields = {"email": f"r{number}@example.org", "csrfmiddlewaretoken": token}
        browser.post("/subscribe/", fields, HTTP_REFERER=referer)
    assert [consent.page for consent in Consent.objects.all()] == ["/2022/05/06/", "/subscribe/"]


def test_the_page_does_not_tell_who_is_with_us_already(browser: Client, ada: Reader) -> None:
    answers = {}
    for path in ("/subscribe/", "/sign-in/"):
        for email in ("ada@example.org", "eve@example.org"):
            answer = submit(browser, path, email=email)
            assert answer.status_code == 200
            answers[path, email] = answer.content.decode().replace(email, "…")
    assert (
        len({re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page) for page in answers.values()}) == 1
    )


def test_the_mail_tells_who_is_with_us_already(browser: Client, ada: Reader, outbox: Path) -> None:
    submit(browser, "/subscribe/", email="ADA@example.org")
    mail = only_mail(outbox)
    assert mail["To"] == "ada@example.org"
    assert mail["Subject"] == "You are already with Daybreak"
    submit(browser, link_in(mail))
    assert COOKIE in browser.cookies


def test_nobody_unknown_is_written_to_from_the_sign_in_page(browser: Client) -> None:
    submit(browser, "/sign-in/", email="nobody@example.org")
    assert not Notice.objects.exists() and not Reader.objects.exists()


@pytest.mark.parametrize("path", ["/subscribe/", "/sign-in/"])
def test_what_was_typed_is_kept_and_the_mistake_named_beside_it(browser: Client, path: str) -> None:
    answer = submit(browser, path, email='"><script>alert(1)</script>')
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is no mail address" in page
    assert 'aria-invalid="true"' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_form_without_its_token_is_refused(browser: Client) -> None:
    for path in ("/subscribe/", "/sign-in/", "/sign-in/code/", "/sign-out/", "/account/", "/account/pause/"):
        assert browser.post(path, {"email": "ada@example.org"}).status_code == 403
    assert not Reader.objects.exists()


def test_a_wrong_code_is_told_and_the_address_kept(browser: Client, ada: Reader) -> None:
    for email in (ada.email, "nobody@example.org", "no address"):
        answer = submit(browser, "/sign-in/code/", "/sign-in/", email=email, code="CCCC-CCCC")
        assert answer.status_code == 422
        assert f'value="{email}"' in answer.content.decode()
        assert COOKIE not in browser.cookies


def test_the_way_on_after_entry_stays_on_this_site(browser: Client, ada: Reader, outbox: Path) -> None:
    submit(browser, "/sign-in/", email=ada.email)
    link = link_in(only_mail(outbox))
    WayIn.objects.update(used_at=None)
    for wanted, location in (
        ("/account/", "/account/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("account", "/"),
        ("", "/"),
    ):
        assert submit(browser, link, next=wanted)["Location"] == location
        WayIn.objects.update(used_at=None)


def test_signing_out_is_for_this_browser_or_for_all(ada: Reader, outbox: Path) -> None:
    phone, desk = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    for client in (phone, desk):
        submit(client, "/sign-in/", email=ada.email)
        submit(client, link_in(only_mail(outbox)))
        shutil.rmtree(outbox)
    submit(phone, "/sign-out/", "/account/")
    assert phone.get("/account/").status_code == 302
    assert desk.get("/account/").status_code == 200
    kept = desk.cookies[COOKIE].value
    submit(desk, "/sign-out/", "/account/", everywhere="yes")
    desk.cookies[COOKIE] = kept
    assert desk.get("/account/").status_code == 302


def test_one_sign_up_too_many_in_an_hour_from_one_network_is_put_off(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daybreak.site.joining.JOINING", replace(JOINING, most=5))
    for number in range(5):
        assert submit(browser, "/subscribe/", email=f"r{number}@example.org").status_code == 200
    answer = submit(browser, "/subscribe/", email="late@example.org")
    assert answer.status_code == 429
    assert "try again in an hour" in answer.content.decode()
    assert Reader.objects.count() == 5


def test_a_slip_of_the_pen_does_not_count_against_the_network(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daybreak.site.joining.JOINING", replace(JOINING, most=2))
    for _ in range(3):
        assert submit(browser, "/subscribe/", email="ada@").status_code == 422
        assert submit(browser, "/sign-in/", email="").status_code == 422
    assert submit(browser, "/subscribe/", email="ada@example.org").status_code == 200


def test_pages_of_a_way_in_are_not_kept_by_caches(browser: Client) -> None:
    for path in ("/subscribe/", "/sign-in/", "/sign-in/link/x/", "/account/", "/unsubscribe/x/done/"):
        response = browser.get(path)
        if response.status_code != 404:
            assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("https", "meta", "place"),
    [
        (False, {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "198.51.100.9"}, "192.0.2.1"),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "8.8.8.8, 198.51.100.9"}, "198.51.100.9"),
        (True, {"REMOTE_ADDR": "192.0.2.1"}, "192.0.2.1"),
        (False, {"REMOTE_ADDR": "2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"),
        (True, {"HTTP_X_FORWARDED_FOR": "rubbish"}, "unknown"),
    ],
)
def test_the_network_that_asks_is_the_one_that_cannot_be_made_up(
    monkeypatch: pytest.MonkeyPatch, https: bool, meta: dict[str, Any], place: str
) -> None:
    monkeypatch.setattr(Config, "https", https)
    assert remote_place(RequestFactory().get("/", **meta)) == place
