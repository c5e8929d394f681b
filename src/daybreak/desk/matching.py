"""Words against words: what of a sentence can be found in the text of an article.

Plain lexical comparison, chosen because its answer can be shown to an editor as a passage: no model, no network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from daybreak.desk.prose import sentence_ends

# Shares of a sentence's content words. Of 322 summary sentences that readers found true to their article (QAGS, Wang
# et al. 2020) these floors pass 91 %, and none of the same sentences against another article. A sentence that
# twists its source's own words often passes too: this finds the passage, a person compares the sense.
IN_ARTICLE = 0.7
IN_PASSAGE = 0.5
COPIED_WORDS = 12  # words in a row that are the source's own and no longer a coincidence
QUOTED_WORDS = 3  # shorter quotations are single terms, which any text may contain

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NUMBER = re.compile(
    r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?:[\s-]?(hundred|thousand|million|billion|trillion|mn|bn|tn|[mk])\b)?",
    re.IGNORECASE,
)
_SCALE = {
    "hundred": 1e2, "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6,
    "bn": 1e9, "billion": 1e9, "tn": 1e12, "trillion": 1e12,
}  # fmt: skip
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SPELLED = {word: float(n) for n, word in enumerate(_SMALL)} | {
    word: float(10 * n) for n, word in enumerate(_TENS, start=2)
}
_SPELLED_NUMBER = re.compile(
    rf"\b(?:({'|'.join(_TENS)})[\s-]({'|'.join(_SMALL[1:10])})|({'|'.join(_SPELLED)}))\b"
    r"(?:[\s-](hundred|thousand|million|billion|trillion))?",
    re.IGNORECASE,
)
_COMMON = frozenset(
    "a about above after again against all almost also although always am among an and another any are around as at away "
    "back be because been before being below between both but by came can cannot come could did do does doing done down "
    "during each either else even ever every few for from further get go goes going gone had has have having he her here "
    "hers him his how however i if in instead into is it its itself just last least less let like made make many may me "
    "might more most much must my nearly neither never next no nor not now of off often on once one only onto or other "
    "others our out over own per quite rather said same say says see seem seemed seems she should since so some still such "
    "take taken than that the their them then there these they thing things this those though through thus to together "
    "told too toward towards two under until up upon us very was way we well went were what when where whether which while "
    "who whom whose why will with within without would yes yet you your according added reported reports noted notes "
    "wrote writes argued explained claimed insisted countered observed recalled warned monday tuesday wednesday thursday "
    "friday saturday sunday today yesterday tomorrow".split()
)
_STOP_NAMES = frozenset("monday tuesday wednesday thursday friday saturday sunday mr mrs ms dr".split())
_QUOTES = str.maketrans(
    dict.fromkeys("“”„‟«»\"‘’‚‛'‹›`´", "'") | {"–": "-", "—": "-", "‑": "-", "\u00a0": " ", "…": "..."}
)


@dataclass(frozen=True, slots=True)
class Passage:
    """Where in an article a sentence was found: its words, and the share (0 to 1) of the content words in them."""

    words: str
    share: float


@dataclass(frozen=True, slots=True)
class _Read:
    """An article's text, taken apart once."""

    stems: frozenset[str]
    numbers: frozenset[float]
    windows: tuple[tuple[str, frozenset[str]], ...]
    plain: str
    runs: frozenset[tuple[str, ...]]


def supporting_passage(sentence: str, article: str) -> Passage | None:
    """The passage of `article` that `sentence` rests on, or None.

    All its numbers and names must be in the article, most of its content words too, half of them close together.
    """
    read = _read(article)
    words = content_stems(sentence)
    if len(words) < 2 or not numbers_in(sentence).keys() <= read.numbers:
        return None
    if not {_stem(name) for name in names_in(sentence)} <= read.stems:
        return None
    if len(words & read.stems) < IN_ARTICLE * len(words):
        return None
    found = max(read.windows, key=lambda window: len(words & window[1]), default=("", frozenset[str]()))
    share = len(words & found[1]) / len(words)
    return Passage(found[0], share) if share >= IN_PASSAGE else None


def quotation_found(quotation: str, article: str) -> bool:
    """Whether the quoted words stand in `article` letter for letter.

    Kinds of quotation mark and of dash, runs of white space, the first letter's case and a closing comma or full
    stop may differ; around an ellipsis or square brackets the pieces must follow each other in this order.
    """
    plain, at = _read(article).plain, 0
    for piece in re.split(r"\[[^\]]*\]|\.\.\.", _plain(quotation)):
        wanted = piece.strip(" ,.;:-'")
        if not _WORD.search(wanted):
            continue
        first = f"[{re.escape(wanted[0].lower())}{re.escape(wanted[0].upper())}]"
        found = re.compile(rf"(?<!\w){first}{re.escape(wanted[1:])}(?!\w)").search(plain, at)
        if found is None:
            return False
        at = found.end()
    return True


