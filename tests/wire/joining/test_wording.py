from __future__ import annotations

import pytest

from daybreak.wire.joining.wording import clean_body, clean_headline, fold, shingles, telling_text, weigh


@pytest.mark.parametrize(
    ("title", "source", "headline"),
    [
        ("Rupee sinks to Rs194 - The Express Tribune", "", "Rupee sinks to Rs194"),
        ("LIC IPO | Brokers cash in - Moneycontrol", "Moneycontrol", "LIC IPO | Brokers cash in"),
        ("Two more cases of monkeypox - Daijiworld.com", "Daijiworld.com", "Two more cases of monkeypox"),
        ("Polls close – and nobody knows", "The Courier", "Polls close – and nobody knows"),
        ("Stormont – The Courier", "The Courier", "Stormont – The Courier"),
        ("  Plain \n title ", "", "Plain title"),
    ],
)
def test_a_headline_loses_its_outlet_and_nothing_else(title: str, source: str, headline: str) -> None:
    assert clean_headline(title, source) == headline


def test_words_are_compared_without_case_accents_plurals_and_possessives() -> None:
    assert [fold(word) for word in ("Zürich", "cities", "Mali’s", "talks", "virus", "THE")] == [
        "zurich", "city", "mali", "talk", "virus", "",
    ]  # fmt: skip


def test_title_and_names_weigh_more_and_figures_less() -> None:
    weights = weigh("Accord ends", "On Monday Bamako said 12,500 soldiers would go.")
    assert weights["accord"] > weights["bamako"] > weights["soldier"] > weights["12500"] > 0
    assert "accord end" in weights


def test_scripts_without_spaces_are_cut_into_pairs() -> None:
    assert set(weigh("", "東京都庁")) == {"東京", "京都", "都庁"}


def test_vowel_signs_are_part_of_their_words_and_points_are_not_written() -> None:
    assert set(weigh("", "नरेंद्र मोदी दिल्ली")) == {fold(word) for word in ("नरेंद्र", "मोदी", "दिल्ली")}
    assert fold("मोदी") != fold("मदद")
    assert fold("كِتَاب") == fold("كتاب")
    assert fold("Андрей") == fold("андреи")
    assert fold("который") == "", "a stop word, as all are, as it is typed without marks"


def test_a_summary_that_repeats_the_body_is_told_once() -> None:
    assert telling_text("Bamako ends the accords, citing …", "Bamako ends the accords, citing flights.") == (
        "Bamako ends the accords, citing flights."
    )
    assert telling_text("A summary", "Another body") == "A summary\nAnother body"


def test_the_mark_of_a_cut_off_body_is_no_part_of_its_text() -> None:
    assert clean_body("He said so… [+2461 chars]") == "He said so"
    assert shingles("One two", "three four", size=3) == ["one two three", "two three four"]
