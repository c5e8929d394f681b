from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.newsroom import Newsroom

pytestmark = pytest.mark.journey


def test_the_demo_plays_one_night_and_a_second_one_does_no_harm(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path)
    first = newsroom.run("demo", "--no-serve", "--port", "8123")
    for words in ("84 articles", "6 briefs", "approved by Ines Calloway", "12 readers", "10 mails"):
        assert words in first.stderr
    for address in ("http://127.0.0.1:8123/", "/desk/editions/2022-05-06/", "/desk/outbox/", "password"):
        assert address in first.stdout
    states = newsroom.json("deliver", "status", "2022-05-06")["states"]
    again = newsroom.run("demo", "--no-serve", "--port", "8123")
    assert "played already" in again.stderr
    assert "0 mails" in again.stderr
    assert newsroom.json("deliver", "status", "2022-05-06")["states"] == states
    assert len(list((tmp_path / "var" / "outbox").glob("*.eml"))) == 10
