"""Whether an article reads like news or like service copy (sport, pastime, gadgets, share tips). Pure.

`telling_words.txt` holds plain words that tell the two apart: lines of “N: word word …”, N the weight of each, below
0 for service copy. They were learnt by a logistic model (Cox, 1958) from 35,306 articles of 2022 whose address names
the section they stood in, and hold across outlets and months; names of people, teams, makers and countries were
kept out, for those age. `bench/fit_ranking.py` writes the file. In another language than English few words are
known, and the section alone speaks.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import urlsplit

from daybreak.wire.joining.wording import clean_headline

FOREIGN_PAGES = frozenset(
    """world world-news worldnews international global foreign europe eu asia asia-pacific africa americas
    latin-america middleeast middle-east oceania us-news uk-news world-us-canada monde mundo mondo esteri welt ausland
    internacional internacionales internationales internazionale afrique""".split()
)
NEWS_PAGES = frozenset(
    "politics politics-and-nation national-security foreign-policy diplomacy defence".split()
)
SERVICE_PAGES = frozenset(
    """sport sports deportes cricket football soccer nfl nba mlb nhl ipl tennis golf rugby f1 formula1 motorsport wwe ufc
    esports cricket-news fantasy-cricket entertainment celebrity celebrities celebs movies movie movie-review
    movie-reviews film films tv television music bollywood hollywood tollywood kollywood web-series tvshowbiz showbiz
    movienews box-office lifestyle life-style fashion beauty style food food-drinks recipes travel horoscope horoscopes
    astrology puzzles games gaming crossword wordle gadgets gadgets-news deals reviews mobile mobiles auto cars bikes
    photos gallery photogallery videos web-stories health-fitness relationships parenting stock-watch hotstocks recos
    stocks earnings company-results ipo ipos expert-view stock-market-news personal-finance your-money mutual-funds
    cryptocurrency how-to offbeat panache buzz trending viral""".split()
)
COMMENT_PAGES = frozenset(
    "opinion opinions comment commentary columns columnists editorial editorials op-ed analysis views explained".split()
)
SECTION = 3.0  # what a section says, in the unit of the words' weights
MOST = 4.0

_COMMENT = re.compile(
    r"(explaine[rd]|explainer|analysis|opinion|editorial|comment|column|factbox|how|why|what)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")


@lru_cache(maxsize=32_768)
def newsiness(title: str, opening: str, url: str, outlet: str = "") -> float:
    """How far an article reads like news: the log-odds, cut to -4 (service copy) … 4 (news), 0 when nothing tells.

    `opening` is the beginning of its summary or text; about a sentence is enough.
    """
    weights = telling_words()
    words = plain_words(f"{clean_headline(title, outlet)} {opening}")
    told = sum(weights.get(word, 0.0) for word in words)
    pages = sections(url)
    told += SECTION * bool(pages & (FOREIGN_PAGES | NEWS_PAGES)) - SECTION * bool(pages & SERVICE_PAGES)
    return max(-MOST, min(MOST, told))


def plain_words(text: str) -> set[str]:
    """The words of a text in lower case, each once."""
    return {match.group().lower().replace("’", "'") for match in _WORD.finditer(text)}


@lru_cache(maxsize=32_768)  # a budget asks thrice of each article, and again at the next look
def sections(url: str) -> frozenset[str]:
    """The parts of an address that may name a section: its folders and the labels of its host."""
    try:
        parts = urlsplit(url.lower())
        return frozenset((*(parts.hostname or "").split("."), *parts.path.split("/")[:-1]))
    except ValueError:
        return frozenset()


def on_foreign_pages(url: str) -> bool:
    """Whether an outlet printed the article among its news of the world."""
    return bool(sections(url) & FOREIGN_PAGES)


def is_comment(title: str, url: str) -> bool:
    """Whether an article talks about an event (opinion, analysis, an explainer) rather than reports it."""
    return bool(_COMMENT.match(title) or sections(url) & COMMENT_PAGES)


@cache
def telling_words() -> dict[str, float]:
    """The weight of each word of the table."""
    table = (files("daybreak.wire.weighing") / "telling_words.txt").read_text(encoding="utf-8")
    weights: dict[str, float] = {}
    for line in table.splitlines():
        weight, _, words = line.partition(":")
        if not math.isfinite(float(weight)):
            raise ValueError(f"telling_words.txt: “{weight}” is no weight.")
        weights.update(dict.fromkeys(words.split(), float(weight)))
    return weights
