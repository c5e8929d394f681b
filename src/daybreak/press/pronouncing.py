"""Printed text into words that a voice says well.

Each rule mends something that espeak-ng (and Piper, which borrows its phonemes) was heard to say badly:
"dollar 32.95" for $32.95, "five dash four" for a vote of 5-4, "roman two" for World War II, a full stop
after "Dr.", "nineteen hundred ninety z", each Chinese character by the name of its code. What it says well
is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# Sign, one of them, several of them, a hundredth ("" where people do not speak of it).
_CURRENCIES = {
    "US$": ("US dollar", "US dollars", "cents"),
    "C$": ("Canadian dollar", "Canadian dollars", "cents"),
    "A$": ("Australian dollar", "Australian dollars", "cents"),
    "NZ$": ("New Zealand dollar", "New Zealand dollars", "cents"),
    "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cents"),
    "$": ("dollar", "dollars", "cents"),
    "£": ("pound", "pounds", "pence"),
    "€": ("euro", "euros", "cents"),
    "¥": ("yen", "yen", ""),
    "₹": ("rupee", "rupees", ""),
    "₽": ("rouble", "roubles", ""),
    "₩": ("won", "won", ""),
    "₪": ("shekel", "shekels", ""),
    "₺": ("lira", "lira", ""),
    "₴": ("hryvnia", "hryvnia", ""),
}
_SIZES = {"k": "thousand", "m": "million", "mn": "million", "bn": "billion", "tn": "trillion"}
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_MONEY = re.compile(
    rf"(?<![\w$])({'|'.join(map(re.escape, _CURRENCIES))})\s?({_NUMBER})(?:\s?[-–]\s?({_NUMBER}))?"
    r"(?:[\s-]?(thousand|million|billion|trillion|k|mn?|bn|tn)\b)?"
)

_UNITS = {"km": "kilometres", "kg": "kilograms", "mph": "miles an hour", "km/h": "kilometres an hour"}
_MEASURE = re.compile(
    rf"(?<=\d)\s?({'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?![\w²³/])"
)

_ABBREVIATIONS = {
    "Dr.": "Dr", "Mr.": "Mr", "Mrs.": "Mrs", "Ms.": "Ms", "St.": "St", "Prof.": "Professor",
    "Sen.": "Senator", "Rep.": "Representative", "Gov.": "Governor", "Gen.": "General", "Col.": "Colonel",
    "Capt.": "Captain", "Lt.": "Lieutenant", "Sgt.": "Sergeant",
}  # fmt: skip
_TITLE = re.compile(rf"\b({'|'.join(re.escape(name) for name in _ABBREVIATIONS)})(?=\s+[A-Z])")

_ORDINALS = (
    "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth Thirteenth Fourteenth "
    "Fifteenth Sixteenth Seventeenth Eighteenth Nineteenth Twentieth"
).split()
_ROMANS = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX".split()
# Single letters are left alone: Malcolm X is no tenth Malcolm.
_REIGN = re.compile(
    rf"\b([A-Z][a-zà-ÿ]+) ({'|'.join(numeral for numeral in _ROMANS if len(numeral) > 1)})\b(?!\.\w)"
)
_COUNTED = set("War Part Phase Chapter Article Title Section Type Category Volume Act Class Bowl".split())

_DECADES = "hundreds tens twenties thirties forties fifties sixties seventies eighties nineties".split()

# In this order: money and times hold dashes and full stops that the later rules would take for their own.
_PLAIN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bNo\. ?(?=\d)"), "number "),
    (re.compile(r"\bvs?\.(?=\s)"), "versus"),
    (re.compile(r"\bi\.e\.,?"), "that is,"),
    (re.compile(r"\bWHO\b"), "W H O"),
    (re.compile(r"\b(\d{1,2})[:.]00(?= ?[ap]\.?m)"), r"\1"),
    (re.compile(r"\b(1\d|2[0-4]):00\b"), r"\1 hundred"),
    (re.compile(r"\b0?(\d):00\b"), r"\1 o'clock"),
    (re.compile(r"(?<=\d)\s?–\s?(?=\d)"), " to "),
    (re.compile(r"(?<![\w.,-])(\d{1,3})-(\d{1,3})(?![\w-]|[.,]\d)"), r"\1 to \2"),
    (re.compile(rf"(?<![\w.])({_NUMBER}) ?bn\b"), r"\1 billion"),
    (re.compile(rf"(?<![\w.])({_NUMBER}) ?tn\b"), r"\1 trillion"),
    (re.compile(r"[*_~^|\\#<>{}\[\]]+"), " "),
)


def spoken(text: str, pronunciations: Mapping[str, str] | None = None) -> str:
    """The text as a voice should read it; empty when nothing in it can be said.

    ``pronunciations`` gives names another spelling ("Erdoğan": "Erdowan"); whole words only, the longest
    first, and capitals count.
    """
    text = _respelt(unicodedata.normalize("NFC", text), pronunciations or {})
    text = _MONEY.sub(_money, text)
    text = _MEASURE.sub(lambda found: " " + _UNITS[found[1]], text)
    text = _TITLE.sub(lambda found: _ABBREVIATIONS[found[1]], text)
    text = _REIGN.sub(_numeral, text)
    text = re.sub(r"\b(1[1-9]|20)(\d)0s\b", _decade, text)
    text = re.sub(r"['’]([2-9])0s\b", lambda found: _DECADES[int(found[1])], text)
    for pattern, words in _PLAIN:
        text = pattern.sub(words, text)
    text = " ".join("".join(map(_sayable, text)).split())
    return text if any(map(str.isalnum, text)) else ""


def _respelt(text: str, pronunciations: Mapping[str, str]) -> str:
    names = sorted(filter(None, pronunciations), key=len, reverse=True)
    if not names:
        return text
    pattern = rf"(?<!\w)({'|'.join(map(re.escape, names))})(?!\w)"
    return re.sub(pattern, lambda found: pronunciations[found[1]], text)


def _money(found: re.Match[str]) -> str:
    sign, amount, upper, size = found.groups()
    one, several, hundredth = _CURRENCIES[sign]
    if re.search(r"\ban?\s$", found.string[: found.start()], re.IGNORECASE):
        several = one  # "a 5 million dollar deal"
    amount += f" to {upper}" if upper else ""
    if size:
        return f"{amount} {_SIZES.get(size, size)} {several}"
    whole, _, cents = amount.partition(".")
    if upper or len(cents) != 2 or not hundredth:
        return f"{amount} {one if amount == '1' else several}"
    if cents == "00":
        return f"{whole} {one if whole == '1' else several}"
    if whole == "0":
        return f"{int(cents)} {hundredth}"
    return f"{whole} {one if whole == '1' else several} {int(cents)}"


def _numeral(found: re.Match[str]) -> str:
    name, value = found[1], _ROMANS.index(found[2])
    return f"{name} {value + 1}" if name in _COUNTED else f"{name} the {_ORDINALS[value]}"


def _decade(found: re.Match[str]) -> str:
    return "2 thousands" if found[0] == "2000s" else f"{found[1]} {_DECADES[int(found[2])]}"


def _sayable(character: str) -> str:
    """The character; a space for one whose name would be spelt out, of another script or a picture."""
    kind = unicodedata.category(character)
    if kind == "Cf":  # soft hyphens and zero-width joiners split a word when a voice meets them
        return ""
    if kind in ("So", "Cc", "Cn", "Co", "Cs") and character != "°":
        return " "
    if kind[0] == "L" and not unicodedata.name(character, "").startswith(
        ("LATIN", "GREEK", "MICRO", "MODIFIER")
    ):
        return " "
    return character
