from __future__ import annotations

import os
import signal

from daybreak.wire.pagetexts.pagetext import LONGEST, PageText, read_page
from daybreak.wire.pagetexts.pageworker import Page, PageReaders, Unreadable
from tests.wire.pageserver import ARTICLE, PARAGRAPHS

URL = "https://niger.example/articles/bridge"


def page(key: int, html: str = ARTICLE) -> Page:
    return Page(key, URL, html.encode())


def test_pages_are_read_by_several_workers() -> None:
    with PageReaders(2) as readers:
        read = dict(readers.read(page(key) for key in range(5)))
    assert set(read) == set(range(5))
    assert read[3] == read_page(ARTICLE.encode(), URL)


def test_a_worker_that_is_killed_is_replaced() -> None:
    with PageReaders(1) as readers:
        assert isinstance(dict(readers.read([page(1)]))[1], PageText)
        (process,) = readers.process_ids()
        os.kill(process, signal.SIGKILL)
        assert isinstance(dict(readers.read([page(2)]))[2], PageText)


def test_a_worker_that_hangs_is_ended_when_its_time_is_over() -> None:
    with PageReaders(1, seconds=1.0) as readers:
        assert isinstance(dict(readers.read([page(1)]))[1], PageText)
        (process,) = readers.process_ids()
        os.kill(process, signal.SIGSTOP)
        hung = dict(readers.read([page(2)]))[2]
        assert str(hung) == "It took more than 1 seconds to read."
        assert readers.process_ids() == []


def test_a_page_that_needs_too_much_memory_costs_only_itself() -> None:
    deep = "<p>" + "word " * 3_000_000
    with PageReaders(1, memory=400_000_000) as readers:
        read = dict(readers.read([page(1, deep), page(2)]))
    assert isinstance(read[1], Unreadable | PageText)
    assert isinstance(read[2], PageText)


def test_bytes_that_are_no_page_have_no_text() -> None:
    with PageReaders(1) as readers:
        read = dict(readers.read([Page(1, URL, b""), Page(2, URL, b"\x00\xff" * 500), page(3)]))
    for key in (1, 2):
        got = read[key]
        assert isinstance(got, Unreadable) or got.text == ""
    assert isinstance(read[3], PageText)


def test_a_page_leaves_out_its_headline_and_what_leads_elsewhere() -> None:
    read = read_page(ARTICLE.encode(), URL)
    assert read.text == "\n".join(PARAGRAPHS)
    assert (read.author, read.language, read.canonical) == ("Awa Traoré", "en-GB", URL)


def test_the_canonical_address_of_another_site_does_not_count() -> None:
    elsewhere = ARTICLE.replace('href="/articles/bridge"', 'href="https://evil.example/x"')
    assert read_page(elsewhere.encode(), URL).canonical == ""


def test_the_body_in_json_ld_stands_in_where_the_page_shows_little() -> None:
    body = " ".join(PARAGRAPHS)
    shell = f'<html><head><script type="application/ld+json">{{"articleBody": "{body}"}}</script></head><body><p>Loading</p></body></html>'
    assert read_page(shell.encode(), URL).text == body


def test_a_text_is_no_longer_than_its_limit() -> None:
    long = "<html><body><article>" + f"<p>{PARAGRAPHS[0]}</p>" * 1000 + "</article></body></html>"
    assert len(read_page(long.encode(), URL).text) <= LONGEST


def test_authors_are_the_names_in_json_ld_and_never_an_address() -> None:
    stated = '"author": [{"@type": "Person", "name": "Awa Traoré"}, "Ben Okri"], "datePublished"'
    several = ARTICLE.replace('"datePublished"', stated)
    assert read_page(several.encode(), URL).author == "Awa Traoré, Ben Okri"
    address = ARTICLE.replace('content="Awa Traoré"', 'content="https://niger.example/awa"')
    assert read_page(address.encode(), URL).author == ""
