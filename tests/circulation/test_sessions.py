from __future__ import annotations

import datetime as dt

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import RequestFactory

from daybreak.circulation.models import Reader
from daybreak.circulation.sessions import (
    COOKIE,
    read_ticket,
    renew_if_old,
    sign_in,
    sign_out,
    sign_out_everywhere,
    signed_in_reader,
)

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 6, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def ticket_for(reader: Reader, at: dt.datetime = AT) -> str:
    response = HttpResponse()
    sign_in(response, reader, at)
    return response.cookies[COOKIE].value


def reader_with_cookie(value: str, at: dt.datetime) -> Reader | None:
    factory = RequestFactory()
    factory.cookies[COOKIE] = value
    return signed_in_reader(factory.get("/"), at)


def test_the_ticket_names_its_reader_for_180_days(ada: Reader, ben: Reader) -> None:
    assert reader_with_cookie(ticket_for(ada), AT) == ada
    assert reader_with_cookie(ticket_for(ben), AT + 180 * DAY - dt.timedelta(seconds=1)) == ben
    assert reader_with_cookie(ticket_for(ben), AT + 180 * DAY) is None


def test_the_cookie_is_kept_from_scripts_and_other_sites(ada: Reader) -> None:
    response = HttpResponse()
    sign_in(response, ada, AT)
    cookie = response.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 180 * 86400)
    sign_out(response)
    assert response.cookies[COOKIE]["max-age"] == 0


@pytest.mark.parametrize("value", ["", "x", "a:b", ":", "é:é", "W10:x"])
def test_a_forged_cookie_is_nobodys(ada: Reader, value: str) -> None:
    assert read_ticket(value, AT) is None
    assert read_ticket(ticket_for(ada)[:-1], AT) is None
    assert read_ticket("x" + ticket_for(ada), AT) is None


def test_a_value_signed_for_another_purpose_is_no_ticket(ada: Reader) -> None:
    other = signing.Signer(salt="elsewhere").sign_object((ada.pk, ada.session_stamp, int(AT.timestamp())))
    assert read_ticket(other, AT) is None


def test_signing_out_everywhere_makes_every_ticket_worthless(ada: Reader, ben: Reader) -> None:
    hers, his = ticket_for(ada), ticket_for(ben)
    sign_out_everywhere(ada, AT)
    assert reader_with_cookie(hers, AT) is None
    assert reader_with_cookie(his, AT) == ben
    assert reader_with_cookie(ticket_for(ada), AT) == ada


def test_a_ticket_is_renewed_once_it_is_a_week_old(ada: Reader) -> None:
    factory = RequestFactory()
    factory.cookies[COOKIE] = ticket_for(ada)
    request, fresh, old = factory.get("/"), HttpResponse(), HttpResponse()
    renew_if_old(request, fresh, ada, AT + 7 * DAY - dt.timedelta(seconds=1))
    assert COOKIE not in fresh.cookies
    renew_if_old(request, old, ada, AT + 7 * DAY)
    assert reader_with_cookie(old.cookies[COOKIE].value, AT + 186 * DAY) == ada
