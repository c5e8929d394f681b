"""Replies and suppressed readers in the browser: for staff only, safe with hostile text, and acts on POST."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Reader
from daybreak.delivery.models import Reply, Suppression
from daybreak.delivery.returns.incoming import take_in
from daybreak.delivery.returns.replydesk import answer_link
from tests.delivery.ledger import BERLIN_SIX
from tests.delivery.returned import bounce_of, handed_over, mail

pytestmark = pytest.mark.django_db
LATER = BERLIN_SIX + dt.timedelta(hours=1)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    return client


@pytest.mark.parametrize("page", ["/desk/replies/", "/desk/replies/1/", "/desk/suppressions/"])
def test_a_stranger_is_sent_to_sign_in(client: Client, page: str) -> None:
    response = client.get(page)
    assert (response.status_code, response["Location"]) == (302, f"/desk/sign-in/?next={page}")


@pytest.mark.parametrize("page", ["/desk/replies/1/done/", "/desk/suppressions/1/lift/"])
def test_nothing_is_done_by_get_or_by_a_stranger(client: Client, staff: Client, page: str) -> None:
    assert staff.get(page).status_code == 405
    assert Client().post(page).status_code == 302


def test_a_reply_is_read_as_text_answered_by_mail_and_marked_done(staff: Client, ben: Reader) -> None:
    assert "No reply waits" in staff.get("/desk/replies/").content.decode()
    delivery = handed_over(ben)
    heads = f"In-Reply-To: <{delivery.pk}@paper.example>", "Message-ID: <7@mail.example>"
    take_in(mail("Re: <b>Terms</b>", "<script>alert(1)</script> & thanks", *heads), LATER)
    reply = Reply.objects.get()
    assert "&lt;b&gt;Terms" in staff.get("/desk/replies/").content.decode()
    page = staff.get(f"/desk/replies/{reply.pk}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; thanks" in page
    assert "/desk/deliveries/2022-05-06/" in page
    staff.post(f"/desk/replies/{reply.pk}/done/")
    reply.refresh_from_db()
    assert reply.done_by == "Ines"
    assert "already" in staff.post(f"/desk/replies/{reply.pk}/done/", follow=True).content.decode()
    assert "Ines" in staff.get("/desk/replies/?show=done").content.decode()
    staff.post(f"/desk/replies/{reply.pk}/done/", {"again": "yes"})
    reply.refresh_from_db()
    assert reply.done_at is None


def test_an_answer_cannot_be_turned_into_another_mail() -> None:
    reply = Reply(address="a&bcc=eve@example.org", subject="x&bcc=eve@example.org", message_id="<1&cc=e@x>")
    parts = urlsplit(answer_link(reply))
    assert parts.path == "a%26bcc%3Deve@example.org"
    assert set(parse_qs(parts.query)) == {"subject", "In-Reply-To"}


def test_a_suppressed_reader_is_found_and_brought_back_by_name(staff: Client, ben: Reader) -> None:
    page = "/desk/suppressions/"
    assert "Nobody is suppressed" in staff.get(page).content.decode()
    take_in(bounce_of(handed_over(ben), "550 5.1.1 <b>User unknown</b>"), LATER)
    shown = staff.get(page).content.decode()
    assert "The mailbox does not exist." in shown
    assert "&lt;b&gt;User unknown" in shown
    assert ben.email in staff.get(f"{page}?words=BEN@").content.decode()
    assert "Nobody fits" in staff.get(f"{page}?words=eve").content.decode()
    row = Suppression.objects.get()
    assert "go to ben@example.org again" in staff.post(f"{page}{row.pk}/lift/", follow=True).content.decode()
    row.refresh_from_db()
    assert row.lifted_by == "Ines"
    assert "lifted already" in staff.post(f"{page}{row.pk}/lift/", follow=True).content.decode()
    assert "Ines" in staff.get(f"{page}?lifted=1").content.decode()


def test_the_edition_tells_what_became_of_each_mail(staff: Client, ben: Reader) -> None:
    take_in(bounce_of(handed_over(ben), "552 5.2.2 Mailbox full"), LATER)
    assert "Bounced: the mailbox is full." in staff.get("/desk/deliveries/2022-05-06/").content.decode()
    assert 'data-label="Bounced">1<' in staff.get("/desk/deliveries/").content.decode()
