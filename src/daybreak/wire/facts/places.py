"""Which countries an article tells of, by the words of a gazetteer. Pure: text in, country codes out.

English by a list of names, adjectives, regions, institutions and cities (`countries.txt`, `cities.txt`); other languages by
the names that CLDR has for countries and for the cities of its time zones (`othertongues.py`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from daybreak.wire.facts.othertongues import countries_in, tongue_of, unaccented

MOST = 5  # countries of one article
_READ = 1_500  # characters of the text: what comes later is background
_LEAD = 300  # characters that open the text
_IN_TITLE, _IN_LEAD, _BELOW = 3.0, 1.5, 0.7
_IN_DATELINE, _AT_A_BUREAU = 1.2, 0.5
_LEAST = 0.7  # evidence that names a country at all: once, below the lead
_SHARE = 0.2  # of the first country's evidence, for the others
_NOWHERE = "--"

_TOKEN = re.compile(r"[^\W_]+|[,.;:!?()\[\]\"“”«»|\n]|[—–]")
_INITIALS = re.compile(r"\b(?:[A-Z]\.){2,}")
_SHOUTED_US = re.compile(r"\bUS\b")  # “TELL US MORE” is no country
_SAINT = re.compile(r"\bSt\.(?= [A-Z])")
_PREPOSITIONS = frozenset(
    "in at near from to of outside around across between with through via into over".split()
)
# From here the agencies also report what happens elsewhere.
_BUREAUS = frozenset(
    "WASHINGTON BRUSSELS LONDON PARIS GENEVA VIENNA FRANKFURT BERLIN SINGAPORE DUBAI ISTANBUL BANGKOK NAIROBI".split()
) | {"NEW YORK", "HONG KONG", "UNITED NATIONS", "THE HAGUE"}
_ENDS = frozenset('.;:!?()[]"“”«»|\n—–')
_OUTLETS = frozenset(
    """Times Post Herald Journal Tribune Chronicle Gazette Telegraph Mail Globe Guardian Examiner Inquirer Mirror
    Observer Sun News Daily Express Standard Dispatch Review Star""".split()
)
_POINTS = frozenset(
    """North South East West Northern Southern Eastern Western Central Greater Upper Lower Downtown New Old In At From
    Near The On Of And But As For To With After Before While When Why How What Is Will Monday Tuesday Wednesday Thursday
    Friday Saturday Sunday January February March April May June July August September October November December
    Mayor President Ambassador Police Court University Bank""".split()
)
_STATES = frozenset(  # as datelines and addresses write them
    """Ala Alaska Ariz Ark Calif Colo Conn Del Fla Ga Hawaii Idaho Ill Ind Iowa Kan Ky La Maine Md Mass Mich Minn Miss
    Mo Mont Neb Nev NH NJ NM NY NC ND Ohio Okla Ore Pa RI SC SD Tenn Texas Utah Vt Va Wash WVa Wis Wyo DC Alabama
    Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Illinois Indiana Kansas Kentucky
    Louisiana Maryland Massachusetts Michigan Minnesota Mississippi Missouri Montana Nebraska Nevada Oklahoma Oregon
    Pennsylvania Tennessee Vermont Virginia Washington Wisconsin Wyoming""".split()
)
_AMERICAN = frozenset(
    "county sheriff governor gov senate senator primary gop gubernatorial republican democrat midterm".split()
)
_NEIGHBOURS = {"GE": ("RU", "AM", "AZ", "UA", "TR", "MD")}


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a name stands for: a country, perhaps a second one, how much it says, and whether it may be no place."""

    code: str
    weight: float
    doubted: bool = False  # more often a person
    plain: bool = False  # a plain word too
    rival: str = ""
    town: bool = False


@dataclass(frozen=True, slots=True)
class _Mention:
    entry: _Entry
    weight: float
    code: str
    sure: bool


