from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.refusal import Refused
from daybreak.wire.addresses import url_key
from daybreak.wire.formats.agencies import is_ninjs, read_newsml, read_ninjs
from daybreak.wire.formats.reading import Item
from daybreak.wire.formats.wirefiles import Imported, import_file, import_folder
from daybreak.wire.models import Article

AT = dt.datetime(2022, 5, 6, 5, tzinfo=dt.UTC)
NINJS_1 = {
    "uri": "tag:meridian.example,2022:newsml_1",
    "type": "text",
    "pubstatus": "usable",
    "versioncreated": "2022-05-05T18:00:00Z",
    "firstcreated": "2022-05-05T17:30:00Z",
    "language": "en",
    "headline": "Accords end",
    "description_text": "Mali ends its accords.",
    "body_html": "<p>BAMAKO &amp; elsewhere</p><p>Second</p><script>x</script>",
}
NINJS_3 = {
    "uri": "urn:newsml:meridian.example:2022:2",
    "contentcreated": "2022-05-05T17:30:00+02:00",
    "headlines": [{"role": "short", "value": "Accords"}, {"role": "main", "value": "Accords end again"}],
    "descriptions": [{"role": "summary", "value": "Mali."}],
    "bodies": [{"role": "main", "contenttype": "text/html", "value": "<p>One</p><p>Two</p>"}],
    "infosources": [{"role": "provider", "name": "Meridian Press"}],
    "links": [{"href": "https://meridian.example/2"}],
}
NEWSML = """<?xml version="1.0" encoding="UTF-8"?>
<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><header><sent>2022-05-05T18:00:00Z</sent></header><itemSet>
<packageItem guid="urn:newsml:meridian.example:pack"><itemMeta/><groupSet/></packageItem>
{items}</itemSet></newsMessage>"""
NEWS_ITEM = """<newsItem guid="urn:newsml:meridian.example:{guid}" standard="NewsML-G2" standardversion="2.29"><itemMeta>
<itemClass qcode="ninat:{kind}"/><provider qcode="nprov:MERIDIAN"/><versionCreated>2022-05-05T20:00:00+02:00</versionCreated>
{embargo}<pubStatus qcode="stat:{status}"/></itemMeta><contentMeta><language tag="fr"/><headline>Les accords &amp; la fin</headline>
<description role="x">Un accord prend fin.</description></contentMeta><contentSet>{content}</contentSet></newsItem>"""
XHTML = """<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>No</title></head>
<body><p>Premier <b>mot</b>.</p><div><p>Second.</p></div></body></html></inlineXML>"""
NITF = """<inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><body><body.head/>
<body.content><p>Premier mot.</p><p>Second.</p></body.content></body></nitf></inlineXML>"""


def newsml(
    guid: str = "1", kind: str = "text", status: str = "usable", embargo: str = "", content: str = XHTML
) -> str:
    return NEWS_ITEM.format(guid=guid, kind=kind, status=status, embargo=embargo, content=content)


def message(*items: str) -> str:
    return NEWSML.format(items="".join(items))


def read(text: str) -> list[Item | str]:
    return list(read_newsml(text, AT))


def take(path: Path) -> tuple[Imported, list[str]]:
    complaints: list[str] = []
    return import_file(path, AT, complaints.append), complaints


def test_ninjs_of_the_first_version() -> None:
    item = read_ninjs(NINJS_1, AT)
    assert (item.url, item.title, item.source) == (NINJS_1["uri"], "Accords end", "meridian.example")
    assert item.published == dt.datetime(2022, 5, 5, 17, 30, tzinfo=dt.UTC)
    assert item.body == "BAMAKO & elsewhere\nSecond"
    assert (item.summary, item.language) == ("Mali ends its accords.", "en")


