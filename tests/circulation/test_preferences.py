from __future__ import annotations

import datetime as dt

import pytest

from daybreak.circulation.entitlement import entitlement_of
from daybreak.circulation.models import Reader
from daybreak.circulation.preferences import change_mornings, parse_name, resume_mail, stop_mail
from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Refused

AT = dt.datetime(2022, 5, 6, 10, 0, tzinfo=dt.UTC)


def test_stopping_the_mail_is_noted_once_and_leaves_the_entitlement_alone(ada: Reader) -> None:
    before = entitlement_of(ada, AT)
    assert stop_mail(ada, AT, by="ada@example.org")
    assert not stop_mail(ada, AT + dt.timedelta(days=1), by="ada@example.org")
    ada.refresh_from_db()
    assert ada.mail_stopped_at == AT
    assert entitlement_of(ada, AT) == before
    assert resume_mail(ada, AT, by="ada@example.org")
    assert not resume_mail(ada, AT, by="ada@example.org")
    ada.refresh_from_db()
    assert ada.mail_stopped_at is None
    assert [entry.act for entry in JournalEntry.objects.all()] == ["stopped the mail", "resumed the mail"]


def test_the_morning_is_changed_whole_or_not_at_all(ada: Reader) -> None:
    change_mornings(ada, "Asia/Kolkata", "7:30", "Mon Wed")
    with pytest.raises(Refused):
        change_mornings(ada, "Europe/Berlin", "25:00", "Fri")
    ada.refresh_from_db()
    assert (ada.time_zone, ada.delivery_time, ada.delivery_days) == ("Asia/Kolkata", dt.time(7, 30), 0b101)


def test_a_name_is_tidied_and_its_length_kept() -> None:
    assert parse_name("  Ada \n Lovelace ") == "Ada Lovelace"
    for bad in ("x" * 121, "Ada\x00", "Ada\u202e"):
        with pytest.raises(Refused):
            parse_name(bad)
