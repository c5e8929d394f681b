from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.wire.addresses import AddressError, canonical, country_of, url_key


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("HTTPS://News.Example:443/Story", "https://news.example/Story"),
        ("http://news.example:80", "http://news.example/"),
        ("https://news.example:8443/a", "https://news.example:8443/a"),
        ("https://news.example/a?utm_source=x&id=7&fbclid=y#top", "https://news.example/a?id=7"),
        ("https://news.example/a?b=2&a=1", "https://news.example/a?a=1&b=2"),
        ("https://news.example/story/amp/", "https://news.example/story"),
        ("https://news.example/story.amp.html", "https://news.example/story.html"),
        ("https://news.example/%7euser/%c3%a9t%C3%A9", "https://news.example/~user/%C3%A9t%C3%A9"),
        ("https://news.example/été", "https://news.example/%C3%A9t%C3%A9"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        (" https://news.example/a\n", "https://news.example/a"),
    ],
)
def test_spellings_of_one_page_have_one_canonical_address(written: str, means: str) -> None:
    assert canonical(written) == means


def test_scheme_www_and_closing_slash_do_not_make_another_article() -> None:
    keys = {
        url_key(url)
        for url in ("http://www.news.example/a/", "https://news.example/a", "https://m.news.example/a")
    }
    assert len(keys) == 1


def test_parameters_that_tell_pages_apart_are_kept() -> None:
    assert url_key("https://news.example/?p=1") != url_key("https://news.example/?p=2")


@pytest.mark.parametrize(
    "text",
    ["", "news", "ftp://a.example/", "javascript:alert(1)", "http://", "http://[::1", "https://a.example:99999/",
     "https://a.example/\ud800", "https://a.example/\x00", "https://a.example/" + "x" * 3000],
)  # fmt: skip
def test_what_is_no_web_address_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(AddressError, match=r"\.$"):
        canonical(text)


@given(
    st.builds(
        lambda host, port, path, query, fragment: f"https://{host}{port}/{path}?{query}#{fragment}",
        st.from_regex(r"(www\.)?[A-Za-z0-9-]{1,12}\.[a-z]{2,3}", fullmatch=True),
        st.sampled_from(["", ":443", ":8080"]),
        st.one_of(
            st.text(max_size=30), st.from_regex(r"(%[0-9A-Fa-f]{0,2}|/|\.|amp|x){0,12}", fullmatch=True)
        ),
        st.one_of(
            st.text(max_size=30), st.from_regex(r"([a-z_]{1,8}=[%&;+a-f0-9]{0,6}&?){0,4}", fullmatch=True)
        ),
        st.text(max_size=5),
    )
)
def test_canonical_form_is_stable(url: str) -> None:
    try:
        once = canonical(url)
    except AddressError:
        return
    assert canonical(once) == once
    assert url_key(once) == url_key(url)


def test_country_comes_from_the_top_level_domain_when_it_names_one() -> None:
    named = [country_of(f"https://paper.example.{end}/a") for end in ("in", "uk", "com", "io")]
    assert named == ["IN", "GB", "", ""]
