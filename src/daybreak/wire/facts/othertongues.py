"""Names of countries and large cities in languages other than English, from the Unicode CLDR and GeoNames.

Languages that bend their words are matched by the stem of a name, so that “Украины” and “украинский” are Ukraine;
those written without spaces, by the name itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError
from babel.core import get_global

_SCRIPTS = (  # of a language that is not named, by a letter of its own
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("uk", re.compile(r"[іїєґІЇЄҐ]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ur", re.compile(r"[ٹڈڑےں]")),
    ("fa", re.compile(r"[پچژگ]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ka", re.compile(r"[\u10a0-\u10ff]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
    ("am", re.compile(r"[\u1200-\u137f]")),
)
_UNSPACED = frozenset({"zh", "ja", "th", "my", "km", "lo", "yue"})
# What papers write where CLDR has the full name.
_SHORT = {
    "US": "США ЕЕУУ EEUU EUA ABD AEB USA Amerika Amérique América Америк アメリカ 米国 미국 أمريكا أميركا امریکا अमेरिका",
    "GB": "Großbritannien Grossbritannien Britannien Bretaña Bretagne Britannia Inghilterra Inglaterra Британ England Anglia "
    "İngiltere بريطانيا برطانیہ ब्रिटेन 영국",
    "CD": "Kongo Congo Конго الكونغو",
    "AE": "Emirate Emiratos Émirats الإمارات यूएई",
    "KP": "КНДР 朝鲜 北朝鮮 북한",
    "KR": "한국 韩国 韓国",
    "CN": "КНР",
    "PS": "Gaza Gazze Газа Gazastreifen Palestina Palästina Palästinenser Палестин فلسطين غزة 巴勒斯坦 फिलिस्तीन गाजा",
    "CZ": "Tschechien Tchéquie Чехи",
    "MM": "Myanmar Birma Birmania Birmanie Мьянма М’янма",
    "RU": "Kreml Кремл",
    "TR": "Türkei Турци",
}
# Adjectives and people whose stem is not their country's, in the larger languages of Europe; in any case of letters.
_ADJECTIVES = {
    "AT": "österreich autrichien austríac austriac австрийск",
    "CH": "schweizer suizo svizzer szwajcar швейцар",
    "CN": "chines chinois chinoise cinese chińsk chino китайск",
    "CZ": "tschechisch tchèque checo чешск",
    "DE": "deutsch allemand aleman tedesch tedesco niemie niemcz немецк германск",
    "ES": "spanisch españo espagnol spagnol hiszpań испанск",
    "FR": "französ français francés frances francuz французск",
    "GB": "britisch britanni británic brytyj британск ingles inglés",
    "GR": "griech grec grieg greck греческ",
    "IN": "indisch индийск",
    "IT": "italien italian włosk włoch итальянск",
    "JP": "japanisch japonais japonés giappones japoń японск",
    "NL": "niederländ néerlandais holland holandés olandes нидерландск",
    "PL": "polnisch polonais polaco polacco polsk polsce polacy польск поляк",
    "RU": "russisch russe russi ruso rusos rusa rusas rosyj rosja rosji rosję российск русск россиян",
    "SE": "schwedisch suédois sueco svedes szwed шведск",
    "TR": "türkisch türk turc turcs turque turco turca tureck турецк",
    "UA": "ukrain ucran ucrain украин україн",
    "US": "amerikan américain estadounid american statunitens amerykań американск",
}
_ENDING = re.compile(r"(?:ия|ія|ие|ий|[aeiouyàáâãäåèéêëìíîïòóôõöùúûüаеёиіїоуыьйюяةا]|ία|α|ος)$")
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB", "RE"})  # RE: la réunion is a meeting
_OLD_ZONES = {  # whose names CLDR keeps
    "Europe/Kiev": "UA", "Asia/Calcutta": "IN", "Asia/Katmandu": "NP", "Asia/Rangoon": "MM", "Asia/Saigon": "VN",
    "Africa/Asmera": "ER", "America/Buenos_Aires": "AR",
}  # fmt: skip
_LONGEST_ENDING = 6  # letters that may follow a stem
_SHORTEST_STEM = 4
_ARABIC_ARTICLES = ("وال", "بال", "كال", "فال", "لل", "ال", "و", "ب", "ل")
_WORD = re.compile(r"[^\W\d_]+(?:[\u0900-\u0dff\u0e31-\u0e4e]|[^\W\d_])*")


@dataclass(frozen=True, slots=True)
class _Words:
    """A language's names: `stems` of one word, `phrases` by the stem of their first, `sign` for the unspaced."""

    stems: dict[str, str]
    phrases: dict[str, list[tuple[tuple[str, ...], str]]]
    sign: re.Pattern[str] | None
    whole: dict[str, str]
    adjectives: dict[str, str]


def tongue_of(language: str, sample: str) -> str:
    """The language whose names are looked for: that of the tag (“pt” of “pt-BR”), else what the script tells; "en"
    for Latin letters without a tag."""
    named = language.split("-")[0].lower()
    if named and named != "en":
        return named
    if sample.isascii():
        return "en"
    letters = sum(sign.isalpha() for sign in sample)
    foreign = sum(sign > "\u036f" and sign.isalpha() for sign in sample)
    if foreign * 2 < letters:
        return "en"
    return next((tongue for tongue, letter in _SCRIPTS if letter.search(sample)), "en")


