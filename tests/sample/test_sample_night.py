"""The sample night keeps its promises: read with the standard library alone, as a stranger would."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

SAMPLE = Path(__file__).parents[2] / "src" / "daybreak" / "sample"
ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
OPENS = dt.datetime(2022, 5, 2, 4, 0, tzinfo=dt.UTC)
CLOSES = dt.datetime(2022, 5, 6, 3, 30, tzinfo=dt.UTC)
LINK = re.compile(r"\[([^\]]+)\]\((https://[^)\s]+)\)")
QUOTATION = re.compile(r"“([^”]+)”")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
NAME = re.compile(r"(?<=[a-z,;] )[A-ZÀ-Þ]\w+")


@dataclass(frozen=True)
class Item:
    """One item of the wire, whichever file it came in; `body` is plain text."""

    url: str
    title: str
    source: str
    published: dt.datetime
    body: str
    language: str = "en"


@dataclass(frozen=True)
class Brief:
    """One brief of the edition file: its section, headline, fields and paragraphs of Markdown."""

    section: str
    headline: str
    fields: dict[str, str]
    paragraphs: list[str]

    def words(self) -> int:
        return len(LINK.sub(r"\1", " ".join(self.paragraphs)).split())

    def cited(self) -> set[str]:
        return {url for _, url in LINK.findall(" ".join(self.paragraphs))}


def plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


def child(node: ET.Element, tag: str) -> str:
    """The text of the child `tag`, nested markup included; an absent child fails the test."""
    found = node.find(tag)
    assert found is not None, f"{tag} is missing"
    return " ".join("".join(found.itertext()).split())


def wire_lines() -> list[Item]:
    lines = (SAMPLE / "wire.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        Item(
            row["url"],
            row["title"],
            row["source"],
            dt.datetime.fromisoformat(row["published"].replace("Z", "+00:00")),
            row["body"],
            row["language"],
        )
        for row in rows
    ]


def rss_items() -> list[Item]:
    channel = ET.parse(SAMPLE / "feeds" / "sahel-courier.rss.xml").getroot().find("channel")
    assert channel is not None
    return [
        Item(
            child(node, "link"),
            child(node, "title"),
            child(channel, "title"),
            parsedate_to_datetime(child(node, "pubDate")),
            plain(child(node, CONTENT)),
        )
        for node in channel.iter("item")
    ]


def atom_items() -> list[Item]:
    feed = ET.parse(SAMPLE / "feeds" / "harbour-ledger.atom.xml").getroot()
    return [
        Item(
            next(entry.iter(f"{ATOM}link")).attrib["href"],
            plain(child(entry, f"{ATOM}title")),
            child(feed, f"{ATOM}title"),
            dt.datetime.fromisoformat(child(entry, f"{ATOM}published")),
            plain(child(entry, f"{ATOM}content")),
        )
        for entry in feed.iter(f"{ATOM}entry")
    ]


def json_items() -> list[Item]:
    feed = json.loads((SAMPLE / "feeds" / "andes-dispatch.json").read_text("utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    return [
        Item(
            item["url"],
            item["title"],
            feed["title"],
            dt.datetime.fromisoformat(item["date_published"]),
            item.get("content_text") or plain(item["content_html"]),
        )
        for item in feed["items"]
    ]


def edition() -> tuple[dict[str, str], list[Brief]]:
    _, front, text = (SAMPLE / "2022-05-06.md").read_text("utf-8").split("---\n", 2)
    matter = dict(line.split(": ", 1) for line in front.splitlines())
    briefs = []
    for section in re.split(r"^# ", text, flags=re.M)[1:]:
        name, *rest = re.split(r"^## ", section, flags=re.M)
        for copy in rest:
            headline, bullets, *paragraphs = copy.strip().split("\n\n")
            fields = dict(line[2:].split(": ", 1) for line in bullets.splitlines())
            briefs.append(Brief(name.strip(), headline, fields, paragraphs))
    return matter, briefs


FEEDS = [*rss_items(), *atom_items(), *json_items()]
ITEMS = [*wire_lines(), *FEEDS]
BY_URL = {item.url: item for item in ITEMS}
LABELS: dict[str, dict[str, Any]] = json.loads((SAMPLE / "labels.json").read_text("utf-8"))
MATTER, BRIEFS = edition()
EACH_BRIEF = pytest.mark.parametrize("brief", BRIEFS, ids=lambda brief: brief.fields["slug"])


def test_wire_has_the_size_of_a_small_night() -> None:
    assert len(wire_lines()) >= 50
    assert len(FEEDS) >= 16
    assert 70 <= len(ITEMS) <= 85
    assert len(BY_URL) == len(ITEMS), "an address occurs twice"


def test_outlets_are_many_and_live_on_reserved_domains() -> None:
    hosts = defaultdict(set)
    for item in ITEMS:
        hosts[item.source].add(urlsplit(item.url).netloc)
    assert len(hosts) >= 14
    assert all(len(found) == 1 for found in hosts.values())
    assert all(host.endswith(".example") for found in hosts.values() for host in found)


def test_every_item_is_published_within_the_night() -> None:
    late = [item.url for item in ITEMS if not OPENS <= item.published <= CLOSES]
    assert late == []


def test_address_carries_the_local_day_of_publication() -> None:
    for item in wire_lines():
        assert f"/{item.published:%Y/%m/%d}/" in item.url


def test_some_items_are_not_in_english() -> None:
    assert Counter(item.language for item in ITEMS if item.language != "en").keys() == {"fr", "es"}


def test_labels_cover_every_item_and_nothing_else() -> None:
    assert LABELS.keys() == BY_URL.keys()


def test_copies_repeat_an_earlier_agency_original_in_part_or_whole() -> None:
    groups = defaultdict(list)
    for url, label in LABELS.items():
        if label["copy_of"]:
            groups[label["copy_of"]].append(url)
    assert len(groups) >= 5
    for original, copies in groups.items():
        assert 2 <= len(copies) <= 4
        for url in copies:
            assert LABELS[url]["story"] == LABELS[original]["story"]
            assert BY_URL[url].published > BY_URL[original].published
            assert shared_words(BY_URL[url].body, BY_URL[original].body) > 0.95


def shared_words(part: str, whole: str) -> float:
    """The share of five-word runs of `part` that occur in `whole`, 0 to 1."""
    runs = runs_of_five(part)
    return len(runs & runs_of_five(whole)) / len(runs)


@cache
def runs_of_five(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return set(zip(*(words[start:] for start in range(5)), strict=False))


def test_independent_reports_are_not_copies_of_each_other() -> None:
    originals = [item for item in ITEMS if not LABELS[item.url]["copy_of"]]
    for first in originals:
        for second in originals:
            if first is not second:
                assert shared_words(first.body, second.body) < 0.2, (first.url, second.url)


def test_five_stories_have_three_independent_reports_and_noise_is_plentiful() -> None:
    reports = Counter(label["story"] for label in LABELS.values() if not label["copy_of"])
    assert reports.pop("noise") >= 10
    assert sum(count >= 3 for count in reports.values()) >= 5


def test_twenty_items_are_long_enough_to_rest_on() -> None:
    assert sum(120 <= len(item.body.split()) <= 350 for item in ITEMS) >= 20


def test_edition_has_one_lead_four_briefs_and_a_discovery() -> None:
    assert MATTER["date"] == "2022-05-06"
    assert MATTER["title"] and MATTER["standfirst"]
    sections = ["Need to Know", *["The World, Briefly"] * 4, "Discoveries"]
    assert [brief.section for brief in BRIEFS] == sections
    assert len({brief.fields["slug"] for brief in BRIEFS}) == 6


def test_lead_briefs_and_discovery_have_their_lengths() -> None:
    lead, *briefs, discovery = BRIEFS
    assert 550 <= lead.words() <= 750
    assert 8 <= len(lead.paragraphs) <= 10
    assert all(5 <= len(brief.paragraphs) <= 8 for brief in briefs)
    assert 100 <= discovery.words() <= 180
    lengths = sorted(brief.words() for brief in briefs)
    assert lengths[0] >= 150 and lengths[-1] <= 330
    assert all(longer - shorter >= 30 for shorter, longer in pairwise(lengths))


@EACH_BRIEF
def test_every_citation_is_on_the_wire_and_listed(brief: Brief) -> None:
    assert brief.cited() <= BY_URL.keys()
    assert set(brief.fields["sources"].split(", ")) == brief.cited()
    assert not any(LABELS[url]["story"] == "noise" for url in brief.cited())


@EACH_BRIEF
def test_a_citation_is_hung_on_the_name_of_its_outlet(brief: Brief) -> None:
    for words, url in LINK.findall(" ".join(brief.paragraphs)):
        name = words.removeprefix("the ").removeprefix("The ")
        assert name == "agency" or name in BY_URL[url].source, words


@EACH_BRIEF
def test_every_quotation_is_in_a_cited_body_to_the_letter(brief: Brief) -> None:
    bodies = [" ".join(BY_URL[url].body.split()) for url in brief.cited()]
    for quotation in QUOTATION.findall(" ".join(brief.paragraphs)):
        wanted = quotation.removesuffix(",")
        assert any(wanted in body for body in bodies), quotation


@EACH_BRIEF
def test_every_number_and_name_is_in_a_cited_item(brief: Brief) -> None:
    known = " ".join(f"{BY_URL[url].title} {BY_URL[url].source} {BY_URL[url].body}" for url in brief.cited())
    text = LINK.sub(r"\1", " ".join(brief.paragraphs))
    numbers = set(NUMBER.findall(text)) - set(NUMBER.findall(known))
    names = {name for name in NAME.findall(text) if name not in known}
    assert (numbers, names) == (set(), set())


@EACH_BRIEF
def test_brief_uses_real_typography(brief: Brief) -> None:
    text = LINK.sub(r"\1", " ".join([brief.headline, *brief.paragraphs]))
    assert not re.search(r"[\"']|--|\.\.\.", text)
    assert text.count("“") == text.count("”")
