from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.wire.facts.places import MOST, is_town, places_of


@pytest.mark.parametrize(
    ("title", "text", "told"),
    [
        ("Mali ends defence accords with France", "", "ML FR"),
        ("Russia-Ukraine war: U.S. sends more weapons", "", "RU UA US"),
        ("Papua New Guinea goes to the polls", "", "PG"),
        ("Equatorial Guinea abolishes the death penalty", "", "GQ"),
        ("Guinea junta sets a three-year transition", "", "GN"),
        ("South Sudan floods displace thousands", "", "SS"),
        ("New Mexico wildfire grows", "", "US"),
        ("Northern Ireland counts its votes", "Belfast waits.", "GB"),
        ("Fire kills 27 in New Delhi building", "", "IN"),
        ("Dublin talks falter", "", "IE"),
        ("Côte d’Ivoire votes", "", "CI"),
        ("Police raid homes in Bogotá", "", "CO"),
        ("ELECTION IN KENYA IS CLOSE", "", "KE"),
        ("Taliban close schools for girls", "", "AF"),
        ("Knesset is dissolved", "", "IL"),
        ("S&P 500 falls", "", "US"),
        ("Latin America faces a hungry winter", "", ""),
        ("The Washington Post wins a Pulitzer", "", ""),
        ("New phone has a better camera", "Its battery lasts a day.", ""),
    ],
)
def test_a_country_is_told_by_its_names_people_regions_and_cities(title: str, text: str, told: str) -> None:
    assert places_of(title, text) == tuple(told.split())


@pytest.mark.parametrize(
    ("title", "text", "told"),
    [
        ("Georgia governor wins his primary", "", "US"),
        ("Georgia asks to join the bloc", "In Tbilisi, the government spoke.", "GE"),
        ("Georgia asks to join, like Moldova and Ukraine", "", "MD UA GE"),
        ("Man is held in Paris, Texas", "", "US"),
        ("Lebanon, Pa. counts its votes", "", "US"),
        ("Lebanon counts its votes", "", "LB"),
        ("Michael Jordan sells his shoes", "", ""),
        ("Protests in Jordan over fuel", "", "JO"),
        ("Rebels advance in Chad", "", "TD"),
        ("Chad Kelly signs for two years", "", ""),
        ("How to roast a turkey", "Turkey is dry. Brine the turkey.", ""),
        ("Turkey objects to new members", "", "TR"),
        ("Victoria Beckham opens a shop", "", ""),
        ("Blast heard in Tripoli", "The army of Lebanon went in.", "LB LY"),
        ("TELL US WHAT YOU THINK", "", ""),
        ("US and China talk", "", "US CN"),
    ],
)
def test_a_name_with_two_meanings_goes_where_its_surroundings_point(title: str, text: str, told: str) -> None:
    assert set(places_of(title, text)) == set(told.split())


@pytest.mark.parametrize(
    ("language", "title", "told"),
    [
        ("ru", "Российские войска отошли от Киева", "RU UA"),
        ("uk", "Україна просить Німеччину про допомогу", "UA DE"),
        ("de", "Ukrainische Regierung dankt Frankreich", "UA FR"),
        ("es", "Estados Unidos y el Reino Unido hablan con Rusia", "US GB RU"),
        ("fr", "Le Mali rompt avec la France", "ML FR"),
        ("pl", "Rosyjskie wojska na Ukrainie", "RU UA"),
        ("ar", "الرئيس التركي في إيران", "TR IR"),
        ("hi", "रूस ने यूक्रेन पर हमला किया", "RU UA"),
        ("zh", "中国与日本会谈", "CN JP"),
        ("ja", "ウクライナ情勢、ロシアが声明", "UA RU"),
        ("", "Россия и Китай подписали договор", "RU CN"),
        ("fr", "La réunion du conseil est reportée", ""),
        ("xx", "Nothing is known of this language", ""),
    ],
)
def test_other_languages_have_their_own_names(language: str, title: str, told: str) -> None:
    assert places_of(title, "", language) == tuple(told.split())


def test_what_the_title_names_comes_first_and_background_later() -> None:
    text = (
        "Kenya said so on Tuesday. "
        + "The talks went on without result for many days. " * 8
        + "Uganda agreed."
    )
    assert places_of("Rwanda closes its border", text)[0] == "RW"
    assert places_of("Rwanda closes its border", text)[-1] == "UG"


def test_a_bureau_alone_tells_of_no_country_and_another_dateline_does() -> None:
    assert places_of("Dinosaurs had three species", "Scientists say so.", dateline="WASHINGTON") == ()
    assert places_of("Two die in a fire", "Police say so.", dateline="NAKURU, Kenya") == ("KE",)


def test_a_town_is_told_from_a_plain_word() -> None:
    assert is_town("NAIROBI, Kenya")
    assert is_town("कीव")
    assert is_town("Kiew", "de")
    assert not is_town("Opinion")
    assert not is_town("Washington Post")


@given(
    st.text(max_size=200), st.text(max_size=400), st.sampled_from(["", "en", "ru", "ar", "zh", "hi", "de"])
)
def test_any_text_gives_at_most_five_codes_each_once(title: str, text: str, language: str) -> None:
    codes = places_of(title, text, language)
    assert len(codes) == len(set(codes)) <= MOST
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in codes)
