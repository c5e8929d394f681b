"""The seal of Standard Webhooks: the sender's own message lately, and nothing else."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.webhookseal import TOLERANCE, is_sealed, signature

# The example of the specification (standardwebhooks.com, “Signature scheme”), as its libraries test it.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = {
    "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "svix-timestamp": "1614265330",
    "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
AT = dt.datetime.fromtimestamp(1614265330, dt.UTC)
SECOND = dt.timedelta(seconds=1)


def test_the_example_of_the_specification_is_sealed() -> None:
    assert is_sealed(HEADERS, BODY, SECRET, AT, "svix")
    assert is_sealed(HEADERS, BODY, SECRET.removeprefix("whsec_"), AT + TOLERANCE, "svix")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    assert signature(key, HEADERS["svix-id"], "1614265330", BODY) == HEADERS["svix-signature"]
    both = HEADERS | {"svix-signature": f"v1,AAAA v1a,é {HEADERS['svix-signature']}"}
    assert is_sealed(both, BODY, SECRET, AT, "svix"), "while a key is changed there are two"


@pytest.mark.parametrize(
    "change",
    [
        {"svix-id": "msg_other"},
        {"svix-timestamp": "1614265331"},
        {"svix-timestamp": "soon"},
        {"svix-timestamp": ""},
        {"svix-signature": ""},
        {"svix-signature": "v1,"},
        {"svix-signature": "é"},
    ],
)
def test_anything_changed_is_not(change: dict[str, str]) -> None:
    assert not is_sealed(HEADERS | change, BODY, SECRET, AT, "svix")


def test_nor_is_what_is_old_of_the_future_or_under_no_key() -> None:
    assert not is_sealed(HEADERS, BODY, SECRET, AT + TOLERANCE + SECOND, "svix")
    assert not is_sealed(HEADERS, BODY, SECRET, AT - TOLERANCE - SECOND, "svix")
    empty = HEADERS | {"svix-signature": signature(b"", HEADERS["svix-id"], "1614265330", BODY)}
    for secret in ("", "whsec_", "whsec_é", "whsec_%%%"):
        assert not is_sealed(empty, BODY, secret, AT, "svix")


@given(st.binary(max_size=200), st.text(max_size=40), st.binary(min_size=1, max_size=64))
def test_what_one_seals_the_other_takes(body: bytes, name: str, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = {"a-id": name, "a-timestamp": "1614265330"}
    headers["a-signature"] = signature(key, name, "1614265330", body)
    assert is_sealed(headers, body, secret, AT, "a")
    assert not is_sealed(headers, body + b"!", secret, AT, "a")
