"""Rows that several connections make side by side: each reader's once, and nothing kept back."""

from __future__ import annotations

import pytest
from django.db import connection

from daybreak.delivery import inserting
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import Planned, plan
from tests.delivery.ledger import NIGHT, many_readers, printed

# Keeps what the migrations filled in.
pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]


@pytest.mark.parametrize("readers", [10, 11, 37])
def test_connections_that_share_the_readers_leave_out_none_and_double_none(
    readers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inserting, "MANY", 10)
    many_readers(readers)
    edition = printed()
    assert plan(edition, NIGHT) == Planned(made=readers)
    assert Delivery.objects.values("reader").distinct().count() == readers
    assert plan(edition, NIGHT) == Planned()


def test_what_one_connection_cannot_do_is_said_and_the_next_planning_does_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inserting, "MANY", 10)
    many_readers(20)
    edition = printed()
    copy, calls = inserting._copy, []

    def fail_once(*arguments: object) -> int:
        calls.append(arguments)
        if len(calls) == 1:
            raise OSError("the server closed the connection")
        return copy(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(inserting, "_copy", fail_once)
    with pytest.raises(OSError, match="closed the connection"):
        plan(edition, NIGHT)
    assert plan(edition, NIGHT).made + (20 - 10) == 20
