from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from daybreak.accounts.models import User
from daybreak.circulation.models import Period, Reader
from daybreak.circulation.sessions import COOKIE, sign_in
from daybreak.site.visitors import by_feed_token, visitor

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 6, 10, 0, tzinfo=dt.UTC)


def request_of(reader: Reader | None = None, user: User | AnonymousUser | None = None) -> HttpRequest:
    factory, response = RequestFactory(), HttpResponse()
    if reader is not None:
        sign_in(response, reader, AT)
        factory.cookies[COOKIE] = response.cookies[COOKIE].value
    request = factory.get("/")
    request.user = user or AnonymousUser()
    return request


def test_a_stranger_is_a_visitor() -> None:
    stranger = visitor(request_of(), AT)
    assert (stranger.reader, stranger.staff) == (None, False)
    assert (stranger.entitlement.allowed, stranger.entitlement.reason) == (False, "visitor")


def test_a_signed_in_reader_is_entitled_by_their_periods(ada: Reader) -> None:
    known = visitor(request_of(ada), AT)
    assert (known.reader, known.staff, known.entitlement.reason) == (ada, False, "subscription")
    Period.objects.update(ends_at=AT)
    assert not visitor(request_of(ada), AT).entitlement.allowed


def test_staff_read_everything_also_when_their_own_subscription_has_lapsed(ada: Reader) -> None:
    Period.objects.update(ends_at=AT)
    ines = User.objects.create_user("ines@example.org", "Ines Calloway", "a long password")
    for reader in (ada, None):
        at_work = visitor(request_of(reader, ines), AT)
        assert (at_work.reader, at_work.staff) == (reader, True)
        assert (at_work.entitlement.allowed, at_work.entitlement.reason) == (True, "staff")


def test_a_feed_token_opens_for_its_reader_and_dies_with_the_entitlement(ada: Reader, ben: Reader) -> None:
    assert by_feed_token(ada.feed_token, AT).reader == ada
    assert by_feed_token(ada.feed_token, AT).entitlement.allowed
    Period.objects.filter(reader=ada).update(ends_at=AT)
    assert not by_feed_token(ada.feed_token, AT).entitlement.allowed
    assert by_feed_token(ben.feed_token, AT).entitlement.allowed


@pytest.mark.parametrize("token", ["", "guessed", "\x00", "é", "x" * 10_000, "' OR 1=1 --"])
def test_an_unknown_feed_token_is_a_visitors(ada: Reader, token: str) -> None:
    assert by_feed_token(token, AT).entitlement.reason == "visitor"


def test_the_token_to_stop_the_mail_opens_no_feed(ada: Reader) -> None:
    assert by_feed_token(ada.unsubscribe_token, AT).reader is None
