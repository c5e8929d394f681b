from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path

import pytest

from daybreak.common.refusal import Refused
from daybreak.sample import SAMPLE
from daybreak.wire.formats.wirefiles import LONGEST_LINE, Imported, import_file
from daybreak.wire.models import Article, Source

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)
GOOD = {
    "url": "https://one.example/a",
    "title": "Accords end",
    "source": "Courier",
    "published": "2022-05-02T20:00:00Z",
}
OPML = """<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Africa"><outline text="Deep"><outline type="rss" text="Courier" xmlUrl="https://courier.example/rss?a=1&b=2"
 htmlUrl="https://courier.example/" language="fr"/></outline></outline>
<outline text="Courier" xmlUrl="https://other.example/rss"/><outline text="No feed"/>
<outline TITLE="Ledger" XMLURL="https://ledger.example/atom"/><outline text="Bad" xmlUrl="feed:nonsense"/></body></opml>"""


def take(path: Path) -> tuple[Imported, list[str]]:
    complaints: list[str] = []
    return import_file(path, AT, complaints.append), complaints


def lines(folder: Path, *values: object) -> Path:
    path = folder / "wire.jsonl"
    path.write_text("\n".join(v if isinstance(v, str) else json.dumps(v) for v in values), encoding="utf-8")
    return path


def test_the_sample_night_is_taken_whole_and_again_changes_nothing() -> None:
    first, complaints = take(SAMPLE / "wire.jsonl")
    again, _ = take(SAMPLE / "wire.jsonl")
    assert complaints == []
    assert first.filed.new == Article.objects.count() > 60
    assert (again.filed.new, again.filed.unchanged) == (0, first.filed.new)


def test_the_copies_of_the_sample_night_are_found() -> None:
    take(SAMPLE / "wire.jsonl")
    labels = json.loads((SAMPLE / "labels.json").read_text(encoding="utf-8"))
    held = {article.url: article for article in Article.objects.all()}
    found = {url for url, article in held.items() if article.original}
    assert found == {url for url in held if labels[url]["copy_of"]}


def test_a_line_that_is_no_item_costs_itself_and_a_sentence(tmp_path: Path) -> None:
    path = lines(
        tmp_path, GOOD, "", "no json", [1], {**GOOD, "url": ""}, {**GOOD, "published": "soon"}, {**GOOD, "url": "x:y"},
        {**GOOD, "title": 7}, {**GOOD, "title": "<br>"}, {**GOOD, "body": []}, {**GOOD, "url": "https://two.example/b"},
    )  # fmt: skip
    done, complaints = take(path)
    assert (done.filed.new, done.skipped) == (2, 8)
    assert [line.split()[1] for line in complaints] == ["3", "4", "5", "6", "7", "8", "9", "10"]
    assert complaints[2] == "line 5 is left out: “url” is missing."
    assert complaints[5] == "line 8 is left out: “title” is no text."
    assert all(line.endswith(".") for line in complaints)


def test_a_huge_line_is_left_out_without_being_held(tmp_path: Path) -> None:
    huge = json.dumps({**GOOD, "url": "https://huge.example/a", "body": "x" * (2 * LONGEST_LINE)})
    done, complaints = take(lines(tmp_path, huge, GOOD, huge, {**GOOD, "url": "https://two.example/b"}))
    assert (done.filed.new, done.skipped) == (2, 2)
    assert complaints == [f"line {number} is left out: longer than 2 MB." for number in (1, 3)]


@pytest.mark.parametrize("first", ["broken", {**GOOD, "title": ""}])
def test_a_file_with_nothing_in_it_is_refused(tmp_path: Path, first: object) -> None:
    with pytest.raises(Refused, match=r"\.$"):
        take(lines(tmp_path, first))


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"wire.jsonl is empty\."):
        take(lines(tmp_path, "", "  "))