def test_ninjs_of_the_third_version() -> None:
    item = read_ninjs(NINJS_3, AT)
    assert (item.url, item.title, item.source) == (
        "https://meridian.example/2",
        "Accords end again",
        "Meridian Press",
    )
    assert item.published == dt.datetime(2022, 5, 5, 15, 30, tzinfo=dt.UTC)
    assert (item.summary, item.body) == ("Mali.", "One\nTwo")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [("pubstatus", "withheld", "calls it withheld"), ("pubstatus", "canceled", "calls it canceled"), ("type", "picture", "a picture"),
     ("embargoed", "2022-05-06T05:00:01Z", "under embargo until 2022-05-06 05:00"), ("uri", "nonsense", "no web address"),
     ("embargoed", "soon", "no instant")],
)  # fmt: skip
def test_what_may_not_be_used_is_left_out(field: str, value: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        read_ninjs({**NINJS_1, field: value}, AT)


def test_an_embargo_that_is_over_holds_nothing_back() -> None:
    assert read_ninjs({**NINJS_1, "embargoed": "2022-05-06T05:00:00Z"}, AT).title == "Accords end"


@given(st.dictionaries(st.sampled_from([*NINJS_1, *NINJS_3]), st.none() | st.text() | st.integers() | st.lists(st.none() | st.dictionaries(st.sampled_from(["value", "role", "name", "href"]), st.text() | st.integers()))))  # fmt: skip
def test_ninjs_of_any_shape_is_read_or_refused(value: dict[str, Any]) -> None:
    try:
        item = read_ninjs({"uri": "urn:newsml:a:1", **value}, AT)
    except Refused:
        return
    assert item.title
    assert url_key(item.url)


@pytest.mark.parametrize("content", [XHTML, NITF])
def test_newsml_is_read_alone_and_in_a_message(content: str) -> None:
    alone = newsml(content=content).replace(
        "<newsItem", '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/"', 1
    )
    for text in (alone, message(newsml(content=content))):
        (item,) = read(text)
        assert isinstance(item, Item)
        assert (item.url, item.title) == ("urn:newsml:meridian.example:1", "Les accords & la fin")
        assert item.published == dt.datetime(2022, 5, 5, 18, tzinfo=dt.UTC)
        assert (item.source, item.language, item.body) == ("MERIDIAN", "fr", "Premier mot.\nSecond.")


def test_of_a_message_only_usable_text_is_taken() -> None:
    later = "<embargoed>2022-05-07T00:00:00Z</embargoed>"
    found = read(
        message(
            newsml("1"),
            newsml("2", status="withheld"),
            newsml("3", kind="picture"),
            newsml("4", embargo=later),
        )
    )
    assert [type(one) for one in found] == [Item, str, str, str]
    assert found[1:] == [
        "item 2 is left out: its agency calls it withheld.",
        "item 3 is left out: it is a picture, not a text.",
        "item 4 is left out: it is under embargo until 2022-05-07 00:00 UTC; import it again then.",
    ]


@pytest.mark.parametrize(
    "doctype",
    ['<!DOCTYPE x [<!ENTITY a "b">]>', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
     '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/x">%a;]>'],
)  # fmt: skip
def test_entities_are_refused_unread(tmp_path: Path, doctype: str) -> None:
    (tmp_path / "x.xml").write_text(message(newsml()).replace("<newsMessage", f"{doctype}<newsMessage").replace("accords &amp;", "&a;"))  # fmt: skip
    with pytest.raises(Refused, match="entities"):
        take(tmp_path / "x.xml")


@pytest.mark.django_db
def test_agency_files_are_taken_in_every_shape(tmp_path: Path) -> None:
    shapes = {
        "one.json": json.dumps(NINJS_1, indent=1),
        "line.json": json.dumps({**NINJS_1, "uri": "tag:meridian.example,2022:b"}),
        "list.json": json.dumps(
            [{**NINJS_1, "uri": "tag:meridian.example,2022:c"}, {**NINJS_3, "type": "video"}]
        ),
        "wrapped.json": json.dumps({"items": [NINJS_3]}, indent=1),
        "lines.jsonl": "\n".join(
            json.dumps({**NINJS_1, "uri": f"tag:meridian.example,2022:{n}"}) for n in "de"
        ),
        "g2.xml": message(newsml("g2")),
        "broken.xml": message(newsml("g3"))[:-300],
        ".hidden": "x",
    }
    for name, text in shapes.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    complaints: list[str] = []
    done = import_folder(tmp_path, AT, complaints.append)
    assert (done.filed.new, done.skipped) == (7, 2)
    assert complaints[0].startswith("broken.xml is left out: broken.xml cannot be read. It is broken XML (")
    assert complaints[1] == "list.json, item 2 is left out: it is a video, not a text."
    again = import_folder(tmp_path, AT, complaints.append)
    assert (again.filed.new, again.filed.unchanged) == (0, 7)
    assert Article.objects.filter(url__startswith="urn:newsml:").count() == 1


def test_our_own_items_are_not_taken_for_ninjs() -> None:
    assert is_ninjs(NINJS_1)
    assert is_ninjs(NINJS_3)
    assert not is_ninjs({**NINJS_1, "url": "https://a.example/", "published": "2022-05-05"})
    assert not is_ninjs([NINJS_1])
