from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.refusal import Refused
from daybreak.wire.models import Source
from daybreak.wire.outlets.opml import bundled, bundled_regions, read_list, write_list
from daybreak.wire.outlets.sources import add_source


def complain(sentence: str) -> None:
    raise AssertionError(sentence)


def test_the_bundled_list_reaches_every_continent_in_many_languages() -> None:
    feeds = bundled()
    assert len(feeds) >= 120
    assert set(bundled_regions()) >= {
        "Africa", "Asia", "Europe", "Latin America", "Middle East", "North America", "Oceania"
    }  # fmt: skip
    assert len({one.about.language for one in feeds}) >= 20
    assert len({one.about.country for one in feeds}) >= 60
    assert min(bundled_regions().values()) >= 3
    for one in feeds:
        assert urlsplit(one.feed_url).hostname
        assert one.about.site_url.startswith("http")
        assert one.about.language
    assert len({one.feed_url for one in feeds}) == len({one.name for one in feeds}) == len(feeds)


def test_a_region_is_named_in_any_case_and_an_unknown_one_refused() -> None:
    assert {one.group for one in bundled("oceania")} == {"Oceania"}
    with pytest.raises(Refused, match=r"no region “Atlantis”: name one of Africa, .*\."):
        bundled("Atlantis")


@pytest.mark.django_db
def test_what_is_exported_comes_back_the_same() -> None:
    for one in bundled():
        add_source(one.name, one.feed_url, one.about)
    Source.objects.filter(name="RNZ").update(full_text=True, terms='Crown copyright; ask "first" & <mend>')
    before = list(Source.objects.values())
    text = write_list(Source.objects.all(), "A & B")
    Source.objects.all().delete()
    for one in read_list(text, "export.opml", complain):
        add_source(one.name, one.feed_url, one.about)
    after = list(Source.objects.values())
    assert [{**row, "id": 0} for row in after] == [{**row, "id": 0} for row in before]


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_name_and_note_can_be_written_and_read(name: str, terms: str) -> None:
    text = write_list([Source(name=name, terms=terms, feed_url="https://a.example/rss?a=1&b=2")], name)
    (one,) = read_list(text, "x.opml", complain)
    assert one.feed_url == "https://a.example/rss?a=1&b=2"


@pytest.mark.django_db
def test_a_known_source_keeps_what_it_says_and_learns_the_rest() -> None:
    add_source("Mine", "https://www.rnz.co.nz/rss/world.xml")
    Source.objects.update(language="mi", full_text=False)
    known = next(one for one in bundled() if one.name == "RNZ")
    source, added = add_source(known.name, known.feed_url, known.about)
    source.refresh_from_db()
    assert not added
    assert (source.name, source.language, source.owner, source.kind) == (
        "Mine",
        "mi",
        "Radio New Zealand",
        "public",
    )


def test_attributes_that_say_nonsense_say_nothing() -> None:
    (one,) = read_list(
        '<opml><body><outline text="&lt;b&gt;A" xmlUrl="https://a.example/" country="Mali" kind="loud" language="the tongue"'
        ' htmlUrl="javascript:alert(1)" owner="B &amp; C"/></body></opml>',
        "x.opml",
        complain,
    )
    assert one.name == "A"
    about = one.about
    assert (about.country, about.kind, about.language, about.site_url) == ("", "", "", "")
    assert about.owner == "B & C"
