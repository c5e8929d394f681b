"""A press that fails says so at the desk, waits a minute, and tries again."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client

from daybreak.accounts.models import User
from daybreak.desk.models import Edition
from daybreak.press import tasks
from daybreak.press.failing import failure_of, note_failure
from daybreak.press.models import PressRun
from daybreak.press.printing import editions_due
from daybreak.press.tasks import press_what_is_approved
from tests.conftest import NIGHT

pytestmark = pytest.mark.django_db
ADDRESS = "/desk/press/2022-05-06/"


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ines@paper.example", "Ines Calloway", "a long pass phrase"))
    return client


def no_room() -> None:
    raise OSError(28, "No space left on device")


def test_a_failed_press_is_shown_and_tried_again_after_a_minute(
    approved: Edition, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "voice", no_room)
    assert press_what_is_approved.call() == 0
    failure = failure_of(approved)
    assert failure is not None
    assert "No space left on device" in desk.get(ADDRESS).content.decode()
    assert editions_due(failure.at + dt.timedelta(seconds=59)) == []
    assert editions_due(failure.at + dt.timedelta(seconds=60)) == [approved]


def test_once_it_is_printed_the_failure_is_past(pressed: PressRun, desk: Client) -> None:
    note_failure(pressed.edition, OSError(28, "No space left on device"), NIGHT)
    assert re.search(r"Press run 1, \d\d:\d\d UTC, \d+:\d\d of audio\.", desk.get(ADDRESS).content.decode())
