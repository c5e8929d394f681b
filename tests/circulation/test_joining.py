from __future__ import annotations

import datetime as dt
import re

import pytest

from daybreak.circulation.address import NotAnAddress
from daybreak.circulation.joining import (
    SIGNS,
    NoEntry,
    ask_way_in,
    confirm,
    enter_by_code,
    enter_by_link,
    forget_old_ways_in,
    link_is_open,
    make_way_in,
    sign_up,
)
from daybreak.circulation.models import Consent, Notice, Period, Plan, Reader, WayIn
from daybreak.circulation.rates import TooMany
from daybreak.common.models import JournalEntry

pytestmark = pytest.mark.django_db

AT = dt.datetime(2022, 5, 6, 10, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def join(email: str = "Ada@example.org", zone: str = "Pacific/Auckland", at: dt.datetime = AT) -> Reader:
    return sign_up(email, time_zone=zone, wording="A free trial.", page="/subscribe/", at=at)


def test_a_sign_up_leaves_a_reader_a_consent_and_a_letter_that_is_due() -> None:
    reader = join()
    assert (reader.email, reader.time_zone, reader.confirmed_at) == (
        "Ada@example.org",
        "Pacific/Auckland",
        None,
    )
    consent, notice = Consent.objects.get(), Notice.objects.get()
    assert (consent.reader, consent.wording, consent.page, consent.at) == (
        reader,
        "A free trial.",
        "/subscribe/",
        AT,
    )
    assert (notice.reader, notice.kind, notice.state, notice.due_at) == (reader, "confirm", "due", AT)
    assert not Period.objects.exists()


def test_a_sign_up_that_is_refused_leaves_nothing() -> None:
    with pytest.raises(NotAnAddress):
        join("ada@example.org\r\nBcc: all@example.org")
    assert not Reader.objects.exists() and not Notice.objects.exists()


def test_a_guessed_zone_that_is_none_becomes_utc() -> None:
    assert join(zone="../../etc/passwd").time_zone == "UTC"


def test_signing_up_again_unconfirmed_takes_the_latest_zone_and_writes_again() -> None:
    join(zone="UTC")
    reader = join("ADA@example.org", "Europe/Berlin", AT + MINUTE)
    assert Reader.objects.get() == reader
    assert reader.time_zone == "Europe/Berlin"
    assert [notice.kind for notice in Notice.objects.all()] == ["confirm", "confirm"]


def test_signing_up_again_confirmed_changes_nothing_and_offers_a_way_in(ada: Reader) -> None:
    reader = join("ADA@EXAMPLE.ORG", "Europe/Berlin")
    assert reader == ada
    assert (reader.email, reader.time_zone) == ("ada@example.org", "Pacific/Auckland")
    assert Notice.objects.get().kind == "welcome_back"
    assert not Consent.objects.exists()


def test_a_way_in_is_asked_for_by_those_we_know_only(ada: Reader) -> None:
    ask_way_in("ada@example.org", AT)
    ask_way_in("nobody@example.org", AT)
    notice = Notice.objects.get()
    assert (notice.reader, notice.kind) == (ada, "sign_in")


def test_the_limit_of_letters_is_the_same_for_known_and_unknown_addresses(ada: Reader) -> None:
    for email in ("ada@example.org", "nobody@example.org"):
        for count in range(5):
            ask_way_in(email.upper() if count % 2 else email, AT)
        with pytest.raises(TooMany):
            ask_way_in(email, AT)
        with pytest.raises(TooMany):
            join(email)
    assert Notice.objects.count() == 5
    ask_way_in("ada@example.org", AT + dt.timedelta(hours=1))
    assert Notice.objects.count() == 6


def test_the_first_entry_confirms_and_starts_a_fortnight_of_trial() -> None:
    reader = join()
    code, _ = make_way_in(reader, AT)
    entered = enter_by_code("ada@EXAMPLE.org", code, AT + MINUTE)
    assert entered == reader
    assert entered.confirmed_at == AT + MINUTE
    period = Period.objects.get()
    assert (period.kind, period.starts_at) == ("trial", AT + MINUTE)
    assert period.ends_at == AT + MINUTE + dt.timedelta(days=14)
    assert [entry.act for entry in JournalEntry.objects.all()] == ["confirmed", "trial started"]


def test_the_trial_lasts_as_long_as_the_plan_says_and_none_is_none() -> None:
    Plan.objects.update(trial_days=0)
    assert confirm(join(), AT)
    assert not Period.objects.exists()


def test_a_trial_is_never_begun_again() -> None:
    reader = join()
    assert confirm(reader, AT)
    assert not confirm(reader, AT + dt.timedelta(days=30))
    Reader.objects.update(confirmed_at=None)
    assert confirm(reader, AT + dt.timedelta(days=60))
    assert Period.objects.get().starts_at == AT


def test_a_code_is_easy_to_type_and_only_its_hash_is_kept() -> None:
    reader = join()
    code, token = make_way_in(reader, AT)
    assert re.fullmatch(f"[{SIGNS}]{{4}}-[{SIGNS}]{{4}}", code)
    assert not set(SIGNS) & set("0O1IL2Z5S8BUVAEIOU")
    kept = repr(list(WayIn.objects.values()))
    assert code not in kept and code.replace("-", "") not in kept and token not in kept
    assert enter_by_code("ada@example.org", f" {code.lower().replace('-', ' ')} ", AT) == reader


def test_a_code_works_once_for_half_an_hour(ada: Reader) -> None:
    code, _ = make_way_in(ada, AT)
    with pytest.raises(NoEntry):
        enter_by_code(ada.email, code, AT + 30 * MINUTE)
    code, _ = make_way_in(ada, AT)
    assert enter_by_code(ada.email, code, AT + 29 * MINUTE) == ada
    with pytest.raises(NoEntry):
        enter_by_code(ada.email, code, AT + 29 * MINUTE)


def test_a_code_opens_for_its_own_reader_only(ada: Reader, ben: Reader) -> None:
    code, _ = make_way_in(ada, AT)
    for email in (ben.email, "nobody@example.org"):
        with pytest.raises(NoEntry):
            enter_by_code(email, code, AT)
    assert enter_by_code(ada.email, code, AT) == ada


def test_five_misses_kill_the_codes_that_are_out_but_not_the_link(ada: Reader) -> None:
    first, _ = make_way_in(ada, AT)
    second, token = make_way_in(ada, AT)
    for _ in range(5):
        with pytest.raises(NoEntry):
            enter_by_code(ada.email, "CCCC-CCCC", AT)
    for code in (first, second):
        with pytest.raises(NoEntry):
            enter_by_code(ada.email, code, AT)
    assert enter_by_link(token, AT) == ada


def test_four_misses_do_not(ada: Reader) -> None:
    code, _ = make_way_in(ada, AT)
    for _ in range(4):
        with pytest.raises(NoEntry):
            enter_by_code(ada.email, "", AT)
    assert enter_by_code(ada.email, code, AT) == ada


def test_looking_at_a_link_changes_nothing_and_it_lets_in_once_for_a_day() -> None:
    reader = join()
    _, token = make_way_in(reader, AT)
    assert link_is_open(token, AT) and link_is_open(token, AT)
    reader.refresh_from_db()
    assert reader.confirmed_at is None
    late = AT + dt.timedelta(hours=24)
    assert not link_is_open(token, late)
    with pytest.raises(NoEntry):
        enter_by_link(token, late)
    assert enter_by_link(token, late - MINUTE).confirmed_at == late - MINUTE
    assert not link_is_open(token, AT)
    with pytest.raises(NoEntry):
        enter_by_link(token, AT)
    with pytest.raises(NoEntry):
        enter_by_link("guessed", AT)


def test_the_link_is_spent_with_its_code(ada: Reader) -> None:
    code, token = make_way_in(ada, AT)
    enter_by_code(ada.email, code, AT)
    with pytest.raises(NoEntry):
        enter_by_link(token, AT)


def test_old_ways_in_are_forgotten(ada: Reader) -> None:
    make_way_in(ada, AT - dt.timedelta(days=2))
    make_way_in(ada, AT)
    assert forget_old_ways_in(AT) == 1
    assert WayIn.objects.get().made_at == AT