def places_of(title: str, text: str, language: str = "", dateline: str = "") -> tuple[str, ...]:
    """The countries an article tells of, ISO 3166-1 alpha-2 (and XK for Kosovo), the most telling first; at most five.

    `text` is what follows the title, of which the opening 1,500 characters are read; `language` a tag such as “pt-BR”
    (without one, the script decides; Latin letters are taken as English); `dateline` the place an article is
    reported from. Names that may be a person or a plain word (Jordan, Chad, Victoria) count only where the words
    around them allow it; a namesake (Georgia, Paris in Texas) goes where the rest of the article points.
    """
    tongue = tongue_of(language, f"{title} {text[:200]}")
    opening, rest = text[:_LEAD], text[_LEAD:_READ]
    if tongue != "en":
        evidence: dict[str, float] = defaultdict(float)
        for part, factor in ((title, _IN_TITLE), (opening, _IN_LEAD), (rest, _BELOW)):
            for code in countries_in(part, tongue):
                evidence[code] += factor
        return _best(evidence)
    mentions = list(_mentions(title, _IN_TITLE, heading=True))
    bureau = dateline.partition(",")[0].upper() in _BUREAUS
    mentions += _mentions(dateline, _AT_A_BUREAU if bureau else _IN_DATELINE)
    mentions += _mentions(opening, _IN_LEAD)
    mentions += _mentions(rest, _BELOW)
    return _best(_weighed(mentions, f"{title} {text[:_READ]}")) if mentions else ()


def _best(evidence: Mapping[str, float]) -> tuple[str, ...]:
    if not evidence:
        return ()
    ranked = sorted(evidence.items(), key=lambda pair: -pair[1])
    least = max(_LEAST, _SHARE * ranked[0][1])
    return tuple(code for code, weight in ranked if weight >= least)[:MOST]


def _weighed(mentions: Sequence[_Mention], text: str) -> dict[str, float]:
    """Evidence by country; what is doubted counts when something else speaks for its country."""
    evidence: dict[str, float] = defaultdict(float)
    for mention in mentions:
        if mention.sure and not mention.entry.rival:
            evidence[mention.code] += mention.weight
    for mention in mentions:
        entry = mention.entry
        if entry.rival and mention.sure:
            evidence[_namesake(entry, mention.code, evidence, text)] += mention.weight
        elif not mention.sure and evidence.get(mention.code, 0.0) > 0:
            evidence[mention.code] += mention.weight
    return evidence


def _namesake(entry: _Entry, code: str, evidence: Mapping[str, float], text: str) -> str:
    def support(country: str) -> float:
        near = _NEIGHBOURS.get(country, ())
        return evidence.get(country, 0.0) + 0.5 * sum(evidence.get(other, 0.0) for other in near)

    first, second = support(code), support(entry.rival)
    if entry.rival == "US" and first <= second and not entry.town:
        american = second or _AMERICAN.intersection(re.findall(r"[a-z]+", text.lower()))
        return "US" if american else code
    return entry.rival if second > first else code


def _mentions(text: str, factor: float, *, heading: bool = False) -> Iterator[_Mention]:
    """Every name in a stretch of text; `heading` says that it may be written with capitals throughout."""
    if not text:
        return
    words = _words(text)
    names, longest = _english()
    shouting = heading and _all_capitals(words)
    index = 0
    while index < len(words):
        word = words[index]
        if not word[0].isupper() or word not in longest:
            index += 1
            continue
        entry, size = _longest_name(words, index, longest[word], names)
        if entry is None or entry.code == _NOWHERE:
            index += size
            continue
        code, verdict, taken = _judged(entry, words, index, size, shouting)
        if verdict is not None:
            yield _Mention(entry, entry.weight * factor, code, verdict)
        index += taken


def _longest_name(
    words: Sequence[str], index: int, most: int, names: Mapping[str, _Entry]
) -> tuple[_Entry | None, int]:
    for size in range(min(most, len(words) - index), 0, -1):
        entry = names.get(" ".join(words[index : index + size]) if size > 1 else words[index])
        if entry is not None:
            return entry, size
    return None, 1


def _judged(
    entry: _Entry, words: Sequence[str], index: int, size: int, shouting: bool
) -> tuple[str, bool | None, int]:
    """The country a name stands for here, whether that is sure (None: it is no place here), and the words used."""
    before = words[index - 1] if index else ""
    after = words[index + size] if index + size < len(words) else ""
    if after in _OUTLETS and not shouting and (entry.town or entry.doubted):
        return entry.code, None, size + 1
    if after == "," and index + size + 1 < len(words) and words[index + size + 1] in _STATES:
        state = words[index + size + 1]
        if entry.town or state not in _english()[0]:
            return "US", True, size + 2
    if entry.plain and not shouting and _word_in_small(words, index, size):
        return entry.code, None, size
    if not entry.doubted and not entry.town:
        return entry.code, True, size
    if before in _PREPOSITIONS or (before == "," and entry.weight >= 1.0):
        return entry.code, True, size
    named_before = before[:1].isupper() and before not in _POINTS
    named_after = after[:1].isupper()
    if shouting:
        return entry.code, not entry.doubted, size
    if entry.weight < 0.8 and named_before:
        return entry.code, None, size
    if entry.doubted:
        return (
            entry.code,
            None if named_before or named_after else before not in ("", *_ENDS) or after == "s",
            size,
        )
    return entry.code, True, size


