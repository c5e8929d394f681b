from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.wire.facts.dateline import dateline_of


@pytest.mark.parametrize(
    ("text", "place", "agency", "rest"),
    [
        ("NAIROBI, Kenya (AP) — The court sat.", "NAIROBI, Kenya", "AP", "The court sat."),
        ("BRUSSELS, March 2 (Reuters) - The union met.", "BRUSSELS", "Reuters", "The union met."),
        ("March 3 (Reuters) - A family paid.", "", "Reuters", "A family paid."),
        ("(CNN)If you fly", "", "CNN", "If you fly"),
        ("MOSCOW (AP) Protesters came", "MOSCOW", "AP", "Protesters came"),
        ("Islamabad [Pakistan], May 3 (ANI): The house", "Islamabad", "ANI", "The house"),
        ("BEIJING, May 3 (Xinhua) -- It rained.", "BEIJING", "Xinhua", "It rained."),
        ("Kyiv, May 3 - The mayor", "Kyiv", "", "The mayor"),
        ("NEW DELHI: The watchdog", "NEW DELHI", "", "The watchdog"),
        ("MEXICO CITY — A storm", "MEXICO CITY", "", "A storm"),
        ("DUSSELDORF, Germany -- The president", "DUSSELDORF, Germany", "", "The president"),
        ("Berlin/Kiew (dpa) - Die Regierung", "Berlin/Kiew", "dpa", "Die Regierung"),
        ("Paris, 3 mai 2022 (AFP) - Le juge", "Paris", "AFP", "Le juge"),
        ("Madrid, 3 may (EFE).- El juez", "Madrid", "EFE", "El juez"),
        ("МОСКВА, 3 мая /ТАСС/. Суд", "МОСКВА", "TASS", "Суд"),
        ("कीव: रूस ने", "कीव", "", "रूस ने"),
    ],
)
def test_place_and_agency_are_read_from_the_usual_forms(
    text: str, place: str, agency: str, rest: str
) -> None:
    found = dateline_of(text)
    assert (found.place, found.agency, found.rest) == (place, agency, rest)


@pytest.mark.parametrize(
    "text",
    [
        "Opinion: why the talks failed",
        "India: a history of dissent",
        "WHO: the virus is back",
        "He said (Reuters) that it was",
        "The minister (pictured) spoke",
        "Washington Post: a prize",
        "The price rose — again — in May",
        "",
    ],
)
def test_other_openings_are_left_alone(text: str) -> None:
    found = dateline_of(text)
    assert (found.place, found.agency, found.rest) == ("", "", text)


@given(st.text(max_size=300))
def test_nothing_is_lost_but_the_dateline(text: str) -> None:
    found = dateline_of(text)
    assert text.endswith(found.rest)
    assert len(text) - len(found.rest) <= 120
