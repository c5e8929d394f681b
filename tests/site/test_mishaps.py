"""What a person sees when a page cannot be given: a sentence and a way on, in the paper's dress."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from daybreak.circulation.models import Reader
from daybreak.site.mishaps import broken
from tests.site.conftest import browser_of

pytestmark = pytest.mark.django_db


def test_a_missing_page_wears_the_papers_name_and_knows_its_reader(ada: Reader, settings: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, paper_name="The Dawn")
    assert "<title>No such page – The Dawn</title>" in Client().get("/nowhere/").content.decode()
    page = browser_of(ada).get("/nowhere/").content.decode()
    assert 'aria-label="Reader"><a href="/account/">Account</a></nav>' in page


def test_when_something_breaks_no_detail_is_told_and_no_database_asked(rf: RequestFactory) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = broken(rf.get("/"))
    assert (answer.status_code, len(queries)) == (500, 0)
    assert "It is our fault" in answer.content.decode()


@pytest.mark.parametrize("path", ["/sign-out/", "/account/pause/", "/account/resume/"])
def test_an_address_that_only_acts_says_so_when_it_is_opened(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "at the press of a button" in answer.content.decode()


def test_a_form_that_is_too_large_is_refused_with_a_sentence() -> None:
    answer = Client().post("/subscribe/", {"email": "a" * 3_000_000})
    assert answer.status_code == 400
    assert "too large or broken" in answer.content.decode()


def test_a_host_that_is_none_is_refused_with_a_sentence() -> None:
    answer = Client().get("/archive", headers={"host": "a b"})
    assert answer.status_code == 400
    assert "too large or broken" in answer.content.decode()
