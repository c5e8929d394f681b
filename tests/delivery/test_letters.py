"""The mail of an edition, read back as a mail program reads it."""

from __future__ import annotations

import datetime as dt
import html
import quopri
import re
import uuid
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from daybreak.circulation.models import Reader
from daybreak.common.dkim import canonical_body, with_crlf
from daybreak.common.envelopes import dot_stuffed
from daybreak.common.refusal import Refused
from daybreak.delivery.letters import Letter, NoAddress, _body, _in_html, letter_of, to_header
from daybreak.press.models import PressRun
from tests.delivery.ledger import BERLIN_SIX, parsed, printed

ID = uuid.UUID("0180a1b2-0000-7000-8000-000000000001")
SITE = settings.CONFIG.site_url
NOTE = "Your trial ends on Friday, May 20. Nothing happens unless you “subscribe” & <pay>."


@pytest.fixture
def letter(db: None) -> Letter:
    run = printed().press_runs.get()
    return letter_of(run, settings.CONFIG)


def reader(name: str = "Ada", email: str = "ada@example.org") -> Reader:
    return Reader(name=name, email=email, unsubscribe_token="tok-en_1")


def test_the_headers_are_those_of_a_mailing_list_that_can_be_left(letter: Letter) -> None:
    mail = parsed(letter.to(reader(), ID, BERLIN_SIX))
    assert dict(mail.items()) == {
        "From": "Daybreak <editions@daybreak.invalid>",
        "Subject": "Terms of Departure – été",
        "To": "Ada <ada@example.org>",
        "Date": "Fri, 06 May 2022 04:00:00 +0000",
        "Message-ID": f"<{ID}@daybreak.invalid>",
        "List-Id": "<editions.daybreak.invalid>",
        "List-Unsubscribe": f"<{SITE}/unsubscribe/tok-en_1/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": "2022-05-06:1:edition:daybreak-invali",
        "MIME-Version": "1.0",
        "Content-Type": mail["Content-Type"],
    }
    assert mail.get_content_type() == "multipart/alternative"
    assert not mail.defects


def test_what_stands_before_a_readers_own_link_is_the_same_in_every_mail(letter: Letter) -> None:
    _, ada = letter.pieces_for(reader(), ID, BERLIN_SIX)
    ben = Reader(name="Ben", email="ben@example.org", unsubscribe_token="another")
    _, bens = letter.pieces_for(ben, uuid.uuid4(), BERLIN_SIX)
    assert letter.shared > 0
    assert ada[: letter.shared] == bens[: letter.shared]
    assert ada[letter.shared] != bens[letter.shared]


def test_both_parts_carry_what_is_the_readers_own(letter: Letter) -> None:
    mail = parsed(letter.to(reader(), ID, BERLIN_SIX, NOTE))
    text, page = [part.get_content() for part in mail.iter_parts()]
    for body in (text, page):
        assert f"{SITE}/2022/05/06/" in body
        assert f"{SITE}/2022/05/06/#listen" in body
        assert f"{SITE}/account/" in body
        assert f"{SITE}/unsubscribe/tok-en_1/" in body
        assert "%%" not in body
    assert NOTE in text
    assert "&lt;pay&gt;" in page and "<pay>" not in page
    assert "\n.A line that begins with a dot" in text


def test_words_come_through_to_the_letter(letter: Letter) -> None:
    text, page = [part.get_content() for part in parsed(letter.to(reader(), ID, BERLIN_SIX)).iter_parts()]
    assert text.startswith("OF THEIR OWN ACCORD – été\r\n\r\n")
    assert "<h1>Of Their Own Accord – Été</h1>" in page
    assert page.count("word ") == 300
    assert "<div></div>" in page


def test_lines_are_short_and_seven_bit(letter: Letter) -> None:
    data = letter.to(reader("Zoë" * 30), ID, BERLIN_SIX, NOTE)
    assert data.isascii()
    assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")
    head, _, body = data.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert max(map(len, head.split(b"\r\n"))) <= 78


def test_two_readers_mails_differ_only_in_what_is_their_own(letter: Letter) -> None:
    one = letter.to(reader(), ID, BERLIN_SIX)
    other = letter.to(reader(email="ben@example.org"), ID, BERLIN_SIX)
    assert one.replace(b"ada@", b"ben@") == other


hostile = st.text(
    st.one_of(st.characters(), st.sampled_from('\r\n\0,;:<>@"\\%.\u2028\u202e\x85 ')), max_size=120
)


@hypothesis_settings(max_examples=400, deadline=None)
@given(name=hostile)
def test_no_name_adds_a_header_or_an_address(name: str) -> None:
    data = f"To: {to_header(name, 'ada@example.org')}\r\nSubject: s\r\n\r\nbody".encode()
    mail = parsed(data)
    assert mail.keys() == ["To", "Subject"]
    assert [address.addr_spec for address in mail["To"].addresses] == ["ada@example.org"]
    assert mail.get_content().strip() == "body"
    assert max(map(len, data.split(b"\r\n"))) <= 78


