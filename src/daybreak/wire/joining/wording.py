"""The words of wire copy: headlines without their outlet, terms to compare, and the text that tells a copy.

Pure and free of any one language: words are runs of letters with their marks (Devanagari's vowel signs, Arabic's
points) or digits, a light stemmer folds English plurals, and scripts written without spaces (Chinese, Japanese,
Thai, Lao, Burmese, Khmer) are cut into pairs of characters.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from unicodedata import category, normalize

IN_TITLE, NAME, FIGURE, TITLE_PAIR = 2.0, 1.1, 0.6, 0.7

# Marks that go on letters or between them; `\w` has none of them. The last two join or part letters in a word.
_MARKS = re.escape(
    "".join(
        sign for sign in map(chr, (*range(0x300, 0x1D00), *range(0xA800, 0xAC00))) if category(sign)[0] == "M"
    )
    + "\u200c\u200d"
)
_RUN = rf"(?:[^\W_]+[{_MARKS}]*)+"
_WORD = re.compile(rf"{_RUN}(?:[’']{_RUN})*")
_THOUSANDS = re.compile(r"[,.](?<=\d.)(?=\d{3}\b)")  # 12,500 is one number; the sign first, for it is rare
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
# What readers leave out when they write: accents, Hebrew and Arabic points. Other scripts' marks tell words apart.
_UNWRITTEN = dict.fromkeys(
    (*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), 0x670, 0x200C, 0x200D)
)
_CUT_OFF = re.compile(r"\s*(?:…|\.\.\.)?\s*\[\+\d+ chars\]\s*$")  # where an agency's interface cuts the body
_SENTENCE_ENDS = frozenset(".!?:\n")
_TOKEN = re.compile(rf"{_WORD.pattern}|[.!?:\n]")
_SUFFIX = re.compile(r"^(?P<head>.*\S)\s+(?:[-–—|]|\|\|)\s+(?P<outlet>[^|]{2,60})$")

_COMMON = """
    a about above according across after again against ago all already also although always am amid among an and
    another any are around as ask asked at away back be became because become been before began behind being below
    between both but by call called came can cannot come comes could day days did do does doing done down during each
    early either else even ever every everything far few find first follow following for former found four from full
    further gave get gets getting give given go goes going gone good got great had half has have having he held her
    here hers herself high him himself his how however i if in including instead into is it its itself just keep know
    known largest last late later latest least less let like likely little live ll long look made main make makes
    making many may me meanwhile might minutes monday month months more most mr mrs ms much must my near nearly need
    never new news next no nor not nothing now number of off often old on once one only onto or other others our out
    outside over own part people per place point put read recent recently report reported reportedly reporting reports
    right round said same saturday say saying says second see seen set several she should show since sixth small so
    some someone something soon still such sunday take taken takes taking tell ten than that the their them themselves
    then there these they thing things think third this those though three through thursday time times to today told
    tomorrow too took top toward towards try tuesday two under until up update updated updates upon us use used using
    ve very via video want was watch way we wednesday week weeks well went were what when where whether which while
    who whole whom whose why will with within without won work would year years yes yesterday yet you your
    am pm est gmt utc ist january february march april june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec friday mon tue wed thu fri sat sun copyright photo image file
    reuters ap afp ani pti ians bloomberg agency agencies exclusive breaking explained explainer opinion analysis
    key details here's what's don't it's isn't didn't won't he's she's they're you're i'm
    le la les du des et est un une dans sur avec que qui par pour au aux ce cette son sa ses ne pas plus
    el los las del una uno por con para su sus se en y lo al como mas
    der die das den dem und ist ein eine einen mit von zu im auf für nicht nach bei auch
    il gli della dei che di da non os um uma com não na nos nas dos
    и в во не на что с со по это как из у за от до так же для он она они мы вы я его её их им был была были было быть
    при также после о об но а к ко или то этого чтобы если уже еще только том тем этом который которые которая году
    года лет сообщил сообщила сообщает заявил
    في من على إلى عن أن إن كان كانت هذا هذه ذلك التي الذي الذين بعد قبل مع بين كما قال قالت وقال أو لا ما لم لن قد
    के का की को है हैं में से ने पर और यह ये वह वे कि जो भी नहीं हो होता होने रहा रहे रही था थी थे गया गई गए कर करने
    करते किया की लिए इस उस इन उन एक अब तो ही साथ बाद तक या जा कहा इसके उनके अपने अपनी कुछ सकते सकता सकती जिस किसी दिया
    आज दिन बता हुए हुई हुआ वाले वाली कोई क्या कैसे तरह