def test_a_broken_first_line_does_not_cost_the_file(tmp_path: Path) -> None:
    done, complaints = take(lines(tmp_path, '{"url": "https://a.example", "title": }', GOOD))
    assert (done.filed.new, len(complaints)) == (1, 1)


def test_text_that_could_hurt_later_is_cleaned(tmp_path: Path) -> None:
    take(
        lines(
            tmp_path, {**GOOD, "title": "Accords\ud800 <script>x</script>end\x00", "language": "EN_gb\ud800"}
        )
    )
    article = Article.objects.get()
    assert (article.title, article.language) == ("Accords end", "en")  # told by its words


@pytest.mark.parametrize("name", ["sahel-courier.rss.xml", "harbour-ledger.atom.xml", "andes-dispatch.json"])
def test_a_saved_feed_is_taken_and_so_is_its_gzip(tmp_path: Path, name: str) -> None:
    data = (SAMPLE / "feeds" / name).read_bytes()
    (tmp_path / "feed.gz").write_bytes(gzip.compress(data))
    done, _ = take(tmp_path / "feed.gz")
    again, _ = take(SAMPLE / "feeds" / name)
    assert done.filed.new == again.filed.unchanged >= 5


def test_a_feed_on_one_line_is_told_from_items(tmp_path: Path) -> None:
    feed = json.loads((SAMPLE / "feeds" / "andes-dispatch.json").read_text(encoding="utf-8"))
    done, complaints = take(lines(tmp_path, feed))
    assert (done.filed.new, complaints) == (len(feed["items"]), [])


def test_a_damaged_gzip_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "wire.gz").write_bytes(gzip.compress(json.dumps(GOOD).encode() * 100)[:60])
    with pytest.raises(Refused, match="damaged"):
        take(tmp_path / "wire.gz")


def test_opml_adds_every_feed_however_deep_and_once(tmp_path: Path) -> None:
    path = tmp_path / "feeds.opml"
    path.write_text(OPML, encoding="utf-8")
    first, complaints = take(path)
    again, _ = take(path)
    assert (first.added, first.skipped) == (3, 1)
    assert complaints == ["“Bad” is left out: “feed:nonsense” is no web address: write https://host/path."]
    assert (again.added, again.known) == (0, 3)
    assert dict(Source.objects.values_list("name", "feed_url")) == {
        "Courier": "https://courier.example/rss?a=1&b=2",
        "Courier (other.example)": "https://other.example/rss",
        "Ledger": "https://ledger.example/atom",
    }


def test_an_outlet_known_from_its_articles_gets_its_feed(tmp_path: Path) -> None:
    take(lines(tmp_path, GOOD))
    (tmp_path / "feeds.opml").write_text(OPML, encoding="utf-8")
    take(tmp_path / "feeds.opml")
    assert Article.objects.get().source.feed_url == "https://courier.example/rss?a=1&b=2"


@pytest.mark.parametrize(
    "text",
    ["<opml><body>", '<!DOCTYPE o [<!ENTITY a "b">]><opml><body><outline xmlUrl="&a;"/></body></opml>', "<opml></opml>",
     "[1, 2]", "hello", "<html><body>x</body></html>"],
)  # fmt: skip
def test_what_holds_no_copy_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "f").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=r"\.$"):
        take(tmp_path / "f")


def test_a_list_that_breaks_off_gives_what_stands_before_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(OPML[: OPML.index('<outline text="No feed') + 8], encoding="utf-8")
    done, complaints = take(tmp_path / "feeds.opml")
    assert done.added == 2
    assert complaints[0].startswith("the list breaks off (")


@pytest.mark.parametrize("text", [json.dumps(GOOD, indent=1), "<html><body>x</body></html>"])
def test_a_file_that_is_no_feed_is_named_and_not_called_an_address(tmp_path: Path, text: str) -> None:
    (tmp_path / "night.json").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=r"^night\.json: (?!.*address answered).*one JSON object a line\.$"):
        take(tmp_path / "night.json")
