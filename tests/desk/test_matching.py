"""Words against words, on sentences of a real kind, both ways."""

from __future__ import annotations

import pytest

from daybreak.desk.matching import (
    copied_run,
    has_number,
    names_in,
    numbers_in,
    quotation_found,
    supporting_passage,
    without_quotations,
)

ARTICLE = """Sri Lanka has less than $50 million of usable reserves
COLOMBO, 4 May (PWS) - Sri Lanka has less than $50 million of usable foreign exchange, Finance Minister Ali Sabry
told parliament. “A virus did not write the tax code,” said an economist. Reserves stood at more than $7 billion
when taxes were cut in late 2019. The country of 22 million people has asked the International Monetary Fund for help;
the talks may take six months. Police used tear gas — and water cannon — on Thursday.
"""


def test_a_sentence_said_in_other_words_is_supported_by_its_passage() -> None:
    passage = supporting_passage(
        "Usable foreign exchange is down to less than $50 million, Sabry told parliament.", ARTICLE
    )
    assert passage is not None
    assert "Ali Sabry" in passage.words
    assert passage.share >= 0.5


@pytest.mark.parametrize(
    "sentence",
    [
        "Usable foreign exchange is down to less than $40 million, Sabry told parliament.",  # another number
        "Usable foreign exchange is down to less than $50 million, Rajapaksa told parliament.",  # another name
        "The central bank governor resigned after protests spread to the northern provinces.",  # another event
        "It was so.",  # nothing to compare
    ],
)
def test_a_sentence_that_the_article_does_not_say_is_not_supported(sentence: str) -> None:
    assert supporting_passage(sentence, ARTICLE) is None


@pytest.mark.parametrize(
    ("quoted", "found"),
    [
        ("A virus did not write the tax code,", True),
        ("a virus did not  write\nthe tax code", True),
        ("A virus … write the tax code", True),
        ("write the tax code … A virus", False),
        ("tear gas – and water cannon", True),
        ("A virus did not write the tax codes", False),
        ("A virus didn't write the tax code", False),
        ("irus did not write", False),
    ],
)
def test_a_quotation_is_matched_to_the_letter(quoted: str, found: bool) -> None:
    assert quotation_found(quoted, ARTICLE) is found


def test_brackets_leave_out_what_the_article_says_in_their_place() -> None:
    assert quotation_found("A virus [in the minister’s words] did not write", ARTICLE) is True
    assert quotation_found("[He] did not write the tax code", ARTICLE) is True


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("$1.2 billion and 1,000 men", {1.2e9: "1.2 billion", 1000.0: "1,000"}),
        ("rates of 4.40 per cent in 2022", {4.4: "4.40", 2022.0: "2022"}),
        ("twenty-five killed, one hurt", {25.0: "twenty-five"}),
        ("more than two thousand", {2000.0: "two thousand"}),
        ("no one knows", {}),
    ],
)
def test_numbers_are_read_in_figures_and_words(text: str, numbers: dict[float, str]) -> None:
    assert numbers_in(text) == numbers


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert has_number(22e6, ARTICLE)
    assert has_number(6, ARTICLE)
    assert not has_number(51e6, ARTICLE)


def test_a_word_is_no_name_because_a_sentence_begins_with_it() -> None:
    assert names_in("Yesterday Ali Sabry spoke. Parliament listened on Friday.") == ("Ali", "Sabry")


def test_twelve_words_in_a_row_are_a_copy_unless_quoted() -> None:
    copied = "the country of 22 million people has asked the International Monetary Fund for help"
    assert copied_run(f"As we know, {copied}.", ARTICLE) == (
        "the country of 22 million people has asked the international monetary fund"
    )
    assert copied_run(without_quotations(f"As we know, “{copied}”."), ARTICLE) == ""
    assert copied_run("The country of 22 million people has asked the Fund for some help.", ARTICLE) == ""