def _word_in_small(words: Sequence[str], index: int, size: int) -> bool:
    """Whether the same word stands elsewhere without its capital: “Turkey” among turkeys is a bird."""
    return size == 1 and words[index].lower() in words


def _all_capitals(words: Sequence[str]) -> bool:
    """Whether a heading capitalises (nearly) every long word, so that capitals tell nothing."""
    long = [word for word in words if len(word) > 3]
    return len(long) > 2 and sum(word[0].isupper() for word in long) >= 0.8 * len(long)


def _words(text: str) -> list[str]:
    """Words and the signs between them; “U.S.” is “US”, a shouted word is written small but for its first letter."""
    if text.isupper():
        text = _SHOUTED_US.sub("us", text)
    if "." in text:
        text = _SAINT.sub("St", _INITIALS.sub(lambda match: match[0].replace(".", ""), text))
    words = _TOKEN.findall(text)
    names = _english()[1]
    for index, word in enumerate(words):
        if word.isupper() and word not in names:
            words[index] = _unshouted(word, words[index + 1 : index + 2])
    return words


def _unshouted(word: str, following: Sequence[str]) -> str:
    """“KYIV” as “Kyiv”, and “NEW” before “DELHI” as “New”; “US” and “NATO” stay what they are."""
    heads_a_name = following and following[0].isupper() and len(following[0]) > 3
    return word.capitalize() if len(word) > 3 or (heads_a_name and len(word) > 1) else word


def is_town(name: str, language: str = "") -> bool:
    """Whether a short text, such as the opening of a dateline, is a city of the gazetteer, its country perhaps
    behind it. In other languages than English, countries count too."""
    tongue = tongue_of(language, name)
    if tongue != "en" and any(countries_in(name, tongue)):
        return True
    words = _words(name)
    names, longest = _english()
    if not words or words[0] not in longest:
        return False
    entry, size = _longest_name(words, 0, longest[words[0]], names)
    alone = size == len(words) or words[size] in (",", "/")
    return alone and entry is not None and (entry.town or entry.weight < 1.0) and entry.code != _NOWHERE


@cache
def _english() -> tuple[dict[str, _Entry], dict[str, int]]:
    """Every English name with what it stands for, and for each first word how many words its longest name has."""
    names: dict[str, _Entry] = {}
    for code, words in _lines("cities.txt"):
        if not code.startswith("@"):
            for name, entry in _towns(code, words):
                names.setdefault(name, entry)
                names.setdefault(unaccented(name), entry)
    for code, words in _lines("countries.txt"):
        own, _, other = words.partition(":")
        for group, weight in ((own, 1.0), (other, 0.8)):
            for word in filter(None, group.strip().split("|")):
                entry = _Entry(code, weight, word.startswith("?"), word.startswith("~"))
                _add_country(names, _key(word.lstrip("?~")), entry)
    longest: dict[str, int] = {}
    for name in names:
        first, size = name.split(" ", 1)[0], name.count(" ") + 1
        longest[first] = max(size, longest.get(first, 0))
    return names, longest


def _add_country(names: dict[str, _Entry], name: str, entry: _Entry) -> None:
    held = names.get(name)
    if held is not None and not held.town and held.code != entry.code:  # Georgia is two countries' word
        entry = _Entry(held.code, held.weight, rival=entry.code)
    names[name] = entry


def _towns(code: str, words: str) -> Iterator[tuple[str, _Entry]]:
    for word in words.split("|"):
        name, _, rival = word.strip().partition("=")
        capital, doubted = name.startswith("*"), name.startswith("?")
        entry = _Entry(code, 0.8 if capital else 0.6, doubted, rival=rival, town=True)
        yield _key(name.lstrip("*?")), entry


def _lines(name: str) -> Iterator[tuple[str, str]]:
    text = (files("daybreak.wire.facts") / name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            code, _, words = line.partition(":")
            yield code, words


def _key(name: str) -> str:
    return " ".join(_TOKEN.findall(name.replace(".", "")))
