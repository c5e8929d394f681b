from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.circulation.address import NotAnAddress, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Love+news@Example.ORG \n", "Ada.Love+news@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("o'hara@example.ie", "o'hara@example.ie"),
    ],
)
def test_an_address_keeps_its_name_and_has_its_domain_in_ascii(text: str, address: str) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@[127.0.0.1]",
        "ada@example..org",
        "ada@@example.org",
        "ada@example.org\r\nBcc: all@example.org",
        "ada\x00@example.org",
        "a\x01b@example.org",
        '"a b"@example.org',
        '"ada"@example.org',  # a mail could not carry it, so its reader would be refused each morning
        '"a@b"@example.org',
        "<ada@example.org>",
        "ada@example.org, ben@example.org",
        "\u212aate@example.org",  # the Kelvin sign is no K
        "ädä@example.org",
        "ada@straße.example",  # the codec would make it strasse.example, which is somebody else's
        "a" * 65 + "@example.org",
        "a@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 63 + "." + "e" * 63 + ".org",
        "x" * 100_000 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused_with_one_short_line(text: str) -> None:
    with pytest.raises(NotAnAddress) as refused:
        parse_address(text)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


@given(st.text(max_size=80))
def test_whatever_is_typed_gives_a_plain_address_or_a_refusal(text: str) -> None:
    try:
        address = parse_address(text)
    except NotAnAddress:
        return
    assert address.isascii() and address.isprintable() and " " not in address
    assert address.count("@") == 1
    assert parse_address(address) == address
