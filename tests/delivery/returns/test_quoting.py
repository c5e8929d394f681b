"""What a reply quotes, and the one brief that this can be."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage

import pytest

from daybreak.delivery.returns.quoting import Printed, only_one_in, quotation_in, quoted
from daybreak.delivery.returns.reportparts import LARGEST, parsed
from tests.delivery.returned import mail

MALI = Printed(
    "mali",
    "Of Their Own Accord",
    "Mali is ending its military accords with France, The Sahel Courier reported.\nIt entered in 2013.",
)
OIL = Printed(
    "oil", "A Slippery Consensus", "Brussels wants the oil gone, The Rhine Record reported on Thursday."
)
COMET = Printed(
    "comet",
    "Crumbs",
    "Look north-east before dawn, of their own accord the crumbs of Halley’s comet will fall.",
)
EDITION = [MALI, OIL, COMET]


@pytest.mark.parametrize(
    "text",
    [
        "No.\n> Mali is ending its military accords with\n> France, The Sahel Courier reported.\n",
        "No.\n>> *Of Their Own Accord <https://paper.example/2022/05/06/mali/>*\n",
        "> OF THEIR OWN\n> ACCORD\n\nNo.",
        "No.\n\nOn Fri, May 6, 2022 at 6:00 Daybreak\n<editions@paper.example> wrote:\n\nOf Their Own Accord\n",
        "Nein.\n\nAm 06.05.22 um 06:00 schrieb Daybreak:\n> of their own accord",
        "No.\n-----Original Message-----\nFrom: Daybreak\nSubject: Terms\n\nOf Their Own Accord\n\nMali is",
        "No.\n\nFrom: Daybreak <editions@paper.example>\nSent: Friday\n\nOf Their Own Accord\n",
    ],
)
def test_a_brief_is_known_by_its_headline_or_words_however_they_are_quoted(text: str) -> None:
    assert only_one_in(quoted(text), EDITION) == "mali"


@pytest.mark.parametrize(
    "text",
    [
        "Of Their Own Accord\nMali is ending its military accords with France, you said.",
        "> it was",
        "> they left of their own accord, I think",
        "> Of Their Own Accord\n>\n> A Slippery Consensus",
        "> Of Their Own Accord\n> Brussels wants the oil gone, The Rhine Record reported",
        "",
        ">",
    ],
)
def test_what_is_not_quoted_or_is_of_several_or_of_none_is_nobodys(text: str) -> None:
    assert only_one_in(quoted(text), EDITION) == ""


def test_the_whole_edition_is_no_brief() -> None:
    whole = "\n".join(f"> {each.headline}\n> {each.text}" for each in EDITION)
    assert only_one_in(quoted(f"Thank you.\n{whole}"), EDITION) == ""


def test_a_headline_inside_another_is_not_taken_for_it() -> None:
    short, long = Printed("mali", "Mali", ""), Printed("leaves", "Mali leaves the pact, France\nregrets", "")
    tail = Printed("tail", "Regrets", "")
    assert only_one_in("Mali leaves the pact, France\nregrets", [short, long, tail]) == "leaves"
    both = [short, long]
    assert only_one_in("Mali leaves the pact, France\nregrets", both) == "leaves"
    assert only_one_in("Mali\nleaves the pact, France regrets", both) == "leaves"
    assert only_one_in("Mali", both) == "mali"
    assert only_one_in("Mali leaves", both) == ""


def test_two_briefs_under_one_headline_are_told_apart_by_their_words_alone() -> None:
    twin = Printed("twin", MALI.headline, "Nobody else said what stands in this one at all.")
    assert only_one_in("Of Their Own Accord", [MALI, twin]) == ""
    assert only_one_in("Nobody else said what stands in this one", [MALI, twin]) == "twin"


def test_words_that_two_briefs_share_are_of_neither() -> None:
    twin = Printed("twin", "Twin", MALI.text)
    assert only_one_in(MALI.text, [MALI, twin]) == ""


def test_a_mail_that_is_html_alone_is_read_too() -> None:
    message = EmailMessage()
    message.set_content(
        "<p>No.</p><BLOCKQUOTE><div><h3><a href='https://p.example/'>Of Their Own Accord</a></h3><p>İ</p></div>"
        "</BLOCKQUOTE>",
        subtype="html",
    )
    quotation = quotation_in(message_from_bytes(message.as_bytes()), cut=False)
    assert only_one_in(quotation, EDITION) == "mali"


def test_of_a_quotation_that_is_too_long_to_be_read_to_its_end_nothing_is_believed() -> None:
    line = "> Of Their Own Accord\r\n"
    data = mail("Re: Terms", line + "> more\r\n" * 150_000)
    assert quotation_in(parsed(data), cut=len(data) >= LARGEST) == ""
    short = mail("Re: Terms", line)
    assert quotation_in(parsed(short), cut=False) == "Of Their Own Accord"


def test_a_picture_behind_the_words_takes_nothing_from_them() -> None:
    message = EmailMessage()
    message.set_content("> Of Their Own Accord\n")
    message.add_attachment(b"\x00" * 900_000, maintype="image", subtype="png")
    assert quotation_in(parsed(message.as_bytes()), cut=True).strip() == "Of Their Own Accord"
