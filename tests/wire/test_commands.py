from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daybreak.common.refusal import Misused, Refused
from daybreak.sample import SAMPLE
from daybreak.wire.commands import wire

pytestmark = pytest.mark.django_db
AT = "2022-05-06T05:00:00Z"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(wire, list(arguments))


def test_the_night_is_imported_and_told_as_json() -> None:
    done = run("import", str(SAMPLE / "wire.jsonl"), "--at", AT)
    assert done.exit_code == 0
    assert done.stdout.startswith("67 items taken (67 new, of them ")
    told = json.loads(run("stories", "--json", "--at", AT, "--limit", "5").stdout)
    assert len(told) == 5
    assert list(told[0]) == [
        "id",
        "headline",
        "score",
        "reasons",
        "outlets",
        "places",
        "first_seen",
        "last_seen",
        "articles",
        "first",
        "pinned",
        "continues",
    ]
    assert list(told[0]["articles"][0]) == ["url", "source", "title", "published", "copy"]
    assert told[0]["score"] >= told[4]["score"]
    place, grounds, *_ = run("stories", "--at", AT).stdout.splitlines()
    assert place.startswith("  1  ")
    assert re.match(r" +first May \d, \d\d:\d\d UTC; \d independent outlets", grounds)


def test_bad_lines_go_to_standard_error_and_the_rest_is_taken(tmp_path: Path) -> None:
    good = (SAMPLE / "wire.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "wire.jsonl").write_text(f"{good}\nnothing\n", encoding="utf-8")
    done = run("import", str(tmp_path / "wire.jsonl"), "--at", AT)
    assert done.exit_code == 0
    assert done.stderr == "wire.jsonl, line 2 is left out: not a JSON object.\n"
    assert "1 skipped" in done.stdout


def test_errors_are_sentences(tmp_path: Path) -> None:
    missing = run("import", str(tmp_path / "none.jsonl"))
    assert isinstance(missing.exception, Refused)
    assert not isinstance(missing.exception, Misused)
    assert run("import", str(SAMPLE / "wire.jsonl"), "--at", "soon").exit_code == 2
    assert isinstance(run("source", "add", "nonsense").exception, Refused)
    assert "holds no file of wire copy" in str(run("import", str(tmp_path)).exception)


@pytest.mark.parametrize("call", [("stories", "--hours", "1e300"), ("stories", "--hours", "nan"),
    ("stories", "--hours", "0"), ("stories", "--at", "0001-01-01"), ("poll", "--at", "9999-12-31"),
    ("poll", "--allow", "localhost")])  # fmt: skip
def test_a_call_out_of_all_bounds_is_refused(call: tuple[str, ...]) -> None:
    assert run(*call).exit_code == 2


def test_a_source_is_added_once_and_listed() -> None:
    assert "is added" in run("source", "add", "https://courier.example/rss", "--name", "Courier").stdout
    assert "known already" in run("source", "add", "https://courier.example/rss").stdout
    (listed,) = json.loads(run("sources", "--json").stdout)
    assert (listed["name"], listed["feed_url"], listed["active"]) == (
        "Courier",
        "https://courier.example/rss",
        True,
    )
    assert "not asked yet" in run("sources").stdout


def test_the_bundled_list_is_added_by_region_and_exported_as_opml(tmp_path: Path) -> None:
    assert "Oceania: " in run("sources", "add-bundled", "--list").stdout
    first = run("sources", "add-bundled", "--region", "Oceania")
    again = run("sources", "add-bundled", "--region", "Oceania")
    assert first.stdout.endswith(" sources added, 0 known already.\n")
    assert again.stdout.startswith("0 sources added, ")
    listed = json.loads(run("sources", "--json").stdout)
    assert {one["state"] for one in listed} == {"new"}
    assert "RNZ" in {one["name"] for one in listed}
    run("export", str(tmp_path / "mine.opml"))
    assert "0 sources added" in run("import", str(tmp_path / "mine.opml")).stdout


def test_a_source_is_tended_by_name() -> None:
    assert isinstance(run("export", "none.opml").exception, Refused)
    run("source", "add", "https://courier.example/rss", "--name", "Courier")
    for verb, state in (("pause", "paused"), ("resume", "new"), ("ask", "new")):
        assert run("sources", verb, "Courier").exit_code == 0
        assert json.loads(run("sources", "--json").stdout)[0]["state"] == state
    assert "Ledger" in str(run("sources", "pause", "Ledger").exception)
    run("sources", "remove", "Courier")
    assert "No source yet" in run("sources").stdout


def test_polling_nothing_says_so_and_a_private_feed_is_refused() -> None:
    assert "0 feeds asked" in run("poll", "--at", AT).stdout
    run("source", "add", "http://127.0.0.1:9/feed", "--name", "Inside")
    done = run("poll", "--at", AT, "--json")
    assert json.loads(done.stdout)["asked"] == 1
    assert done.stderr.startswith("Inside: It leads to a private address")


def test_an_empty_budget_says_what_to_do() -> None:
    assert "import or poll first" in run("stories", "--at", AT).stdout


def test_describing_and_reading_are_verbs() -> None:
    run("import", str(SAMPLE / "wire.jsonl"), "--at", AT)
    assert run("describe").stdout == "0 articles described.\n"
    nothing = {"asked": 0, "read": 0, "longer": 0, "joined": 0, "refused": 0, "failed": []}
    assert json.loads(run("read", "--json", "--at", AT).stdout) == nothing
