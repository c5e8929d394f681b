"""What a server gets of a mail: an address that it can read, and a body that holds no end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.envelopes import ascii_where_possible, dot_stuffed, mail_for
from daybreak.common.posterrors import ServerAway


def test_a_domain_beyond_ascii_travels_in_its_ascii_form() -> None:
    assert ascii_where_possible("ada@bücher.example") == "ada@xn--bcher-kva.example"
    assert ascii_where_possible("zoë@example.org") == "zoë@example.org"


@pytest.mark.parametrize(
    ("extensions", "options"),
    [
        ({}, ""),
        ({"8BITMIME": ""}, " BODY=8BITMIME"),
        ({"SIZE": "1000"}, " SIZE=3"),
        ({"SIZE": ""}, " SIZE=3"),
        ({"SIZE": "0"}, " SIZE=3"),  # RFC 1870, 4: no fixed limit
    ],
)
def test_a_server_is_told_what_it_can_use(extensions: dict[str, str], options: str) -> None:
    mail = mail_for(extensions, "paper@example.org", "ada@example.org", (b"a", b"bc"), settled=True)
    assert mail.envelope[0] == ("MAIL", f"MAIL FROM:<paper@example.org>{options}\r\n".encode())
    assert mail.body == (b"a", b"bc")


def test_a_mail_that_is_too_large_for_a_server_is_not_begun() -> None:
    with pytest.raises(ServerAway, match="no more than 2 bytes"):
        mail_for({"SIZE": "2"}, "paper@example.org", "ada@example.org", (b"abc",), settled=True)


@given(body=st.binary(max_size=400))
def test_no_body_holds_the_end_of_a_mail(body: bytes) -> None:
    stuffed = dot_stuffed(body)
    assert stuffed.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + stuffed
    assert stuffed.count(b"\n") == stuffed.count(b"\r") == stuffed.count(b"\r\n")
