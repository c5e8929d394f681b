"""`daybreak board`: for people, for programs, and an exit status for a monitor."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from daybreak.circulation.models import Reader
from daybreak.common.refusal import Refused
from daybreak.delivery.watch.watchcommands import board
from tests.delivery.ledger import FRIDAY, NIGHT, printed

pytestmark = pytest.mark.django_db


def test_the_board_in_words_and_as_json(ada: Reader) -> None:
    at = ["--at", "2022-05-05T16:00:00Z"]
    words = CliRunner().invoke(board, at)
    assert words.exit_code == 0
    assert "2022-05-06 T−2 h 0 min, first readers 06:00 in Auckland" in words.output
    shown = json.loads(CliRunner().invoke(board, [*at, "--json"]).output)
    assert shown["editions"][0]["date"] == "2022-05-06"
    assert {line["kind"] for line in shown["editions"][0]["lines"]} >= {"approval", "press", "planning"}
    assert shown["house"][0]["kind"] == "wire"


def test_a_late_line_is_an_error_for_a_monitor(ada: Reader) -> None:
    printed(FRIDAY - dt.timedelta(days=1), NIGHT - dt.timedelta(days=1))
    late = CliRunner().invoke(board, ["--at", "2022-05-05T17:45:00Z"])
    assert isinstance(late.exception, Refused)
    assert "1 line is late" in str(late.exception)
