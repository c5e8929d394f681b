from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from daybreak.wire.joining.evidence import Account, ceiling, likelihood, of_nearest, of_story, unit

WORDS = [*"abcdefgh", "1914", "2022"]
# The same word is rare in one article and common in another: each has the rarity of when it came in.
ARTICLES = st.builds(
    lambda rarity, headline, names, source: Account(
        "key", 0.0, source,
        unit(rarity),
        unit({term: rarity[term] for term in rarity if term in headline}),
        rarity,
        frozenset(rarity) & names,
        frozenset(term for term in rarity if term[0].isdigit()),
    ),
    st.dictionaries(st.sampled_from(WORDS), st.floats(0.01, 9.0), min_size=1),
    st.frozensets(st.sampled_from(WORDS)),
    st.frozensets(st.sampled_from(WORDS[:-2])),
    st.sampled_from(["", "The Ticker"]),
)  # fmt: skip


@given(ARTICLES, st.lists(ARTICLES, min_size=1, max_size=4), st.floats(0.0, 1.0))
def test_no_article_of_a_story_makes_another_likelier_than_the_ceiling(
    article: Account, latest: list[Account], close: float
) -> None:
    counts = Counter(term for other in latest for term in other.rarity)
    core = [(term, float(count)) for term, count in counts.most_common(6)]
    told = of_story(article, core, counts, counts, close)
    most = ceiling(article, told, counts, latest)
    for nearest in latest:
        assert likelihood(told + of_nearest(article, nearest)) <= most + 1e-12
