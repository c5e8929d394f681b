"""The return path of a mail: names its delivery, and nothing that was not signed here."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.conf import settings as django_settings
from hypothesis import example, given
from hypothesis import strategies as st

from daybreak.delivery.handover.returnpath import delivery_of, return_path

ID = uuid.UUID("6f1c9c53-3f5e-4a0f-9d3c-0d6f0a7c2b11")


@given(st.uuids())
def test_a_return_path_names_its_delivery_in_any_case(delivery: uuid.UUID) -> None:
    address = return_path(delivery, django_settings.CONFIG)
    assert delivery_of(address) == delivery_of(address.upper()) == delivery_of(address.title()) == delivery


def test_it_fits_an_envelope_and_stands_under_the_bounce_domain() -> None:
    local, _, domain = return_path(
        ID, replace(django_settings.CONFIG, bounce_domain="b.paper.example")
    ).partition("@")
    assert domain == "b.paper.example"
    assert local.startswith(f"bounces+{ID.hex}.")
    assert len(local) <= 64


@given(st.integers(min_value=0, max_value=41), st.sampled_from("0123456789abcdef"))
def test_one_other_digit_makes_it_nobodys(place: int, digit: str) -> None:
    address = return_path(ID, django_settings.CONFIG)
    at = len("bounces+") + place + (place >= 32)
    forged = address[:at] + digit + address[at + 1 :]
    assert forged == address or delivery_of(forged) is None


@given(st.text() | st.from_regex(r"bounces\+[0-9a-f]{32}\.[0-9a-f]{10}@.*"))
@example("bounceſ+" + ID.hex + ".0000000000@paper.example")
@example("bounces+" + ID.hex + ".0000000000@paper.example\n")
@example("bounces+\ud800@paper.example")
def test_what_was_not_signed_here_names_nothing(text: str) -> None:
    assert delivery_of(text) is None


def test_another_newsrooms_secret_signs_otherwise(settings: Any) -> None:
    address = return_path(ID, django_settings.CONFIG)
    settings.SECRET_KEY = "of another newsroom"
    assert delivery_of(address) is None