@hypothesis_settings(max_examples=400, deadline=None)
@given(email=hostile)
def test_an_address_is_one_address_or_refused(email: str) -> None:
    try:
        header = to_header("Ada", email)
    except NoAddress:
        return
    assert re.fullmatch(r"Ada <[^\s<>,]+@[^\s<>,]+>", header)


@pytest.mark.parametrize(
    "name",
    ["Ada Lovelace", "Zoë Ångström", "Lovelace, Ada", 'Ada "Countess" L. \\', "李", "=?utf-8?q?Eve?=", ""],
)
def test_a_name_is_read_back_as_it_was_written(name: str) -> None:
    (address,) = parsed(f"To: {to_header(name, 'ada@example.org')}\r\n\r\n".encode())["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, "ada@example.org")


def test_a_long_name_is_many_encoded_words_that_read_as_one() -> None:
    header = to_header("李é" * 40, "ada@example.org")
    assert str(make_header(decode_header(header.replace("\r\n", "")))).startswith("李é" * 40 + " <")
    assert max(map(len, f"To: {header}".split("\r\n"))) <= 76


@hypothesis_settings(max_examples=300, deadline=None)
@given(before=hostile, note=hostile, after=hostile)
def test_any_copy_and_any_note_come_through_in_short_lines(before: str, note: str, after: str) -> None:
    pieces = _body(f"{before}%%NOTE%%{after}".encode(errors="replace"), _in_html)
    data = b"".join(
        piece if isinstance(piece, bytes) else piece.write(note.encode(errors="replace").decode())
        for piece in pieces
    )
    expected = f"{before}{html.escape(note)}{after}".encode(errors="replace")
    assert quopri.decodestring(data).replace(b"\r\n", b"\n") == re.sub(rb"\r\n?", b"\n", expected)
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 76


@hypothesis_settings(max_examples=200, deadline=None)
@given(before=hostile, note=hostile, after=hostile)
def test_every_body_is_in_the_form_that_is_signed_and_sent(before: str, note: str, after: str) -> None:
    pieces = _body(f"{before}%%NOTE%%{after}".encode(errors="replace"), _in_html)
    data = b"".join(
        piece if isinstance(piece, bytes) else piece.write(note.encode(errors="replace").decode())
        for piece in pieces
    )
    body = b"--x\r\n" + data + b"\r\n--x--\r\n"
    assert canonical_body(body) == body == with_crlf(body) == dot_stuffed(body)


def test_a_subject_cannot_end_its_line(db: None) -> None:
    run = printed(subject="Terms\r\nBcc: eve@example.org\nof").press_runs.get()
    mail = parsed(letter_of(run, settings.CONFIG).to(reader(), ID, BERLIN_SIX))
    assert (mail["Bcc"], mail["Subject"]) == (None, "Terms Bcc: eve@example.org of")


ENCODED_INJECTION = "=?utf-8?q?=0D=0ABcc:_all@example.org?="


@pytest.mark.parametrize("name", [ENCODED_INJECTION, f"Ada {ENCODED_INJECTION}", f"Éva {ENCODED_INJECTION}"])
def test_what_looks_encoded_in_a_name_or_a_subject_is_words_and_no_header(db: None, name: str) -> None:
    data = letter_of(printed(subject=name).press_runs.get(), settings.CONFIG).to(reader(name), ID, BERLIN_SIX)
    assert b"\nBcc" not in data
    mail = parsed(data)
    assert mail["Bcc"] is None and mail["Message-ID"] == f"<{ID}@daybreak.invalid>"
    assert str(make_header(decode_header(headers_of(data)["Subject"]))) == name
    assert headers_of(data)["To"].endswith(" <ada@example.org>")


def headers_of(data: bytes) -> Message:
    """The headers as they stand, not decoded."""
    return message_from_bytes(data, policy=policy.compat32)


def test_a_lost_mail_is_said_in_a_sentence(db: None) -> None:
    run = printed().press_runs.get()
    run.renditions.filter(name="mail.txt").delete()
    with pytest.raises(Refused, match="press the edition again"):
        letter_of(run, settings.CONFIG)


def test_the_date_is_the_instant_of_the_hand_over(letter: Letter) -> None:
    at = BERLIN_SIX + dt.timedelta(seconds=7)
    assert parsed(letter.to(reader(), ID, at))["Date"].datetime == at


def test_what_the_press_really_leaves_becomes_a_whole_mail(pressed: PressRun) -> None:
    mail = parsed(letter_of(pressed, settings.CONFIG).to(reader(), ID, BERLIN_SIX, NOTE))
    text, page = [part.get_content() for part in mail.iter_parts()]
    assert mail["Subject"] == "Terms of Departure"
    for body in (text, page):
        assert "%%" not in body
        assert "tears up its treaties" in body
        for link in ("/2022/05/06/", "/2022/05/06/#listen", "/account/", "/unsubscribe/tok-en_1/"):
            assert SITE + link in body
    assert NOTE in text
    assert not mail.defects
