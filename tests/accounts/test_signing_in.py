"""Signing in: quick for who knows the password, hopeless for who guesses."""

from __future__ import annotations

import datetime as dt

import pytest
from click.testing import CliRunner
from django.test import Client

from daybreak.accounts.commands import staff
from daybreak.accounts.models import SignInMiss, User
from daybreak.accounts.signing_in import note_miss, wait_before_trying
from daybreak.common.refusal import Misused, Refused
from tests.conftest import NIGHT

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]
PASSWORD = "a long enough password"


@pytest.fixture
def ines() -> User:
    return User.objects.create_user("Ines@paper.example", "Ines Calloway", PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, **fields: str) -> tuple[int, str]:
    data = {"email": "ines@PAPER.example", "password": password, **fields}
    response = client.post("/desk/sign-in/", data, REMOTE_ADDR=fields.pop("remote", "203.0.113.7"))
    return response.status_code, response.headers.get("Location", "")


def test_the_right_password_leads_to_where_one_wanted_to_go(ines: User) -> None:
    client = Client()
    assert sign_in(client, next="/desk/editions/") == (302, "/desk/editions/")
    assert client.get("/desk/editions/").status_code == 200


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "editions", ""]
)
def test_nobody_is_led_elsewhere(ines: User, onward: str) -> None:
    client = Client()
    assert sign_in(client, next=onward) == (302, "/desk/")
    again = client.get("/desk/sign-in/", {"next": onward})
    assert (again.status_code, again["Location"]) == (302, "/desk/")


def test_after_five_misses_even_the_right_password_waits(ines: User) -> None:
    assert [sign_in(Client(), "wrong")[0] for _ in range(6)] == [422] * 5 + [429]
    response = Client().post("/desk/sign-in/", {"email": "ines@paper.example", "password": PASSWORD})
    assert response.status_code == 429
    assert "Too many tries: wait 15 minutes" in response.content.decode()
    assert response.headers["Retry-After"] == "900"


def test_one_place_may_not_try_many_addresses(ines: User) -> None:
    for number in range(5):
        sign_in(Client(), "wrong", email=f"guess{number}@paper.example")
    assert sign_in(Client())[0] == 429
    assert sign_in(Client(), remote="203.0.113.8")[0] == 302


def test_a_person_who_gets_in_starts_afresh(ines: User) -> None:
    for _ in range(4):
        sign_in(Client(), "wrong")
    assert sign_in(Client())[0] == 302
    assert not SignInMiss.objects.exists()


def test_the_wait_ends_a_quarter_of_an_hour_after_the_first_of_five_misses() -> None:
    for minute in range(5):
        note_miss("a@b.example", f"192.0.2.{minute}", NIGHT + dt.timedelta(minutes=minute))
    waits = [wait_before_trying("A@b.example", "x", NIGHT + dt.timedelta(minutes=m)) for m in (4, 14, 15)]
    assert waits == [12, 2, 0]


def test_misses_are_forgotten_after_a_day() -> None:
    note_miss("a@b.example", "x", NIGHT)
    note_miss("a@b.example", "x", NIGHT + dt.timedelta(days=1, minutes=1))
    assert SignInMiss.objects.count() == 1


def test_behind_a_proxy_on_this_machine_the_proxys_word_counts(ines: User) -> None:
    for _ in range(5):
        Client().post(
            "/desk/sign-in/",
            {"email": "x@y.example", "password": "-"},
            headers={"X-Forwarded-For": "10.9.9.9, 198.51.100.1"},
        )
    assert set(SignInMiss.objects.values_list("remote", flat=True)) == {"198.51.100.1"}


def test_who_left_the_staff_does_not_get_in(ines: User) -> None:
    User.objects.update(is_active=False)
    assert sign_in(Client())[0] == 422


def test_signing_out_takes_a_post(ines: User) -> None:
    client = Client()
    client.force_login(ines)
    assert client.get("/desk/sign-out/").status_code == 405
    client.post("/desk/sign-out/")
    assert client.get("/desk/editions/").status_code == 302


def test_staff_are_added_with_a_password_from_standard_input() -> None:
    result = CliRunner().invoke(
        staff, ["add", "tomas@paper.example", "--name", "Tomas", "--password-stdin"], input=f"{PASSWORD}\n"
    )
    assert (result.exit_code, result.output) == (
        0, "Tomas can sign in at /desk/sign-in/ as tomas@paper.example.\n",
    )  # fmt: skip
    assert User.objects.get().check_password(PASSWORD)


def test_a_script_is_told_how_to_give_the_password() -> None:
    result = CliRunner().invoke(staff, ["add", "tomas@paper.example", "--name", "Tomas"], input=PASSWORD)
    assert isinstance(result.exception, Misused)
    assert "--password-stdin" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "password", "error", "sentence"),
    [
        (["nobody", "--name", "N"], PASSWORD, Misused, "is no e-mail address"),
        (["n@paper.example", "--name", " "], PASSWORD, Misused, "has a name"),
        (["n@paper.example", "--name", "N"], "short", Refused, "This password will not do"),
        (["INES@paper.example", "--name", "N"], PASSWORD, Refused, "is on the staff already"),
    ],
)
def test_what_cannot_be_added_is_refused(
    ines: User, arguments: list[str], password: str, error: type[Refused], sentence: str
) -> None:
    result = CliRunner().invoke(staff, ["add", *arguments, "--password-stdin"], input=f"{password}\n")
    assert isinstance(result.exception, error)
    assert sentence in str(result.exception)
    assert User.objects.count() == 1
