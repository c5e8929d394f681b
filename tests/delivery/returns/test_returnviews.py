"""Replies and suppressed readers in the browser: for staff only, safe with hostile text, and acts on POST."""

from __future__ import annotations

import datetime as dt
import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Reader
from daybreak.common.models import JournalEntry
from daybreak.delivery.models import Reply, Suppression
from daybreak.delivery.returns.incoming import take_in
from daybreak.delivery.returns.replydesk import answer_link
from daybreak.desk.models import Brief
from daybreak.press.models import PressRun
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


@pytest.mark.parametrize(
    "page", ["/desk/replies/1/done/", "/desk/replies/1/brief/", "/desk/suppressions/1/lift/"]
)
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


def options(page: str) -> list[str]:
    """The words of the choices of a select on a page."""
    return [html.unescape(words) for words in re.findall(r"<option[^>]*>([^<]*)</option>", page)]


@pytest.fixture
def briefs(pressed: PressRun) -> dict[str, Brief]:
    """The briefs of the small edition, pressed, by slug."""
    return {brief.slug: brief for brief in pressed.edition.briefs.all()}


def reply_of(reader: Reader, brief: Brief | None = None, **fields: object) -> Reply:
    number = Reply.objects.count()
    return Reply.objects.create(
        digest=str(number),
        address=reader.email,
        reader=reader,
        subject=f"Mail {number}",
        brief=brief,
        came_at=LATER,
        **fields,
    )


def test_an_editor_says_which_brief_a_reply_is_about_and_changes_it(
    staff: Client, ben: Reader, briefs: dict[str, Brief]
) -> None:
    reply = reply_of(ben)
    page = f"/desk/replies/{reply.pk}/"
    shown = options(staff.get(page).content.decode())
    assert shown == ["No brief", "Of Their Own Accord", "A Slippery Consensus", "Crumbs from Halley’s Table"]
    for slug in ("crumbs", "a-slippery-consensus"):
        brief = briefs[slug]
        answer = staff.post(f"{page}brief/", {"brief": brief.pk}, follow=True).content.decode()
        assert f'href="/desk/briefs/{brief.pk}/"' in answer
        reply.refresh_from_db()
        assert reply.brief == brief
    staff.post(f"{page}brief/", {"brief": ""})
    reply.refresh_from_db()
    assert reply.brief is None
    told = JournalEntry.objects.filter(act="reply tied").values_list("by", "detail")
    assert list(told) == [
        ("Ines", {"brief": "crumbs"}),
        ("Ines", {"brief": "a-slippery-consensus"}),
        ("Ines", {"brief": None}),
    ]


@pytest.mark.parametrize("key", ["999999", "-1", "x", "٣", "1" * 400, "1 OR 1=1"])
def test_only_a_brief_of_the_replys_edition_is_taken(
    staff: Client, ben: Reader, briefs: dict[str, Brief], key: str
) -> None:
    reply = reply_of(ben, briefs["crumbs"])
    answer = staff.post(f"/desk/replies/{reply.pk}/brief/", {"brief": key}, follow=True).content.decode()
    assert "choose one of the list" in answer
    reply.refresh_from_db()
    assert reply.brief == briefs["crumbs"]
    assert staff.get("/desk/replies/", {"brief": key}).status_code in (200, 404)


def test_what_was_printed_and_taken_out_can_be_chosen_and_what_was_never_printed_and_taken_out_cannot(
    staff: Client, ben: Reader, briefs: dict[str, Brief]
) -> None:
    gone = briefs["crumbs"]
    edition, section = gone.edition, gone.section
    Brief.objects.filter(pk=gone.pk).update(removed_at=LATER)
    Brief.objects.create(
        edition=edition,
        section=section,
        position=9,
        slug="draft",
        headline="Draft",
        updated_at=LATER,
        removed_at=LATER,
    )
    reply = reply_of(ben, gone)
    page = staff.get(f"/desk/replies/{reply.pk}/").content.decode()
    assert options(page)[1:] == [
        "Of Their Own Accord",
        "A Slippery Consensus",
        "Crumbs from Halley’s Table (taken out)",
    ]
    assert f"/desk/briefs/{gone.pk}/" not in page
    assert "(taken out)" in staff.get("/desk/replies/").content.decode()


def test_a_mail_of_before_the_first_edition_has_no_brief_to_choose(
    staff: Client, ben: Reader, briefs: dict[str, Brief]
) -> None:
    reply = reply_of(ben)
    Reply.objects.update(came_at=BERLIN_SIX - dt.timedelta(days=30))
    assert "<select" not in staff.get(f"/desk/replies/{reply.pk}/").content.decode()


def test_the_list_is_narrowed_to_a_brief_and_counts_what_it_shows(
    staff: Client, ben: Reader, briefs: dict[str, Brief]
) -> None:
    oil, crumbs = briefs["a-slippery-consensus"], briefs["crumbs"]
    for brief in (oil, oil, crumbs, None):
        reply_of(ben, brief)
    reply_of(ben, oil, done_at=LATER, done_by="Ines")
    page = staff.get("/desk/replies/").content.decode()
    assert options(page) == [
        "Any",
        "2022-05-06 A Slippery Consensus",
        "2022-05-06 Crumbs from Halley’s Table",
    ]
    narrowed = staff.get("/desk/replies/", {"brief": oil.pk}).content.decode()
    assert "Waiting 2<" in narrowed
    assert "Done 1<" in narrowed
    assert "Mail 0" in narrowed
    assert "Mail 2" not in narrowed
    assert f"show=done&amp;brief={oil.pk}" in narrowed
    nothing = staff.get("/desk/replies/", {"brief": briefs["of-their-own-accord"].pk}).content.decode()
    assert "No reply about “Of Their Own Accord” here" in nothing


def test_a_brief_at_the_desk_says_how_many_replies_it_has_and_leads_to_them(
    staff: Client, ben: Reader, briefs: dict[str, Brief]
) -> None:
    oil = briefs["a-slippery-consensus"]
    part = f"/desk/replies/about/{oil.pk}/"
    assert part in staff.get(f"/desk/briefs/{oil.pk}/").content.decode()
    assert staff.get(part).content.strip() == b""
    reply_of(ben, oil, done_at=LATER, done_by="Ines")
    assert f'?brief={oil.pk}&amp;show=done">1 reply</a>' in staff.get(part).content.decode()
    reply_of(ben, oil)
    assert f'?brief={oil.pk}">2 replies</a>, 1 waits' in staff.get(part).content.decode()
    assert staff.get("/desk/replies/about/999999/").status_code == 404


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
