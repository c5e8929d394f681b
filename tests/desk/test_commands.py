"""`daybreak edition …` from a file to an approval."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daybreak.common.refusal import Refused
from daybreak.desk.commands import edition
from daybreak.desk.models import Edition
from tests.desk.world import LATER, SAMPLE_TEXT

pytestmark = pytest.mark.django_db
LOOSE = "---\ndate: 2022-05-07\n---\n# Need to Know\n## A\n\nIt is said. It is so.\n"


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(edition, list(arguments), input=given)


def refusal(result: Result) -> str:
    assert isinstance(result.exception, Refused), result.exception
    return str(result.exception)


def test_an_edition_goes_from_file_to_approval_and_back(tmp_path: Path) -> None:
    file = tmp_path / "may.md"
    file.write_text(SAMPLE_TEXT, encoding="utf-8")
    assert run("import", str(file)).output == "Imported the edition of Friday, May 6, 2022: 6 briefs.\n"
    checks = json.loads(run("check", "2022-05-06", "--json").output)
    assert set(checks[0]) >= {"brief", "number", "text", "verdict", "reason", "citations"}
    assert checks[0]["brief"] == "of-their-own-accord"
    assert run("check", "2022-05-06").exit_code == 0
    run("approve", "2022-05-06", "--by", "Ines", "--at", LATER.isoformat())
    assert Edition.objects.get().approved_at == LATER
    assert json.loads(run("list", "--json").output)[0]["approved_by"] == "Ines"
    first = run("export", "2022-05-06").output
    run("reopen", "2022-05-06", "--by", "Ines")
    run("import", "-", given=first)
    assert run("export", "2022-05-06").output == first


def test_a_weekend_edition_is_taken_with_a_note() -> None:
    result = run("new", "2022-05-07")
    assert result.stdout == "Started the edition of Saturday, May 7, 2022.\n"
    assert result.stderr == "2022-05-07 is a Saturday: this edition goes out on Monday, May 9, 2022.\n"


def test_check_prints_everything_and_then_refuses() -> None:
    run("import", "-", given=LOOSE)
    result = run("check", "2022-05-07", "--json")
    assert [one["verdict"] for one in json.loads(result.stdout)] == ["unexplained", "unexplained"]
    assert "cannot be approved yet" in refusal(result)
    assert "sentence 2 (It is so.)" in refusal(run("approve", "2022-05-07", "--by", "Ines"))


def test_signing_every_sentence_lets_it_pass() -> None:
    run("import", "-", given=LOOSE)
    for number in ("1", "2"):
        run("sign", "2022-05-07", "a", number, "--by", "Ines", "--because", "I saw it.")
    assert run("approve", "2022-05-07", "--by", "Ines").exit_code == 0
    assert "signed" in run("check", "2022-05-07").output


def test_what_is_not_there_is_named_with_what_is() -> None:
    run("import", "-", given=LOOSE)
    assert "There is no edition of 2022-05-06: start it" in refusal(run("check", "2022-05-06"))
    assert "has no brief “b”: it has a." in refusal(
        run("sign", "2022-05-07", "b", "1", "--by", "I", "--because", "x")
    )
    assert run("sign", "2022-05-07", "a", "0", "--by", "I", "--because", "x").exit_code == 2
    assert run("check", "May").exit_code == 2


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "latin.md"
    file.write_bytes(b"---\ndate: 2022-05-06\ntitle: Caf\xe9\n---\n")
    assert "is not in UTF-8 (line 3)" in refusal(run("import", str(file)))