def countries_in(text: str, tongue: str) -> Iterator[str]:
    """The country of each name in `text`, ISO 3166-1 alpha-2, in its order; none for a language CLDR lacks."""
    words = _words_of(tongue)
    if words is None:
        return
    if words.sign is not None:
        for match in words.sign.finditer(text):
            yield words.whole[match[0]]
        return
    yield from _spaced(text, words, arabic=tongue in ("ar", "fa", "ur"))


def _spaced(text: str, words: _Words, *, arabic: bool) -> Iterator[str]:
    tokens = [match[0] for match in _WORD.finditer(text.replace("\xad", "").replace(".", ""))]
    folded = [_folded(token) for token in tokens]
    index = 0
    while index < len(tokens):
        code, size = "", 1
        for form in _forms(folded[index]) if arabic else (folded[index],):
            code, size = _name_at(form, folded, index, words, capital=not tokens[index][0].islower())
            if code:
                break
        if code:
            yield code
        index += size


def _forms(word: str) -> Iterator[str]:
    """An Arabic word as it is, and without what is written together with it (and, in, to, the)."""
    yield word
    for article in _ARABIC_ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= 3:
            yield word[len(article) :]


def _name_at(word: str, folded: list[str], index: int, words: _Words, *, capital: bool) -> tuple[str, int]:
    """The country named at a word, "" for none, and how many words its name has. `capital` says that the word begins
    with one, or that its script has none."""
    longest, shortest = len(word), max(_SHORTEST_STEM, len(word) - _LONGEST_ENDING)
    for size in range(longest, shortest - 1, -1) if capital else ():
        for rest, code in words.phrases.get(word[:size], ()):
            following = folded[index + 1 : index + 1 + len(rest)]
            if len(following) == len(rest) and all(map(str.startswith, following, rest)):
                return code, 1 + len(rest)
    if capital and word in words.whole:
        return words.whole[word], 1
    for size in range(longest, shortest - 1, -1):
        if found := words.adjectives.get(word[:size]):
            return found, 1
        # After a short stem, or with a small letter, much else may follow that is another word.
        ending = longest - size
        likely = (ending <= 2 or size > _SHORTEST_STEM) if capital else size > _SHORTEST_STEM and ending >= 2
        if likely and (found := words.stems.get(word[:size])):
            return found, 1
    return "", 1


@cache
def _words_of(tongue: str) -> _Words | None:
    try:
        locale = Locale.parse(tongue)
    except (UnknownLocaleError, ValueError):
        return None
    names = dict(_names(locale))
    if tongue in _UNSPACED:
        longest_first = sorted((name for name in names if len(name) > 1), key=len, reverse=True)
        return _Words({}, {}, re.compile("|".join(map(re.escape, longest_first))), names, {})
    stems: dict[str, str] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    whole: dict[str, str] = {}
    for name, code in names.items():
        parts = [_folded(part) for part in _WORD.findall(name)]
        if not parts:
            continue
        if len(parts) == 1:
            whole.setdefault(parts[0], code)
            if len(stem := _stem(parts[0])) >= _SHORTEST_STEM:
                stems.setdefault(stem, code)
        else:
            phrases.setdefault(_stem(parts[0]), []).append((tuple(map(_stem, parts[1:])), code))
    for several in phrases.values():
        several.sort(key=lambda pair: -len(pair[0]))
    adjectives = {_folded(word): code for code, several in _ADJECTIVES.items() for word in several.split()}
    return _Words(stems, phrases, None, whole, adjectives)


def _names(locale: Locale) -> Iterator[tuple[str, str]]:
    """Names with their countries; of two meanings of one name, the last given here holds."""
    for code, names in _other_scripts():
        for name in names:
            yield name, code
    known, zones = _cities(), get_global("zone_territories")
    for zone, forms in locale.time_zones.items():
        code = _OLD_ZONES.get(zone) or zones.get(zone, "")
        large = zone in _OLD_ZONES or zone.rpartition("/")[2].replace("_", " ") in known.get(code, ())
        if large and isinstance(city := forms.get("city"), str):
            yield city, code
    for code, name in locale.territories.items():
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES:
            yield name.split("(")[0].strip(), code
    for code, short in _SHORT.items():
        for name in short.replace("\xad", "").split():
            yield name, code


@cache
def _cities() -> dict[str, frozenset[str]]:
    """The cities of cities.txt in English; a time zone's city that is not among them is too small to be meant."""
    lines = (files("daybreak.wire.facts") / "cities.txt").read_text(encoding="utf-8").splitlines()
    return {
        line[:2]: frozenset(
            unaccented(name.strip().lstrip("*?").partition("=")[0]) for name in line[4:].split("|")
        )
        for line in lines
        if line[:1].isalpha()
    }


@cache
def _other_scripts() -> tuple[tuple[str, tuple[str, ...]], ...]:
    text = (files("daybreak.wire.facts") / "cities.txt").read_text(encoding="utf-8")
    return tuple(
        (line[1:3], tuple(line[4:].strip().split("|"))) for line in text.splitlines() if line.startswith("@")
    )


def _folded(word: str) -> str:
    """Small letters without accents, where the script has both."""
    return unaccented(word.casefold())


def unaccented(word: str) -> str:
    """A Latin word without its accents; any other as it is."""
    if word.isascii() or not "\u00c0" <= max(word) <= "\u024f":
        return word
    return "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))


def _stem(word: str) -> str:
    shorter = _ENDING.sub("", word)
    return shorter if len(shorter) >= _SHORTEST_STEM else word
