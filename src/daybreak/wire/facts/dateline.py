"""Datelines: where an article was reported from, and which agency sent it, as its first words say.

“NAIROBI, Kenya (AP) — …”, “BRUSSELS, March 2 (Reuters) - …”, “New Delhi: …”, “Madrid, 3 may (EFE).- …”, “МОСКВА, 3 мая /ТАСС/. …”.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from daybreak.wire.facts.places import is_town

_LONGEST = 90  # characters that a dateline takes up at most
_AGENCIES = {
    name.casefold(): name
    for name in (
        "AP AFP Reuters Bloomberg PTI ANI IANS UNI UPI Xinhua TASS RIA Interfax Ukrinform Unian dpa EFE ANSA Lusa APA ATS SDA "
        "Belga ANP NTB TT Ritzau STT PAP ČTK MTI BTA Tanjug HINA STA Anadolu AA DHA WAFA IRNA ISNA Fars MENA SPA QNA "
        "KUNA WAM Yonhap KCNA Kyodo Jiji CNA Antara Bernama VNA APP UNB BSS Télam Notimex Agência NAN GNA KNA "
        "AAP PA CP CNN NYT BBC ТАСС Интерфакс РИА Укринформ Укрінформ"
    ).split()
} | {
    "associated press": "AP", "the associated press": "AP", "thomson reuters foundation": "Reuters",
    "thomson reuters": "Reuters", "press trust of india": "PTI", "canadian press": "CP", "the canadian press": "CP",
    "press association": "PA", "agence france-presse": "AFP", "тасс": "TASS", "интерфакс": "Interfax",
    "риа новости": "RIA", "ria novosti": "RIA", "reuters breakingviews": "Reuters", "anadolu agency": "Anadolu",
    "europa press": "Europa Press", "新华社": "Xinhua", "वार्ता": "UNI", "भाषा": "PTI", "एएनआई": "ANI",
}  # fmt: skip
_MONTH = (
    r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|ene|abr|ago|dic|fév|avr|juin|juil|août|déc|"
    r"gen|mag|giu|lug|set|ott|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)\w{0,7}\.?"
)
_DATE = rf"(?:{_MONTH}\s+\d{{1,2}}|\d{{1,2}}\.?\s+(?:de\s+)?{_MONTH})(?:,?\s+(?:de\s+)?\d{{4}})?"
_PLACE = r"[^\W\d_][^()\n—–:<>|]{0,58}?"
_DASH = r"(?:\s*(?:—|–|--|\s-\s|\.-|-\s|:)\s*)"
_BY_AGENCY = re.compile(
    rf"^\s*(?P<place>{_PLACE})?(?:[,.\s]\s*(?P<date>{_DATE}))?[,.]?\s*(?:\((?P<round>[^()\n]{{2,30}})\)|/(?P<slash>[^/\n]{{2,20}})/)"
    rf"\.?{_DASH}?\s*",
    re.IGNORECASE,
)
_BY_DATE = re.compile(rf"^\s*(?P<place>{_PLACE}),\s*{_DATE}{_DASH}\s*", re.IGNORECASE)
_BY_CAPITALS = re.compile(
    r"^\s*(?P<place>[^\W\d_a-z][^()\n—–:a-z]{1,38}(?:,\s[^\W\d_a-z][\w .'’]{1,24})?)(?:\s*(?:—|–|--)\s*|\s-\s|:\s)"
)
_BY_COLON = re.compile(r"^\s*(?P<place>[^\s:,]{2,30}(?: [^\s:,]{1,30}){0,2}):\s")
_ONLY_DATE = re.compile(rf"^\s*(?:{_DATE}|\d{{1,2}}\s+{_MONTH})\s*$", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Dateline:
    """`place` as it is written (“NAIROBI, Kenya”), `agency` by its usual name, both "" when not told; `rest` is the
    text after it."""

    place: str
    agency: str
    rest: str


def dateline_of(text: str, language: str = "") -> Dateline:
    """The dateline that `text` (plain, an article's body or summary, in `language`) opens with; place and agency are
    empty and `rest` is all of it when there is none. Without an agency only a known city makes a dateline."""
    opening = text[:_LONGEST]
    by_agency = _BY_AGENCY.match(opening)
    if by_agency and (agency := _agency(by_agency["round"] or by_agency["slash"] or "")):
        place = _tidied(by_agency["place"] or "")
        if not place or _ONLY_DATE.match(place):
            return Dateline("", agency, text[by_agency.end() :])
        if _reads_like_place(place):
            return Dateline(place, agency, text[by_agency.end() :])
    for form in (_BY_DATE, _BY_CAPITALS, _BY_COLON):
        match = form.match(opening)
        if match and is_town(place := _tidied(match["place"]), language):
            return Dateline(place, "", text[match.end() :])
    return Dateline("", "", text)


def _agency(name: str) -> str:
    """The agency a bracket names, "" for any other bracket; of “AFP/Reuters” the first."""
    known = _AGENCIES.get(" ".join(name.split()).strip(" .").casefold(), "")
    return known or (
        _AGENCIES.get(re.split(r"[/,]", name)[0].strip().casefold(), "") if "/" in name or "," in name else ""
    )


def _tidied(place: str) -> str:
    return " ".join(_BRACKETS.sub("", place).split()).strip(" ,.-")


def _reads_like_place(place: str) -> bool:
    """Whether it is short and all its words begin like names: “Ciudad de México”, not “He told the agency”."""
    words = place.replace("/", " ").replace(",", " ").split()
    small = [
        word
        for word in words
        if word[0].islower() and word not in ("de", "del", "la", "le", "am", "der", "an", "of", "upon")
    ]
    return len(words) <= 7 and not small
