"""Signatures as a receiver checks them, by a verifier that is not ours."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from daybreak.common.config import Config
from daybreak.common.dkim import canonical_body, dns_records, make_keys, signer, with_crlf
from daybreak.common.refusal import Refused

MAIL = (
    b"From: Daybreak <editions@paper.example>\r\nTo: Ada <ada@example.org>\r\nSubject: Terms of\r\n  Departure\r\n"
    b"Date: Fri, 06 May 2022 04:00:00 +0000\r\nMessage-ID: <1@paper.example>\r\nList-Id: <editions.paper.example>\r\n"
    b"List-Unsubscribe: <https://paper.example/u/1/>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nFeedback-ID: a:b:c:d\r\nX-Other: 1\r\n\r\n"
    b".A line\r\ntwo  spaces \t and a tab\t\r\n\r\n\r\n"
)


class CurveKey:
    """The one thing that the verifier wants of a library which is not installed: Ed25519 by another one."""

    def __init__(self, text: bytes, encoder: object) -> None:
        self.key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(text))

    def verify(self, smessage: bytes, signature: bytes) -> None:
        try:
            self.key.verify(signature, smessage)
        except InvalidSignature as error:
            raise dkim.nacl.exceptions.BadSignatureError from error


@pytest.fixture(autouse=True, scope="module")
def curve() -> Iterator[None]:
    nacl = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=CurveKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(
            BadSignatureError=type("BadSignatureError", (Exception,), {}), ValueError=ValueError
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dkim, "HAVE_NACL", True, raising=False)
        patch.setattr(dkim, "nacl", nacl, raising=False)
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    made: Config = replace(
        settings.CONFIG,
        data=tmp_path_factory.mktemp("data"),
        mail_from="editions@paper.example",
        notices_from="hello@notices.example",
    )
    make_keys(made)
    return made


def verdicts(config: Config, message: bytes) -> list[bool]:
    """What the verifier says of each signature, the uppermost first."""
    records = {f"{name}.".encode(): value.encode() for name, _, value in dns_records(config)}
    checker = dkim.DKIM(message)
    count = message.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature:")
    return [
        checker.verify(idx=idx, dnsfunc=lambda name, timeout=5: records.get(name)) for idx in range(count)
    ]


def test_both_signatures_hold(config: Config) -> None:
    assert verdicts(config, signer(config, config.mail_from).sign(MAIL)) == [True, True]


def test_each_stream_is_signed_for_its_own_domain(config: Config) -> None:
    signed = signer(config, config.notices_from).sign(MAIL)
    assert b"d=notices.example;" in signed
    assert verdicts(config, signed) == [True, True]


@pytest.mark.parametrize("name", [b"From", b"To", b"Subject", b"Date", b"List-Unsubscribe", b"Feedback-ID"])
def test_no_signed_field_can_be_changed(config: Config, name: bytes) -> None:
    signed = signer(config, config.mail_from).sign(MAIL)
    assert verdicts(config, signed.replace(b"\r\n" + name + b": ", b"\r\n" + name + b": x")) == [False, False]


def test_a_second_sender_cannot_be_set_above(config: Config) -> None:
    signed = signer(config, config.mail_from).sign(MAIL)
    assert not any(verdicts(config, b"From: eve@example.org\r\n" + signed))


def test_what_is_not_signed_may_change_on_the_way(config: Config) -> None:
    signed = signer(config, config.mail_from).sign(MAIL).replace(b"X-Other: 1", b"X-Other: 2")
    assert verdicts(config, b"Received: by mx.example\r\n" + signed) == [True, True]


lines = st.lists(
    st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(" \t\r\n.=")), max_size=40), max_size=12
)


@hypothesis_settings(max_examples=50, deadline=None)
@given(body=lines, subject=st.text(st.sampled_from("ab \té"), max_size=60))
def test_any_body_and_any_subject_verify(config: Config, body: list[str], subject: str) -> None:
    head, _, _ = MAIL.replace(b"Terms of", b"Terms " + subject.encode()).partition(b"\r\n\r\n")
    message = head + b"\r\n\r\n" + "\r\n".join(body).encode()
    assert verdicts(config, signer(config, config.mail_from).sign(message)) == [True, True]


@hypothesis_settings(max_examples=100, deadline=None)
@given(
    pieces=st.lists(st.sampled_from([b"a", b"ab", b"b", b"", b"a b\r\n"]), max_size=6),
    shared=st.integers(0, 8),
)
def test_what_many_mails_share_is_hashed_as_anything_else(
    config: Config, pieces: list[bytes], shared: int
) -> None:
    one = replace(
        signer(config, config.mail_from), keys=signer(config, config.mail_from).keys[:1]
    )  # RSA, no salt
    assert one.signatures([b"From: a"], pieces, shared) == one.signatures([b"From: a"], [b"".join(pieces)])


@hypothesis_settings(max_examples=300)
@given(body=st.text(st.sampled_from("ab \t\r\n."), max_size=60))
def test_the_canonical_body_is_what_the_other_side_makes_of_it(body: str) -> None:
    data = with_crlf(body.encode() + b"\r\n")  # on the wire each line has its end
    assert canonical_body(data) == dkim.canonicalization.Relaxed.canonicalize_body(data)


def test_without_keys_mail_goes_as_it_is(tmp_path: Path) -> None:
    config = replace(settings.CONFIG, data=tmp_path)
    assert signer(config, config.mail_from).sign(MAIL) == MAIL
    assert dns_records(config) == []


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    config = replace(settings.CONFIG, data=tmp_path)
    made = make_keys(config)
    assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [0o600, 0o600]
    before = dns_records(config)
    assert make_keys(config) == []
    assert dns_records(config) == before


def test_a_spoilt_key_is_said_in_a_sentence(tmp_path: Path) -> None:
    config = replace(settings.CONFIG, data=tmp_path)
    make_keys(config)[0].write_text("spoilt")
    with pytest.raises(Refused, match="daybreak mail keys"):
        signer(config, config.mail_from)
