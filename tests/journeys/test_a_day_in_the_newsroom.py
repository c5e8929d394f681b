"""A day in the newsroom, from the wire to the last morning: read it as the manual.

Every step is the command that an editor, the publisher or the clock would use, in a real newsroom with an empty data
folder and a real mail server. `--at` sets the clock to the night of 5 to 6 May 2022.
"""

from __future__ import annotations

import http.client
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak.sample import SAMPLE
from tests.journeys.newsroom import Mailbox, Newsroom, first_link, free_port, lines, mailbox, text_of

pytestmark = pytest.mark.journey

EVENING = "2022-05-05T20:00:00Z"
MIDNIGHT = "2022-05-06T00:30:00Z"
APPROVED = "2022-05-06T03:05:00Z"
PRESSED = "2022-05-06T03:10:00Z"
EDITION = str(SAMPLE / "2022-05-06.md")


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def newsroom(tmp_path: Path, mail: Mailbox) -> Newsroom:
    return Newsroom(tmp_path, {"DAYBREAK_MAIL_URL": f"smtp://127.0.0.1:{mail.port}"})


def test_a_day_in_the_newsroom(newsroom: Newsroom, mail: Mailbox, tmp_path: Path) -> None:
    # The night's wire comes in, as feeds and as a file from an agency. A line that is no item costs only itself.
    newsroom.run("wire", "import", str(SAMPLE / "wire.jsonl"), "--at", EVENING)
    for feed in sorted((SAMPLE / "feeds").iterdir()):
        newsroom.run("wire", "import", str(feed), "--at", MIDNIGHT)
    late = tmp_path / "late.jsonl"
    late.write_text(
        "this is no item\n"
        + lines(
            [
                {
                    "url": "https://www.highveldtimes.example/2022/05/06/mali-accords-latest",
                    "title": "Mali ends defence accords with France: what is known",
                    "source": "The Highveld Times",
                    "published": "2022-05-06T00:05:00Z",
                    "summary": "Mali is ending its defence accords with France, its military government has said.",
                }
            ]
        )
    )
    said = newsroom.run("wire", "import", str(late), "--at", MIDNIGHT)
    assert "ine 1" in said.stderr  # “Line 1 of … is no item”

    # The desk looks at the stories: joined across outlets, copies not counted, ranked with reasons in words.
    stories = newsroom.json("wire", "stories", "--at", MIDNIGHT)
    mali = next(story for story in stories if "Mali" in story["headline"])
    assert len({article["source"] for article in mali["articles"]}) >= 5
    assert any("independent" in reason for reason in mali["reasons"])
    assert stories.index(mali) < 10

    # The edition is written in any editor and laid out. Approval is refused while there is nothing to approve.
    newsroom.run("edition", "new", "2022-05-06", "--at", EVENING)
    refusal = newsroom.refused("edition", "approve", "2022-05-06", "--by", "Ines Calloway")
    assert "empty" in refusal.lower() or "no brief" in refusal.lower()
    newsroom.run("edition", "import", EDITION, "--at", MIDNIGHT)

    # What does each sentence rest on? No sentence of the sample is unexplained or misquoted.
    sentences = newsroom.json("edition", "check", "2022-05-06")
    verdicts = {sentence["verdict"] for sentence in sentences}
    assert "cited" in verdicts
    assert not verdicts & {"unexplained", "misquoted"}

    # What was imported is what is exported, to the letter the second time round.
    exported = newsroom.run("edition", "export", "2022-05-06").stdout
    copy = tmp_path / "copy.md"
    copy.write_text(exported)
    newsroom.run("edition", "import", str(copy), "--at", MIDNIGHT)
    assert newsroom.run("edition", "export", "2022-05-06").stdout == exported

    # A named person approves; then it is pressed, and pressing it again changes nothing.
    assert "not approved" in newsroom.refused("edition", "press", "2022-05-06")
    newsroom.run("edition", "approve", "2022-05-06", "--by", "Ines Calloway", "--at", APPROVED)
    assert "Press run 1" in newsroom.run("edition", "press", "2022-05-06", "--at", PRESSED).stdout
    assert "Press run 1" in newsroom.run("edition", "press", "2022-05-06", "--at", PRESSED).stdout

    # Readers come from a list. A bad row is named and the rest goes on.
    readers = tmp_path / "readers.csv"
    readers.write_text(
        "email,name,time_zone,kind\n"
        "ben@berlin.example,Ben,Europe/Berlin,subscriber\n"
        "no address,Nobody,Europe/Berlin,subscriber\n"
        "grace@newyork.example,Grace,America/New_York,subscriber\n"
        "kofi@lapsed.example,Kofi,Africa/Accra,lapsed\n"
    )
    said = newsroom.run("readers", "import", str(readers), "--at", "2022-05-03T09:00:00Z")
    assert "ine 3" in said.stderr

    # Berlin's morning is 04:00 UTC, New York's 10:00. Each gets one mail, once, however often the clock looks.
    newsroom.run("deliver", "run", "--at", "2022-05-06T03:59:00Z")
    assert mail.to() == []
    newsroom.run("deliver", "run", "--at", "2022-05-06T04:00:00Z")
    newsroom.run("deliver", "run", "--at", "2022-05-06T04:05:00Z")
    assert mail.to() == ["ben@berlin.example"]
    newsroom.run("deliver", "run", "--at", "2022-05-06T10:00:00Z")
    assert mail.to() == ["ben@berlin.example", "grace@newyork.example"]

    # Who has it, who has not, and why.
    status = newsroom.json("deliver", "status", "2022-05-06", "--at", "2022-05-06T10:01:00Z")
    assert status["states"]["handed_over"] == 2
    assert {row["email"] for row in status["readers"] if row["state"] == "handed_over"} == set(mail.to())

    # The mail reads well as HTML and as text, names its list, and can be stopped by one click.
    letter = mail.mails()[0]
    assert letter["Subject"] == "Terms of Disengagement"
    assert "Mali is cancelling the agreements" in " ".join(text_of(letter).split())
    assert "Mali is cancelling the agreements" in text_of(letter, "html")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "%%" not in text_of(letter)

    # The site serves what was stored: a taste to a visitor, nothing of the audio but the headlines.
    port = free_port()
    newsroom.settings["DAYBREAK_SITE_URL"] = f"http://127.0.0.1:{port}"
    with newsroom.running("serve", port=port):
        page = fetch(port, "/2022/05/06/")
        assert "Mali is cancelling the agreements" in page
        assert "A flag does not guard the road" not in page
        assert status_of(port, "/2022/05/06/edition.mp3") == 403
        assert status_of(port, "/2022/05/06/taste.mp3") == 200

        # Ben's mail program unsubscribes him by POST, without a cookie and without opening a page.
        address = first_link(str(letter["List-Unsubscribe"]), r"/unsubscribe/[^/>]+/")
        assert status_of(port, address) == 200  # a link scanner only looks
        assert newsroom.json("deliver", "status", "2022-05-06")["states"]["handed_over"] == 2
        assert status_of(port, address, body="List-Unsubscribe=One-Click") == 200

    # The next day everybody entitled is asked again: Ben stopped the mail, so Monday's edition is not for him.
    monday = tmp_path / "monday.md"
    monday.write_text(exported.replace("date: 2022-05-06", "date: 2022-05-09"))
    newsroom.run("edition", "import", str(monday), "--at", "2022-05-09T00:00:00Z")
    newsroom.run("edition", "approve", "2022-05-09", "--by", "Ines Calloway", "--at", "2022-05-09T01:00:00Z")
    newsroom.run("edition", "press", "2022-05-09", "--at", "2022-05-09T01:05:00Z")
    newsroom.run("deliver", "run", "--at", "2022-05-09T10:00:00Z")
    assert mail.to() == ["ben@berlin.example", "grace@newyork.example", "grace@newyork.example"]

    # Everything in one file, and back in an empty folder.
    newsroom.run("backup", str(tmp_path / "paper.tar"))
    elsewhere = Newsroom(tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    elsewhere.run("restore", str(tmp_path / "paper.tar"))
    assert elsewhere.run("edition", "export", "2022-05-06").stdout == exported
    assert elsewhere.json("deliver", "status", "2022-05-09")["states"]["handed_over"] == 1


def test_a_dead_mail_server_loses_nobody(newsroom: Newsroom, mail: Mailbox, tmp_path: Path) -> None:
    newsroom.run("wire", "import", str(SAMPLE / "wire.jsonl"), "--at", EVENING)
    newsroom.run("edition", "import", EDITION, "--at", MIDNIGHT)
    newsroom.run("edition", "approve", "2022-05-06", "--by", "Ines Calloway", "--at", APPROVED)
    newsroom.run("edition", "press", "2022-05-06", "--at", PRESSED)
    newsroom.run("readers", "import", str(SAMPLE / "readers.csv"), "--at", "2022-05-03T09:00:00Z")
    newsroom.settings["DAYBREAK_MAIL_URL"] = f"smtp://127.0.0.1:{free_port()}"
    refusal = newsroom.refused("deliver", "run", "--at", "2022-05-06T04:10:00Z")
    assert "stays due" in refusal
    newsroom.settings["DAYBREAK_MAIL_URL"] = f"smtp://127.0.0.1:{mail.port}"
    newsroom.run("deliver", "run", "--at", "2022-05-06T04:45:00Z")
    assert "ben@berlin.example" in mail.to()
    assert len(mail.to()) == len(set(mail.to()))


def test_a_call_that_is_wrong_says_what_to_mend(newsroom: Newsroom, tmp_path: Path) -> None:
    assert "2022-05-06" in newsroom.refused("edition", "new", "tomorrow", status=2)
    assert "--help" in newsroom.refused("edition", "nwe", status=2) or newsroom.refused(
        "edition", "nwe", status=2
    )
    assert "no edition" in newsroom.refused("edition", "approve", "2022-05-06", "--by", "Ines").lower()
    broken = tmp_path / "broken.md"
    broken.write_text("---\ntitle: No date\n---\n\n# Gossip\n\n## A\n\nSee [The Courier]().\n")
    said = newsroom.run("edition", "import", str(broken), status=1).stderr
    for word in ("date", "Gossip", "The Courier"):
        assert word in said
    assert newsroom.json("edition", "list") == []


def fetch(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return str(answer.read().decode())


def status_of(port: int, path: str, body: str | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request("POST" if body else "GET", urllib.parse.quote(path), body, headers)
    try:
        return connection.getresponse().status
    finally:
        connection.close()
