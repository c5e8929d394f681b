from __future__ import annotations

from importlib.resources import files

import pytest

from daybreak.wire.facts.regions import REGIONS, region_named, region_of, regions_of


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("ML", "Africa"),
        ("EG", "Africa"),
        ("in", "Asia"),
        ("AM", "Asia"),
        ("UA", "Europe"),
        ("CY", "Europe"),
        ("MX", "Latin America"),
        ("IR", "Middle East"),
        ("TR", "Middle East"),
        ("US", "North America"),
        ("NZ", "Oceania"),
        ("AQ", ""),
        ("??", ""),
    ],
)
def test_a_country_lies_in_its_region(country: str, region: str) -> None:
    assert region_of(country) == region


def test_every_country_but_antarctica_lies_somewhere() -> None:
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    codes = [line.split("\t")[0] for line in table.splitlines() if line and not line.startswith("#")]
    assert [code for code in codes if not region_of(code)] == ["AQ"]
    assert {region_of(code) for code in codes} - {""} == set(REGIONS)


def test_regions_stand_once_in_the_order_of_their_countries() -> None:
    assert regions_of(("FR", "ML", "DE", "AQ")) == ("Europe", "Africa")


@pytest.mark.parametrize("typed", ["Middle East", "middle-east", " MIDDLE  east "])
def test_a_region_may_be_typed_as_people_do(typed: str) -> None:
    assert region_named(typed) == "Middle East"
    assert region_named("Mali") == ""
