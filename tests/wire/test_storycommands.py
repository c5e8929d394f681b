"""The editor's hand on stories, on the command line."""

from __future__ import annotations

import json
import uuid

import pytest
from click.testing import CliRunner, Result

from daybreak.common.refusal import Misused, Refused
from daybreak.sample import SAMPLE
from daybreak.wire.commands import wire

pytestmark = pytest.mark.django_db
AT = "2022-05-06T05:00:00Z"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(wire, [*arguments, "--at", AT])


def by_ines(*arguments: str) -> Result:
    done = run(*arguments, "--by", "Ines")
    assert done.exit_code == 0, done.exception
    return done


@pytest.fixture
def budget() -> list[dict[str, object]]:
    run("import", str(SAMPLE / "wire.jsonl"))
    return told()


def told() -> list[dict[str, object]]:
    lines: list[dict[str, object]] = json.loads(run("stories", "--json").stdout)
    return lines


def urls(line: dict[str, object]) -> list[str]:
    return [article["url"] for article in line["articles"]]  # type: ignore[attr-defined]


def test_two_stories_are_merged_and_come_apart_again(budget: list[dict[str, object]]) -> None:
    one, two = budget[:2]
    assert by_ines("merge", str(one["id"]), str(two["id"])).stdout.startswith(str(two["id"]))
    merged = {line["id"]: line for line in told()}
    assert one["id"] not in merged
    assert set(urls(merged[two["id"]])) == {*urls(one), *urls(two)}
    by_ines("undo", str(one["id"]))
    assert {line["id"]: set(urls(line)) for line in told()} == {
        line["id"]: set(urls(line)) for line in budget
    }
    with pytest.raises(Refused, match="could be undone"):
        raise run("undo", str(one["id"]), "--by", "Ines").exception or AssertionError


def test_articles_are_split_off_and_moved_by_their_addresses(budget: list[dict[str, object]]) -> None:
    one, two = budget[:2]
    chosen = next(article["url"] for article in one["articles"][1:] if not article["copy"])  # type: ignore[index]
    new = by_ines("split", str(one["id"]), chosen).stdout.split()[0]
    assert chosen in urls(next(line for line in told() if line["id"] == new))
    by_ines("move", new, str(two["id"]), chosen)
    assert chosen in urls(next(line for line in told() if line["id"] == two["id"]))


def test_a_pinned_story_is_told_as_pinned(budget: list[dict[str, object]]) -> None:
    key = str(budget[0]["id"])
    assert "pinned." in by_ines("pin", key).stdout
    assert told()[0]["pinned"] is True
    assert "not pinned." in by_ines("pin", key, "--off").stdout


def test_what_a_story_goes_on_with_is_found_and_said(budget: list[dict[str, object]]) -> None:
    assert "Looked back from" in run("look-back").stdout
    assert run("look-back").stdout == "Looked back from 0 stories.\n"
    assert "no earlier story" in by_ines("link", str(budget[0]["id"])).stdout
    assert told()[0]["continues"] == []
    assert told()[0]["first"]["source"]  # type: ignore[index]


def test_errors_are_sentences(budget: list[dict[str, object]]) -> None:
    key, other = str(budget[0]["id"]), str(budget[1]["id"])
    for call, wrong in {
        ("merge", key, str(uuid.uuid4())): "There is no story",
        ("split", key, "https://nowhere.example/a"): "The wire has no article at",
        ("split", key, urls(budget[1])[0]): "Choose articles of this story",
        ("undo", key): "could be undone",
    }.items():
        refusal = run(*call, "--by", "Ines").exception
        assert isinstance(refusal, Refused)
        assert wrong in str(refusal)
    assert isinstance(run("merge", key, other, "--by", " ").exception, Misused)
    wrong_call = run("merge", key, "nonsense", "--by", "Ines")
    assert wrong_call.exit_code == 2
    assert "“nonsense” is no story: give an id from `daybreak wire stories --json`." in wrong_call.stderr
