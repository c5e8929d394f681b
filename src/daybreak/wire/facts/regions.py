"""Which part of the world a country belongs to. Pure.

After the United Nations' M49 standard (“Standard country or area codes for statistical use”), of whose regions the
Americas are told apart as it does itself, into Northern America and Latin America with the Caribbean. One region is
taken out, for foreign desks work so: the Middle East is M49's Western Asia with Iran, without the Caucasus (which
stays in Asia) and Cyprus (Europe). Egypt stays in Africa. What M49 does not list goes to its neighbours: Taiwan to
Asia, Kosovo to Europe, and “EU”, as places of a brief may say, to Europe.
"""

from __future__ import annotations

from collections.abc import Iterable

REGIONS = ("Africa", "Asia", "Europe", "Latin America", "Middle East", "North America", "Oceania")

_COUNTRIES = {
    "Africa": """AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO KE KM LR LS LY MA MG ML MR
        MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM ZW""",
    "Asia": """AF AM AZ BD BN BT CN GE HK ID IN JP KG KH KP KR KZ LA LK MM MN MO MV MY NP PH PK SG TH TJ TL TM TW
        UZ VN""",
    "Europe": """AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES EU FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU
        LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK""",
    "Latin America": """AG AI AR AW BB BL BO BQ BR BS BV BZ CL CO CR CU CW DM DO EC FK GD GF GP GS GT GY HN HT JM KN
        KY LC MF MQ MS MX NI PA PE PR PY SR SV SX TC TT UY VC VE VG VI""",
    "Middle East": "AE BH IL IQ IR JO KW LB OM PS QA SA SY TR YE",
    "North America": "BM CA GL PM US",
    "Oceania": "AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
}
_REGION_OF = {code: region for region, codes in _COUNTRIES.items() for code in codes.split()}


def region_of(country: str) -> str:
    """The region of a country (ISO 3166-1 alpha-2, any case); "" when it lies in none, such as Antarctica."""
    return _REGION_OF.get(country.upper(), "")


def regions_of(countries: Iterable[str]) -> tuple[str, ...]:
    """The regions of these countries, each once, in the order of the countries."""
    return tuple(dict.fromkeys(region for country in countries if (region := region_of(country))))


def region_named(text: str) -> str:
    """The region that somebody typed: “middle-east” or “Middle East” is “Middle East”; "" when there is none such."""
    wanted = " ".join(text.replace("-", " ").replace("_", " ").split()).casefold()
    return next((region for region in REGIONS if region.casefold() == wanted), "")
