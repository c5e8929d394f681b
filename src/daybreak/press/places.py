"""Names of places for labels, from the list of countries that comes with the zone data (ISO 3166-1)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

# The zone list names places to tell zones apart; these are the names that a newspaper prints.
_IN_PRINT = {
    "AG": "Antigua and Barbuda",
    "BA": "Bosnia and Herzegovina",
    "BO": "Bolivia",
    "CD": "DR Congo",
    "CG": "Congo Republic",
    "CI": "Ivory Coast",
    "EU": "European Union",
    "GB": "United Kingdom",
    "KP": "North Korea",
    "KR": "South Korea",
    "KN": "St Kitts and Nevis",
    "MM": "Myanmar",
    "SZ": "Eswatini",
    "ST": "São Tomé and Príncipe",
    "TT": "Trinidad and Tobago",
    "UN": "United Nations",
    "WS": "Samoa",
    "AS": "American Samoa",
    "XK": "Kosovo",
}


def place_label(codes: tuple[str, ...]) -> str:
    """“Mali, France” for ("ML", "FR"); a code without a name stands as it is."""
    names = _names()
    return ", ".join(names.get(code.upper(), code.upper()) for code in codes)


@cache
def _names() -> dict[str, str]:
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {code: name.replace(" & ", " and ") for code, name in rows} | _IN_PRINT
