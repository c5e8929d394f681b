from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.press.pronouncing import spoken


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("It costs $32.95 a year.", "It costs 32 dollars 95 a year."),
        ("$1, $1.00 and $1.05", "1 dollar, 1 dollar and 1 dollar 5"),
        ("$0.50, or £0.05", "50 cents, or 5 pence"),
        ("It raised $2.4 million.", "It raised 2.4 million dollars."),
        ("$2.4bn, €300m and ¥5tn", "2.4 billion dollars, 300 million euros and 5 trillion yen"),
        ("a $5 million deal", "a 5 million dollar deal"),
        ("$10–15 million", "10 to 15 million dollars"),
        ("US$40 and C$1,000.50", "40 US dollars and 1,000 Canadian dollars 50"),
        ("some 2.4bn people", "some 2.4 billion people"),
        ("from 2013–2020", "from 2013 to 2020"),
        ("a 52-48 vote", "a 52 to 48 vote"),
        ("in the 1980s and the ’90s", "in the 19 eighties and the nineties"),
        ("since the 2000s", "since the 2 thousands"),
        ("9:00 a.m., 9:00 and 18:00", "9 a.m., 9 o'clock and 18 hundred"),
        ("Dr. Smith met Sen. Cruz", "Dr Smith met Senator Cruz"),
        ("No. 10 and vs. others", "number 10 and versus others"),
        ("Louis XIV, Charles III’s", "Louis the Fourteenth, Charles the Third’s"),
        ("World War II, Article IV", "World War 2, Article 4"),
        ("The WHO warned", "The W H O warned"),
        ("5 km at 100mph, or 3km/h", "5 kilometres at 100 miles an hour, or 3 kilometres an hour"),
        ("*star* and [sic]", "star and sic"),
        ("Xi Jinping (习近平) 👍", "Xi Jinping ( )"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_what_the_voice_says_badly_is_spelt_out(printed: str, said: str) -> None:
    assert spoken(printed) == said


@pytest.mark.parametrize(
    "text",
    [
        "“We will not go,” he said — officials, however, countered.",
        "The EU, the U.N. and NATO met in the U.S. on May 6, 2022.",
        "2.4 million people, 10%, 20°C, 1,234,567 and ½",
        "COVID-19, F-16, 2022-05-06 and 555-1234",
        "Malcolm X and Vladimir I said so.",
        "Côte d'Ivoire, São Paulo, Erdoğan, Łódź",
    ],
)
def test_what_the_voice_says_well_is_left_alone(text: str) -> None:
    assert spoken(text) == text


@pytest.mark.parametrize("text", ["", "  ", "…", "— !!!", "习近平", "Привет", "🙂", "\u200b"])
def test_what_cannot_be_said_is_empty(text: str) -> None:
    assert spoken(text) == ""


def test_a_remembered_name_is_said_as_it_was_taught() -> None:
    names = {"Xi": "Shee", "Xi Jinping": "Shee Jinping", "Łódź": "Woodge"}
    assert (
        spoken("Xi met Xi Jinping in Łódź; Xian did not.", names)
        == "Shee met Shee Jinping in Woodge; Xian did not."
    )


def test_a_name_with_an_accent_is_known_in_either_form_of_unicode() -> None:
    assert spoken("Erdog\u0306an spoke", {"Erdoğan": "Erdowan"}) == "Erdowan spoke"


@given(st.text(st.sampled_from("$£€0123456789.,-–: kmbtnIVXaA's习🙂\u00ad\n"), max_size=60))
def test_any_text_becomes_one_line_that_has_a_word_or_is_empty(text: str) -> None:
    said = spoken(text)
    assert said == " ".join(said.split())
    assert not said or any(map(str.isalnum, said))
