"""An editor at the desk in a real browser, by keyboard: from a story to a brief that is saved and judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from daybreak.desk import editions
from daybreak.desk.models import Brief
from daybreak.wire.models import Story
from tests.desk.world import FRIDAY, NIGHT, ines, make_story

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.desk.urls"),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),  # keeps what the migrations filled in
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
]


@pytest.fixture
def page(live_server: LiveServer) -> Iterator[Page]:
    editions.start(FRIDAY, NIGHT, "Ines")
    make_story("Mali ends its accords")
    client = Client()
    client.force_login(ines())
    name = settings.SESSION_COOKIE_NAME
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        page.goto(f"{live_server.url}/desk/editions/2022-05-06/")
        yield page
        browser.close()


def test_new_stories_wait_until_the_editor_takes_them_in(page: Page) -> None:
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.id")
    make_story("Quito buries its dead", articles=4)
    page.evaluate(
        "document.dispatchEvent(new Event('visibilitychange'))"
    )  # as when the tab is looked at again
    page.locator("#take-in", has_text="1 new story").wait_for()
    assert page.locator(".story").count() == 1
    assert page.evaluate("document.activeElement.id") == first
    page.keyboard.press("u")
    page.locator(".story", has_text="Quito").wait_for()
    assert page.locator(".story").count() == 2
    # The hand is put back once the new rows have settled, some hundredths of a second later.
    page.wait_for_function("id => document.activeElement.id === id", arg=first)
    assert page.locator("#take-in").count() == 0


def test_the_hand_stays_in_its_place_when_a_story_is_put_aside(page: Page) -> None:
    for headline in ("Quito buries its dead", "Suva votes", "Tunis strikes"):
        make_story(headline)
    page.reload()
    first, second, third, fourth = page.locator(".story").evaluate_all("all => all.map(story => story.id)")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator(f"#{second}").wait_for(state="detached")
    page.locator(f"#{third}.at:focus").wait_for()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == fourth
    page.keyboard.press("x")
    page.locator(f"#{third}.at:focus").wait_for()  # the last one went: the hand is on the one before
    assert page.locator(".story.at").count() == 1 and first != third


def test_the_budget_is_narrowed_by_keyboard_and_the_address_keeps_it(page: Page) -> None:
    make_story("Quito buries its dead")
    page.reload()
    page.keyboard.press("/")
    page.keyboard.type("quito")
    page.wait_for_url("**/?text=quito")
    assert page.locator(".story").count() == 1
    page.reload()
    assert page.locator(".story").count() == 1
    assert page.input_value("#filter") == "quito"


def test_a_story_becomes_a_saved_brief_without_a_mouse_or_a_reload(page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.keyboard.press("j")
    page.keyboard.press("n")
    page.wait_for_selector("#body")
    page.keyboard.press("e")
    page.keyboard.type("Nobody knows why. The moon fell down.")
    page.wait_for_selector(".sentence.unexplained")  # it saves by itself
    assert page.input_value("#body") == "Nobody knows why. The moon fell down."
    page.keyboard.type(" Mali said on Monday that it would end its defence accords with France.")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".sentence.supported")
    assert "Saved" in page.inner_text("#saving")
    page.keyboard.press("Alt+ArrowDown")
    page.locator("#message", has_text=" down.").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert complaints == []
    brief = Brief.objects.select_related("section").get()
    assert brief.body.startswith("Nobody knows why.")
    assert brief.section.role == "briefs"


def test_the_desk_has_no_accessibility_faults(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("n")
    page.wait_for_selector("#body")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert [
            f"{fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found.response["violations"]
        ] == []


def test_a_phone_scrolls_in_one_direction_only(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_phone_leads_to_the_budget_and_scrolls_it_with_the_page(page: Page) -> None:
    for number in range(12):
        make_story(f"Town {number} floods")
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Budget").click()
    assert page.locator("#budget-title").evaluate("title => title.getBoundingClientRect().top") < 100
    assert page.locator("#budget").evaluate("list => getComputedStyle(list).overflowY") == "visible"


def test_the_budget_is_wide_while_no_brief_is_open(page: Page) -> None:
    assert page.locator(".budget-column").evaluate("column => column.offsetWidth") > 500
    page.keyboard.press("j")
    page.keyboard.press("n")
    page.wait_for_selector("#body")
    assert page.locator(".budget-column").evaluate("column => column.offsetWidth") < 400


def test_on_a_phone_the_bar_is_one_row_and_its_menu_has_the_rest(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    bar = page.locator("nav.bar")
    assert bar.evaluate("bar => bar.offsetHeight") < 60
    assert not page.get_by_role("link", name="Sources").is_visible()
    page.get_by_role("button", name="Menu").press("Enter")
    for name in ("Sources", "Calendar", "Deliveries", "Replies", "Outbox", "The paper"):
        assert page.get_by_role("link", name=name, exact=True).is_visible()
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Escape")
    assert not page.get_by_role("link", name="Sources").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Menu"


def test_what_begins_something_is_large_enough_for_a_thumb(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Sources").click()
    controls = page.locator(".beginnings :is(button, select, input:not([type=hidden]))")
    assert min(controls.evaluate_all("all => all.map(control => control.offsetHeight)")) >= 44


def test_the_bar_says_which_part_of_the_desk_a_page_belongs_to(page: Page) -> None:
    assert page.locator(".bar [aria-current]").all_inner_texts() == ["Editions"]
    page.get_by_role("link", name="Sources").click()
    assert page.locator(".bar [aria-current=page]").all_inner_texts() == ["Sources"]


def test_a_story_is_split_and_put_together_again_without_a_mouse(page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.keyboard.press("j")
    page.keyboard.press("s")
    page.wait_for_selector(".timeline")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert [fault["id"] for fault in Axe().run(page).response["violations"]] == []
    assert len(set(page.locator(".particulars dt").evaluate_all("all => all.map(dt => dt.offsetLeft)"))) == 1
    page.focus(".timeline input[type=checkbox]")
    page.keyboard.press("Space")
    page.focus(".chosen button")
    page.keyboard.press("Enter")
    page.locator(".notice", has_text="is a story of its own").wait_for()
    assert Story.objects.count() == 2
    page.locator(
        ".notice:focus"
    ).wait_for()  # the hand goes on from the sentence, not from the top of the page
    page.keyboard.press("z")
    page.locator(".notice", has_text="Split taken back").wait_for()
    assert Story.objects.count() == 1
    page.fill("#find", "Quito")
    page.keyboard.press("Enter")
    page.locator("h2", has_text="Found by “Quito”").wait_for()
    page.locator("#find:focus").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []
