"""Two people and a real browser: a visitor who becomes a reader, an editor who makes an edition."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect

from tests.journeys.newsroom import Newsroom, free_port, lines

pytestmark = [pytest.mark.journey, pytest.mark.browser]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
SECRET = "A flag does not guard the road at night"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Newsroom, str, Path]]:
    """`make demo` as a visitor finds it: the night played, the site served, the outbox open."""
    newsroom = Newsroom(tmp_path_factory.mktemp("newsroom"))
    port = free_port()
    with newsroom.running("demo", port=port) as output:
        yield newsroom, f"http://127.0.0.1:{port}", output


@pytest.fixture
def visit(browser: Browser, served: tuple[Newsroom, str, Path]) -> Iterator[BrowserContext]:
    """A fresh browser that fails the test when a page logs an error or asks anything of another host."""
    _, site, _ = served
    context = browser.new_context(
        viewport=PHONE, base_url=site, permissions=["clipboard-read", "clipboard-write"]
    )
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "request",
        lambda request: None if request.url.startswith((site, "data:")) else complaints.append(request.url),
    )
    yield context
    context.close()
    assert complaints == []


def is_complaint(message: ConsoleMessage) -> bool:
    """An error of the page. The browser's own line about a page that answered 404 or 422 is none."""
    its_own_line = (
        message.text.startswith("Failed to load resource") and "/static/" not in message.location["url"]
    )
    return message.type == "error" and not its_own_line


def assert_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_visitor_becomes_a_reader(visit: BrowserContext) -> None:
    page = visit.new_page()
    # A taste: the lead's opening and all headlines, then the offer with the price and what it comes to a month.
    page.goto("/")
    expect(page.get_by_role("heading", name="Of Their Own Accord")).to_be_visible()
    expect(page.get_by_text("A Slippery Consensus")).to_be_visible()
    expect(page.get_by_text(SECRET)).to_have_count(0)
    expect(page.get_by_text("$32.95 a year")).to_be_visible()
    expect(page.get_by_text("less than $3 a month")).to_be_visible()
    expect(page.get_by_text("two-week trial")).to_be_visible()
    assert_accessible(page)

    # Sign up with an address; a slip is said beside the field and what was typed stays.
    page.get_by_label("Your e-mail address").fill("vera@readers")
    page.get_by_role("button", name="Start the trial").click()
    expect(page.get_by_label("Your e-mail address")).to_have_value("vera@readers")
    page.get_by_label("Your e-mail address").fill("vera@readers.example")
    page.get_by_role("button", name="Start the trial").click()
    expect(page.get_by_text("vera@readers.example")).to_be_visible()
    assert_accessible(page)

    # The letter is in the outbox within moments; its code is typed.
    code = code_in_the_outbox(visit, "vera@readers.example")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Account").first).to_be_visible()
    page.goto("/2022/05/06/")
    expect(page.get_by_text(SECRET)).to_be_visible()
    expect(page.get_by_text("Nothing happens unless you subscribe")).to_be_visible()
    assert_accessible(page)

    # Listen: play, elapsed and total, volume 0 to 100 by keyboard.
    player = page.get_by_role("region", name="Listen to Today’s Edition")
    player.get_by_role("button", name="Play").click()
    expect(player.locator("[data-part=time]")).to_have_text(
        re.compile(r"0:0[1-9] / 1\d:\d\d"), timeout=15_000
    )
    volume = player.get_by_label("Volume")
    assert (volume.get_attribute("min"), volume.get_attribute("max")) == ("0", "100")
    volume.focus()
    page.keyboard.press("End")
    expect(volume).to_have_value("100")
    player.get_by_role("button", name="Pause").click()
    assert page.evaluate("document.querySelector('audio').volume") == 1

    # Copy a brief's link, open it.
    page.get_by_role("button", name="Copy link to A Slippery Consensus").click()
    expect(page.get_by_text("Copied").first).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    page.goto(link)
    expect(page.get_by_role("heading", level=1, name="A Slippery Consensus")).to_be_visible()

    # The account says when the trial ends; signing out closes the door.
    page.goto("/account/")
    expect(page.get_by_text("Your trial ends on")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto("/")
    expect(page.get_by_text(SECRET)).to_have_count(0)


def test_the_edition_reads_well_at_every_width_and_in_both_themes(visit: BrowserContext) -> None:
    page = visit.new_page()
    narrow: ViewportSize = {"width": 320, "height": 640}
    for size in (PHONE, DESKTOP, narrow):
        page.set_viewport_size(size)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for path in ("/", "/archive/", "/subscribe/", "/2022/05/06/a-slippery-consensus/", "/nowhere/"):
                page.goto(path)
                assert_accessible(page)


def test_an_editor_makes_an_edition(visit: BrowserContext, served: tuple[Newsroom, str, Path]) -> None:
    newsroom, _, output = served
    bring_in_todays_wire(newsroom)
    page = visit.new_page()
    page.set_viewport_size(DESKTOP)

    # The desk is shut to strangers; the demo's editor has a password that was printed when it started.
    page.goto("/desk/")
    expect(page).to_have_url(re.compile("/desk/sign-in/"))
    assert_accessible(page)
    found = re.search(r"sign in as (\S+), password (\S+)\)", output.read_text())
    assert found
    page.get_by_label("E-mail address").fill(found[1])
    page.get_by_label("Password").fill(found[2])
    page.get_by_role("button", name="Sign in").click()

    # Start the next edition. The night's budget is there: three outlets on one event are one story.
    page.get_by_role("button", name="Start it").click()
    date = re.search(r"/desk/editions/([\d-]+)/", page.url)
    assert date
    story = page.locator(".story").filter(has_text="Halmar")
    expect(story).to_have_count(1)
    expect(story).to_contain_text("3 independent outlets")
    assert_accessible(page)

    # Make the lead from the story and write; each sentence says at once what it rests on.
    story.get_by_role("button", name="Brief").click()
    page.get_by_label("Headline").fill("The Tide Turns Twice")
    body = page.locator("#body")
    body.fill("The port is shut until Friday because of cheese. Nobody was asked.")
    expect(page.locator(".rests")).to_contain_text("unexplained", timeout=10_000)
    expect(page.get_by_text("to mend").first).to_be_visible()
    body.fill(
        "The port of Halmar closed after a tide damaged its lock, [Courier](https://courier.example/harbour-closes) "
        "reported.\n\nShips, however, wait outside, the [Ledger](https://ledger.example/harbour-closes) noted."
    )
    expect(page.get_by_text("Nothing in the way of approval")).to_be_visible(timeout=10_000)
    expect(page.locator("#saving, [id^=saved-]").first).to_be_visible()

    # Approve by name. The clock sees it and presses; the page is there without anybody printing it.
    page.get_by_label("Approved by").fill("Ines Calloway")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Approved by Ines Calloway")).to_be_visible()
    expect(page.get_by_text("Press run 1")).to_be_visible(timeout=60_000)
    page.goto(f"/{date[1].replace('-', '/')}/")
    expect(page.get_by_role("heading", name="The Tide Turns Twice")).to_be_visible()
    expect(page.get_by_text("Ships, however, wait outside")).to_be_visible()


def bring_in_todays_wire(newsroom: Newsroom) -> None:
    now = dt.datetime.now(dt.UTC)
    items = [
        {
            "url": f"https://{outlet}.example/harbour-closes",
            "title": title,
            "source": outlet.title(),
            "published": (now - dt.timedelta(hours=hours)).isoformat(),
            "body": text,
            "language": "en",
        }
        for outlet, hours, title, text in (
            ("courier", 5, "Port of Halmar closes after tide damages lock", "The port of Halmar closed on Monday after a tide damaged its lock, officials said."),
            ("ledger", 4, "Halmar port shut as tide breaks lock gates", "Halmar's port was shut after a high tide broke the lock gates; ships wait outside."),
            ("gazette", 2, "Tide damage closes Halmar port for a week", "The port of Halmar will stay closed for a week, the harbour master said, after tide damage."),
        )
    ]  # fmt: skip
    file = newsroom.folder / "today.jsonl"
    file.write_text(lines(items))
    newsroom.run("wire", "import", str(file))


def code_in_the_outbox(context: BrowserContext, address: str) -> str:
    """Open the outbox as a person would, until the letter to `address` is there; the code it holds."""
    page = context.new_page()
    for _ in range(60):
        page.goto("/desk/outbox/")
        letters = page.get_by_role("row").filter(has_text=address)
        if letters.count():
            letters.first.get_by_role("link").first.click()
            page.get_by_role("link", name="Text").click()
            found = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", page.content())
            assert found, page.content()
            page.close()
            return found.group()
        page.wait_for_timeout(500)
    raise AssertionError(f"no letter to {address} in the outbox")