"""


@lru_cache(maxsize=256)
def clean_headline(title: str, source: str = "") -> str:
    """A title without the outlet that aggregators hang on it: “Rupee falls - The Tribune” is “Rupee falls”.

    The suffix goes when it is the source's own name or reads like a name: up to five words, each beginning with
    a capital or an address such as “News24.com”.
    """
    text = " ".join(title.split())
    while (match := _SUFFIX.match(text)) and _is_outlet(match["outlet"], source) and " " in match["head"]:
        text = match["head"].rstrip(" -–—|")
    return text


def _is_outlet(suffix: str, source: str) -> bool:
    name = suffix.strip().casefold()
    if source and (name in source.casefold() or source.casefold() in name):
        return True
    words = suffix.split()
    return len(words) <= 5 and all(
        word[:1].isupper()
        or word[:1].isdigit()
        or "." in word
        or word in ("of", "the", "and", "&", "de", "la", "el")
        for word in words
    )


def clean_body(text: str) -> str:
    """A text without the mark that a cut-off interface leaves at its end (“… [+2461 chars]”)."""
    return _CUT_OFF.sub("", text) if text.rstrip().endswith("chars]") else text  # the search is slow


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an article: `weights`, how much each says of its event before its rarity is known; `headline`,
    those of its title in their order; `names`, those written with a capital where a plain word has none."""

    weights: dict[str, float]
    headline: tuple[str, ...]
    names: frozenset[str]


def terms_of(title: str, text: str, source: str = "") -> Terms:
    """The terms of an article, weighed.

    A word counts 1 + ln(its number in `text`) and more when it stands in the title; names (capitalised inside a
    sentence) count more, figures less, since they change from report to report. The factors were set once, on
    one labelled night.
    """
    heading = _heading(title, source)
    counts: Counter[str] = Counter()
    names, plain = set(), set()
    for term, capital, opens in _terms(clean_body(text)):
        counts[term] += 1
        if not capital:
            plain.add(term)
        elif not opens:
            names.add(term)
    weights = {term: 1.0 + math.log(count) for term, count in counts.items()}
    for term in dict.fromkeys(term for term, _, _ in heading):
        weights[term] = weights.get(term, 0.0) + IN_TITLE
    for term in weights:
        if term in names:
            weights[term] *= NAME
        elif term[0].isdigit():
            weights[term] *= FIGURE
    # Headlines may capitalise every word: one that the text writes small is no name.
    names.update(term for term, capital, _ in heading if capital and term not in plain)
    return Terms(weights, tuple(term for term, _, _ in heading), frozenset(names))


def weigh(title: str, text: str, source: str = "") -> dict[str, float]:
    """The weights of `terms_of`, and neighbours in the title as a term together."""
    terms = terms_of(title, text, source)
    return terms.weights | {f"{left} {right}": TITLE_PAIR for left, right in pairwise(terms.headline)}


def telling_text(summary: str, body: str) -> str:
    """Summary and body as one text; a summary that only repeats how the body begins is left out."""
    if not summary or body[:80].startswith(summary[:60].rstrip("…. ")):
        return body or summary
    return f"{summary}\n{body}" if body else summary


def shingles(title: str, text: str, source: str = "", size: int = 3) -> list[str]:
    """Every run of `size` words of an article, the outlet's name left out: what copies have in common."""
    words = [word.lower() for word in _WORD.findall(f"{clean_headline(title, source)} {clean_body(text)}")]
    return [" ".join(words[start : start + size]) for start in range(len(words) - size + 1)]


def headline_terms(title: str, source: str = "") -> tuple[str, ...]:
    """The terms of a title in their order, as in `terms_of`."""
    return tuple([term for term, _, _ in _heading(title, source)])


@lru_cache(maxsize=256)  # finding copies and joining stories both ask of an article as it comes in
def _heading(title: str, source: str) -> tuple[tuple[str, bool, bool], ...]:
    return tuple(_terms(clean_headline(title, source)))


def _terms(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Each term, whether it begins with a capital, and whether it opens a sentence."""
    opens = True
    for word in _TOKEN.findall(_THOUSANDS.sub("", text)):
        if word in _SENTENCE_ENDS:
            opens = True
            continue
        if not word.isascii() and _UNSPACED.match(word):
            for left, right in pairwise(word):
                yield left + right, False, opens
        elif term := fold(word):
            yield term, word[0].isupper(), opens
        opens = False


def _as_typed(word: str) -> str:
    return normalize("NFKD", word.replace("’", "'")).translate(_UNWRITTEN)


COMMON = frozenset(map(_as_typed, _COMMON.split()))


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """A word as it is compared: lower case, without accents, possessive and plural; "" when it says nothing."""
    low = word.lower()
    if not low.isascii():
        low = _as_typed(low)
    low = low.removesuffix("'s")
    if low in COMMON or (len(low) < 2):
        return ""
    if len(low) > 3 and low.endswith("s") and not low.endswith(("ss", "us", "is")):
        low = low[:-3] + "y" if low.endswith("ies") and len(low) > 4 else low[:-1]
    return low
