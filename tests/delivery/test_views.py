"""Delivery in the browser: for staff only, safe with hostile mail, and acts on POST."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Reader
from daybreak.common.post import InDoubt, Outbox
from daybreak.delivery import outbox
from daybreak.delivery.mending.holding import pause
from daybreak.delivery.models import Delivery, SendHold
from daybreak.delivery.planning import plan
from tests.conftest import make_reader
from tests.delivery.ledger import BERLIN_SIX, NIGHT, RememberingPost, deliver, many_readers, printed, states

pytestmark = pytest.mark.django_db
PAGES = [
    "/desk/deliveries/",
    "/desk/deliveries/2022-05-06/",
    "/desk/deliveries/2022-05-06/summary/",
    "/desk/deliveries/2022-05-06/progress/",
    "/desk/outbox/",
]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    return client


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.CONFIG = replace(settings.CONFIG, data=tmp_path)
    yield tmp_path / "outbox"


def lay(folder: Path, subject: str = "A way in", page: str = "", to: str = "ada@example.org") -> str:
    """Lay a mail into the outbox; its name there."""
    before = set(outbox.names(folder))
    mail = EmailMessage()
    mail["Subject"], mail["To"], mail["Date"] = subject, to, BERLIN_SIX
    mail.set_content("Your code is ABCD-EFGH. https://paper.example/sign-in/link/x/ <b>bold</b>")
    if page:
        mail.add_alternative(page, subtype="html")
    Outbox(folder).hand_over("paper@example.org", to, mail.as_bytes())
    (name,) = set(outbox.names(folder)) - before
    return name


UNKNOWN = "9e24d768-fded-444b-a7cf-698740047b1e"


@pytest.mark.parametrize(
    "page", [*PAGES, f"/desk/outbox/{UNKNOWN}.eml/", f"/desk/outbox/{UNKNOWN}.eml/html/"]
)
def test_a_stranger_is_sent_to_sign_in(client: Client, page: str) -> None:
    response = client.get(page)
    assert (response.status_code, response["Location"]) == (302, f"/desk/sign-in/?next={page}")


@pytest.mark.parametrize("page", ["/desk/deliveries/2022-05-06/", "/desk/suppressions/"])
def test_the_bar_marks_deliveries_on_the_pages_below_it(staff: Client, page: str) -> None:
    printed()
    assert '<a href="/desk/deliveries/" aria-current="true">' in staff.get(page).content.decode()


def test_the_pages_of_deliveries_say_who_has_it(staff: Client, ben: Reader) -> None:
    make_reader("Stopped", "UTC", mail_stopped_at=NIGHT)
    Reader.objects.filter(pk=ben.pk).update(email="<script>@example.org")
    plan(printed(), NIGHT)
    deliver(RememberingPost(), BERLIN_SIX)
    assert "2022-05-06" in staff.get(PAGES[0]).content.decode()
    page = staff.get(PAGES[1]).content.decode()
    assert "Europe/Berlin" in page
    assert "The reader stopped the mail." in page
    assert "<script>@" not in page
    part = staff.get("/desk/deliveries/2022-05-06/progress/").content.decode()
    assert (
        'hx-get="/desk/deliveries/2022-05-06/progress/?state=&amp;hold=over" hx-trigger="every 30s"' in part
    )
    assert "06:00 in Berlin" in part
    assert (
        "1 missed" in staff.get(PAGES[2]).content.decode()
        or "1 refused" in staff.get(PAGES[2]).content.decode()
    )


def test_the_list_of_editions_leads_to_what_must_be_settled(staff: Client, ben: Reader) -> None:
    plan(printed(), NIGHT)
    Delivery.objects.update(state="in_doubt")
    listed = staff.get(PAGES[0]).content.decode()
    assert '<a class="mend" href="/desk/deliveries/2022-05-06/?state=in_doubt#readers">1</a>' in listed


def test_no_browser_keeps_a_page_with_the_readers_addresses(staff: Client) -> None:
    plan(printed(), NIGHT)
    for page in PAGES:
        assert "no-store" in staff.get(page)["Cache-Control"]


def test_readers_are_filtered_by_state_and_paged(staff: Client) -> None:
    many_readers(120)
    plan(printed(), NIGHT)
    Delivery.objects.filter(reader__email="reader007@example.org").update(
        state="refused", reason="550 unknown"
    )
    assert 'href="?state=refused#readers"' in staff.get(PAGES[1]).content.decode()
    refused = staff.get(PAGES[1] + "?state=refused").content.decode()
    assert 'id="readers"' in refused
    assert refused.count("@example.org</th>") == 1
    assert "550 unknown" in refused
    assert staff.get(PAGES[1] + "?state=due&page=3").content.decode().count("@example.org</th>") == 19
    assert staff.get(PAGES[1] + "?state=nonsense&page=nonsense").status_code == 200


@pytest.mark.parametrize("address", ["/desk/deliveries/2022-05-07/", "/desk/deliveries/2022-13-45/"])
def test_no_edition_is_no_page(staff: Client, address: str) -> None:
    assert staff.get(address).status_code == 404


def test_doubt_is_settled_by_post_only_and_by_name(staff: Client, ben: Reader) -> None:
    plan(printed(), NIGHT)

    def no_answer(recipient: str, number: int) -> None:
        raise InDoubt("No answer.")

    deliver(RememberingPost(no_answer), BERLIN_SIX)
    row = Delivery.objects.get()
    assert 'aria-label="It arrived: ben@example.org"' in staff.get(PAGES[1]).content.decode()
    assert "up to 1 reader may get two" in staff.get(f"{PAGES[1]}?state=in_doubt").content.decode()
    everyone = "/desk/deliveries/2022-05-06/settle/"
    assert staff.get(everyone).status_code == 405
    assert "Say whether they arrived" in staff.post(everyone, {"answer": "x"}, follow=True).content.decode()
    assert "now 1 missed" in staff.post(everyone, {"answer": "again"}, follow=True).content.decode()
    assert "in doubt any more" in staff.post(everyone, {"answer": "again"}, follow=True).content.decode()
    Delivery.objects.update(state="in_doubt")
    address = f"/desk/deliveries/2022-05-06/settle/{row.pk}/"
    assert staff.get(address).status_code == 405
    assert states() == {"in_doubt": 1}
    staff.post(address, {"answer": "burn it"})
    assert states() == {"in_doubt": 1}
    page = staff.post(address, {"answer": "arrived"}, follow=True).content.decode()
    assert (states(), Delivery.objects.get().reason) == ({"handed_over": 1}, "Ines says that it arrived.")
    assert "the mail to ben@example.org is now handed over" in page
    again = staff.post(address, {"answer": "again"}, follow=True).content.decode()
    assert "The mail to ben@example.org is not in doubt any more" in again
    stranger = f"/desk/deliveries/2022-05-06/settle/{uuid.uuid4()}/"
    assert "no such mail" in staff.post(stranger, {"answer": "again"}, follow=True).content.decode()


def test_settling_needs_the_forms_token(ben: Reader) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    printed()
    response = client.post(f"/desk/deliveries/2022-05-06/settle/{uuid.uuid4()}/", {"answer": "arrived"})
    assert response.status_code == 403


# -- the hand on the send --------------------------------------------------------------------------------
HOLD = "/desk/deliveries/2022-05-06/hold/"


def test_an_edition_is_paused_resumed_and_stopped_by_name(staff: Client, ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    assert "Ines paused this edition" in staff.post(HOLD, {"act": "pause"}, follow=True).content.decode()
    assert "already" in staff.post(HOLD, {"act": "pause"}, follow=True).content.decode()
    assert "what is due leaves now" in staff.post(HOLD, {"act": "resume"}, follow=True).content.decode()
    assert "for a reason" in staff.post(HOLD, {"act": "stop"}, follow=True).content.decode()
    assert states() == {"due": 1}
    page = staff.post(HOLD, {"act": "stop", "reason": "A <hoax>."}, follow=True).content.decode()
    assert "Ines stopped this edition" in page
    assert "A &lt;hoax&gt;." in page
    assert "Resume" not in page
    assert states() == {"withdrawn": 1}
    Delivery.objects.update(state="in_doubt")
    page = staff.get("/desk/deliveries/2022-05-06/?state=in_doubt").content.decode()
    assert "It arrived" in page and 'value="again"' not in page
    Delivery.objects.update(state="withdrawn")
    assert "Choose to pause" in staff.post(HOLD, {"act": "burn"}, follow=True).content.decode()
    back = staff.post(HOLD, {"act": "unstop"}, follow=True).content.decode()
    assert "1 mail waits until you resume it" in back and "Ines paused this edition" in back
    assert "no stop to take back" in staff.post(HOLD, {"act": "unstop"}, follow=True).content.decode()


def test_the_hand_on_the_send_is_offered_while_there_is_something_to_hold(staff: Client, ben: Reader) -> None:
    edition = printed()
    plan(edition, NIGHT)
    page = "/desk/deliveries/2022-05-06/"
    assert "Pause or stop" in staff.get(page).content.decode()
    deliver(RememberingPost(), BERLIN_SIX)
    assert "Pause or stop" not in staff.get(page).content.decode(), "sent, and its mornings long over"


def test_every_desk_that_looks_on_sees_a_pause_and_no_reason_is_lost_that_is_being_typed(
    staff: Client, ben: Reader
) -> None:
    edition = printed()
    plan(edition, NIGHT)

    def looks_on(hold: str) -> str:
        return staff.get(f"/desk/deliveries/2022-05-06/progress/?hold={hold}").content.decode()

    assert 'id="hold"' not in looks_on("free")
    pause(edition, by="Ben", at=NIGHT, reason="A name is wrong")
    page = looks_on("free")
    assert 'id="hold" hx-swap-oob="true"' in page
    assert "A name is wrong. Readers whose morning" in page
    assert "Paused by Ben: 0 handed over" in page
    assert "not moving" not in page
    assert 'id="hold"' not in looks_on(str(SendHold.objects.get().pk))


def test_the_numbers_of_the_states_go_with_the_progress(staff: Client, ben: Reader) -> None:
    plan(printed(), NIGHT)
    Delivery.objects.update(state="in_doubt")
    part = staff.get("/desk/deliveries/2022-05-06/progress/?state=due").content.decode()
    assert 'id="states" class="choices" hx-swap-oob="true"' in part
    assert '<a id="state-in_doubt" href="?state=in_doubt#readers">in doubt 1</a>' in part
    assert '<a id="state-due" href="?state=due#readers" aria-current="page">' in part


def test_what_is_due_and_does_not_leave_says_what_to_look_at(staff: Client, ben: Reader) -> None:
    plan(printed(), NIGHT)
    assert "is <code>daybreak serve</code> running" in staff.get(PAGES[1]).content.decode()


def test_the_hand_on_the_send_needs_a_post_and_a_sign_in(client: Client, staff: Client) -> None:
    printed()
    assert staff.get(HOLD).status_code == 405
    assert Client().post(HOLD, {"act": "pause"})["Location"].startswith("/desk/sign-in/")


def test_the_price_of_a_correction_is_shown_before_it_is_sent(staff: Client) -> None:
    many_readers(3)
    edition = printed(briefs={"mali": "2013"})
    plan(edition, NIGHT)
    price = "/desk/deliveries/2022-05-06/error/?slug=mali"
    assert "nobody to mail" in staff.get(price).content.decode()
    deliver(RememberingPost(), BERLIN_SIX)
    assert "<strong>3 readers</strong> who have the error" in staff.get(price).content.decode()
    assert "nobody to mail" in staff.get(price.replace("mali", "comet")).content.decode()


# -- the outbox ------------------------------------------------------------------------------------------
def test_the_outbox_shows_the_newest_first(staff: Client, folder: Path) -> None:
    for subject in ("First", "Second <b>", "Third"):
        lay(folder, subject)
        time.sleep(0.002)
    page = staff.get("/desk/outbox/").content.decode()
    assert page.index("Third") < page.index("Second &lt;b&gt;") < page.index("First")
    assert "May 6, 2022, 04:00" in page


def test_the_outbox_is_open_to_all_when_the_setting_says_so(
    client: Client, folder: Path, settings: Any
) -> None:
    name = lay(folder, page="<p>Hello</p>")
    assert client.get("/desk/outbox/").status_code == 302
    settings.CONFIG = replace(settings.CONFIG, open_outbox=True)
    for address in ("", f"{name}/", f"{name}/html/"):
        assert client.get(f"/desk/outbox/{address}").status_code == 200
    assert client.get("/desk/deliveries/").status_code == 302


def test_a_mails_text_is_escaped_and_its_links_work(staff: Client, folder: Path) -> None:
    page = staff.get(f"/desk/outbox/{lay(folder)}/").content.decode()
    assert "To ada@example.org" in page
    assert "May 6, 2022, 04:00 UTC" in page
    assert 'href="https://paper.example/sign-in/link/x/"' in page
    assert "&lt;b&gt;bold" in page


def test_a_mails_html_is_framed_and_can_do_nothing(staff: Client, folder: Path) -> None:
    name = lay(folder, page="<script>alert(1)</script><p style='color:red'>Hello</p>")
    page = staff.get(f"/desk/outbox/{name}/").content.decode()
    assert f'src="/desk/outbox/{name}/html/"' in page
    assert "alert(1)" not in page
    frame = staff.get(f"/desk/outbox/{name}/html/")
    assert "alert(1)" in frame.content.decode()
    policy = frame["Content-Security-Policy"].split("; ")
    may_only_link = "sandbox allow-popups allow-popups-to-escape-sandbox"
    assert policy == [
        may_only_link,
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "frame-ancestors 'self'",
    ]
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert frame["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("tab", ["text", "headers", "source"])
def test_each_part_of_a_mail_has_its_tab(staff: Client, folder: Path, tab: str) -> None:
    name = lay(folder, "Terms & Conditions", page="<p>Hello</p>")
    page = staff.get(f"/desk/outbox/{name}/?show={tab}").content.decode()
    inside = {"text": "ABCD-EFGH", "headers": "X-Envelope-To", "source": "Subject: Terms &amp; Conditions"}
    assert inside[tab] in page
    assert f'href="?show={tab}" aria-current="page"' in page


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fdaybreak.sqlite3", "%2e%2e", "x.eml", f"{UNKNOWN}.eml", UNKNOWN, "a%00b"],
)
def test_only_a_mails_own_name_opens_a_file(staff: Client, folder: Path, name: str) -> None:
    lay(folder)
    (folder.parent / "secret").write_text("secret")
    assert staff.get(f"/desk/outbox/{name}/").status_code == 404
    assert staff.get(f"/desk/outbox/{name}/html/").status_code == 404


def test_of_twenty_thousand_mails_only_those_of_the_page_are_opened(
    staff: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    read = outbox.line

    def note_then_read(folder: Path, name: str) -> Any:
        opened.append(name)
        return read(folder, name)

    monkeypatch.setattr(outbox, "line", note_then_read)
    name = lay(folder)
    for number in range(20_000):
        (folder / f"0180a1b2-0000-7000-8000-{number:012x}.eml").hardlink_to(
            folder / name
        ) if number % 20_000 < 60 else (folder / f"0180a1b2-0000-7000-8000-{number:012x}.eml").touch()
    assert staff.get("/desk/outbox/").status_code == 200
    assert len(opened) <= 50


def test_mails_of_an_edition_can_be_read_in_the_browser(staff: Client, folder: Path, ben: Reader) -> None:
    plan(printed(), NIGHT)
    deliver(Outbox(folder), BERLIN_SIX)
    page = staff.get("/desk/outbox/").content.decode()
    assert "Terms of Departure – été" in page
    (name,) = outbox.names(folder)
    assert "Of Their Own Accord – Été" in staff.get(f"/desk/outbox/{name}/html/").content.decode()
    assert dt.datetime(2022, 5, 6, 4, tzinfo=dt.UTC) == outbox.line(folder, name).at
    assert django_settings.CONFIG.data == folder.parent