def copied_run(words: str, article: str) -> str:
    """The first run of twelve words that `words` shares with `article`, "" when there is none."""
    tokens = _tokens(words)
    runs = _read(article).runs
    for run in _runs_of(tokens):
        if run in runs:
            return " ".join(run)
    return ""


def has_number(number: float, article: str) -> bool:
    """Whether `article` states `number`, in figures or in words."""
    return number in _read(article).numbers


def numbers_in(text: str) -> dict[float, str]:
    """The numbers a text states, each with its own words: {1200000000.0: "1.2 billion"}.

    All that stand in figures, and those in words from ten upwards (smaller ones are idiom).
    """
    spelled = {value: words for value, words in _spelled_numbers(text).items() if value >= 10}
    return spelled | _figures(text)


def names_in(text: str) -> tuple[str, ...]:
    """The capitalised words that are not so because a sentence or a quotation begins with them."""
    names = []
    for match in _WORD.finditer(text):
        word = match.group()
        before = text[: match.start()].rstrip("\"'“‘([ —–")
        opens = not before or before[-1] in ".!?:…" or text[match.start() - 1] in '"“‘'
        if word[0].isupper() and not opens and word.lower() not in _COMMON | _STOP_NAMES and len(word) > 1:
            names.append(word)
    return tuple(dict.fromkeys(names))


def content_stems(text: str) -> frozenset[str]:
    """The words that carry meaning, each cut to its stem."""
    return frozenset(
        _stem(word) for word in _WORD.findall(text) if word.lower() not in _COMMON and len(word) > 2
    )


def without_quotations(text: str) -> str:
    """`text` with what stands in double quotation marks taken out."""
    return re.sub(r"[“\"][^”\"]*(?:[”\"]|$)", " … ", text)


@lru_cache(maxsize=1024)
def _read(article: str) -> _Read:
    sentences = [s for line in article.splitlines() for s in _sentences(line)]
    stems = [content_stems(sentence) for sentence in sentences]
    windows = tuple(
        (" ".join(sentences[at : at + 2]), frozenset().union(*stems[at : at + 2]))
        for at in range(len(sentences))
    )
    return _Read(
        stems=frozenset().union(*stems) | {_stem(word) for word in _WORD.findall(article)},
        numbers=frozenset(_figures(article) | _spelled_numbers(article)),
        windows=windows,
        plain=_plain(article),
        runs=frozenset(_runs_of(_tokens(article))),
    )


def _sentences(line: str) -> Iterator[str]:
    start = 0
    for end in (*sentence_ends(line), len(line)):
        if line[start:end].strip():
            yield line[start:end].strip()
        start = end


def _stem(word: str) -> str:
    """A crude stem, enough for “reported” to meet “reports”; the same cut on both sides is all that matters."""
    word = word.lower().replace("’", "'")
    word = word.removesuffix("'s").rstrip("'")
    for ending, least in (("ations", 4), ("ation", 4), ("ingly", 4), ("edly", 4), ("ings", 4), ("ing", 4), ("ies", 3),
                          ("ied", 3), ("ers", 4), ("ed", 4), ("er", 4), ("es", 4), ("ly", 4), ("s", 3), ("y", 3),
                          ("e", 3)):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            return word[: -len(ending)]
    return word


def _figures(text: str) -> dict[float, str]:
    found = {}
    for match in _NUMBER.finditer(text):
        whole, fraction, scale = match.group(1), match.group(2) or "", match.group(3) or ""
        value = float(whole.replace(",", "") + fraction) * _SCALE.get(scale.lower(), 1.0)
        found[round(value, 6)] = match.group().strip()
    return found


def _spelled_numbers(text: str) -> dict[float, str]:
    found = {}
    for match in _SPELLED_NUMBER.finditer(text):
        tens, units, single, scale = (part.lower() if part else "" for part in match.groups())
        value = _SPELLED[tens] + _SPELLED[units] if tens else _SPELLED[single]
        found[value * _SCALE.get(scale, 1.0)] = match.group()
    return found


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+|…", _plain(text).lower().replace("...", "…"))


def _runs_of(tokens: list[str]) -> Iterator[tuple[str, ...]]:
    return (
        run
        for at in range(len(tokens) - COPIED_WORDS + 1)
        if "…" not in (run := tuple(tokens[at : at + COPIED_WORDS]))
    )


def _plain(text: str) -> str:
    return " ".join(text.translate(_QUOTES).split())
