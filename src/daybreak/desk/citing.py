"""Citations as rows, tied to the wire's articles, and the texts that a brief's sentences are checked against."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from daybreak.desk.checking import SentenceCheck, SignedOff, check
from daybreak.desk.manuscript import Manuscript
from daybreak.desk.models import Brief, Citation, Edition, SignOff
from daybreak.desk.prose import citations_in, sources_of
from daybreak.wire.addresses import AddressError, url_key
from daybreak.wire.models import Article

LANGUAGE = "en"  # the paper's own: a text in another proves neither a quotation nor a missing word


@dataclass(frozen=True, slots=True)
class HeldTexts:
    """What the wire holds of cited articles: their words by address, the addresses held in full, and those unknown."""

    texts: dict[str, str]
    whole: frozenset[str]
    unknown: frozenset[str]


def articles_at(urls: Iterable[str]) -> dict[str, Article]:
    """The wire's article for each address it knows, whatever way the address is spelt."""
    keys: dict[str, str] = {}
    for url in urls:
        with contextlib.suppress(AddressError):
            keys[url] = url_key(url)
    known = Article.objects.filter(url_key__in=set(keys.values())).select_related("source")
    found = {article.url_key: article for article in known}
    return {url: found[key] for url, key in keys.items() if key in found}


def write_citations(brief: Brief, listed: Iterable[str]) -> None:
    """Make the rows say what `brief.body` links and, after these, the `listed` addresses.

    A source that is only listed goes by the name it has on the wire, else by its host.
    """
    wanted = tuple(listed)
    linked = {cited.url for cited in citations_in(brief.body)}
    sources = sources_of(brief.body, wanted)
    articles = articles_at(source.url for source in sources)
    rows = []
    for position, source in enumerate(sources, start=1):
        article = articles.get(source.url)
        by_wire = article is not None and source.url not in linked
        rows.append(
            Citation(
                brief=brief,
                position=position,
                url=source.url,
                source=article.source.name if article is not None and by_wire else source.source,
                article=article,
                listed=source.url in wanted,
            )
        )
    brief.citations.all().delete()
    Citation.objects.bulk_create(rows)


def listed_in(brief: Brief) -> list[str]:
    """The addresses that stand in a brief's list of sources whether or not its text links them."""
    return list(brief.citations.filter(listed=True).values_list("url", flat=True))


def held_texts(urls: Iterable[str]) -> HeldTexts:
    """What the wire holds at `urls`, in the paper's own language or in none that it names."""
    asked = set(urls)
    texts, whole, found = {}, set(), articles_at(asked)
    for url, article in found.items():
        if article.language and article.language.lower().split("-")[0] != LANGUAGE:
            continue
        texts[url] = article.text
        if article.body:
            whole.add(url)
    return HeldTexts(texts, frozenset(whole), frozenset(asked - found.keys()))


def sign_offs(edition: Edition) -> dict[str, dict[str, SignedOff]]:
    """Who answers for which sentence of an edition: by slug, then by sentence key."""
    signed: dict[str, dict[str, SignedOff]] = {}
    for one in SignOff.objects.filter(brief__edition=edition, brief__removed_at=None).select_related("brief"):
        signed.setdefault(one.brief.slug, {})[one.sentence_key] = SignedOff(one.by, one.reason)
    return signed


def checks_of(edition: Edition, manuscript: Manuscript) -> list[SentenceCheck]:
    """What every sentence of `manuscript`, which is `edition` or a part of it, rests on."""
    held = held_texts(source.url for brief in manuscript.briefs() for source in brief.sources)
    return check(manuscript, held.texts, sign_offs(edition), held.whole, held.unknown)
