"""The attribution ledger: what each sentence of an edition rests on, and what stands in the way of approval.

Values in, values out. The verdicts, strongest first:
`cited` a link in the sentence names its source; `named` it names an outlet the brief cites; `supported` its
words, numbers and names are in one cited article; `continues` it goes on from a sentence that cites or names;
`signed` a person answers for it; `listed` the brief lists sources whose full text we do not hold, so it rests on
them as a whole; `unexplained` nothing explains it; `misquoted` it quotes words that no cited article has.
The last two block approval, unless a person signs the sentence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from daybreak.desk.manuscript import BriefCopy, Manuscript
from daybreak.desk.matching import (
    QUOTED_WORDS,
    copied_run,
    has_number,
    numbers_in,
    quotation_found,
    supporting_passage,
    without_quotations,
)
from daybreak.desk.prose import Block, Sentence, is_web_address, read_body
from daybreak.wire.addresses import host_of

Verdict = Literal["cited", "named", "supported", "continues", "signed", "listed", "unexplained", "misquoted"]
BLOCKING: frozenset[Verdict] = frozenset({"unexplained", "misquoted"})


@dataclass(frozen=True, slots=True)
class SignedOff:
    """Who answers for a sentence, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SentenceCheck:
    """What one sentence rests on. `number` counts from 1 through the brief; `citations` are addresses.

    `reason` is a sentence for the editor, `passage` the words of the article that support it, `warnings`
    sentences that say what to look at without standing in the way.
    """

    brief: str
    number: int
    text: str
    verdict: Verdict
    reason: str
    citations: tuple[str, ...] = ()
    passage: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether the edition cannot be approved while this stands."""
        return self.verdict in BLOCKING


def sentence_key(text: str) -> str:
    """SHA-256, in hexadecimal, of a sentence's words: a sign-off holds for these and no others."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def check(
    manuscript: Manuscript,
    texts: Mapping[str, str],
    signed: Mapping[str, Mapping[str, SignedOff]],
    whole: Collection[str] = (),
    unknown: Collection[str] = (),
) -> list[SentenceCheck]:
    """What every sentence of an edition rests on, in reading order.

    `texts` holds the words we have of cited articles by address, `whole` the addresses of those we have in full
    and in the paper's own language, `unknown` those that the wire does not have at all; `signed` the sign-offs by
    brief and sentence key.
    """
    return [
        checked
        for brief in manuscript.briefs()
        for checked in _Brief(
            brief, texts, signed.get(brief.slug, {}), frozenset(whole), set(unknown)
        ).checks()
    ]


class _Brief:
    """One brief being checked, with the texts it may rest on."""

    def __init__(
        self,
        brief: BriefCopy,
        texts: Mapping[str, str],
        signed: Mapping[str, SignedOff],
        whole: frozenset[str],
        unknown: set[str],
    ) -> None:
        self.brief = brief
        self.blocks = read_body(brief.body)
        self.urls = tuple(source.url for source in brief.sources)
        self.held = {url: texts[url] for url in self.urls if texts.get(url)}
        self.all_whole = bool(self.urls) and all(url in whole for url in self.urls)
        self.signed = signed
        self.unknown = unknown  # each is warned of once, where it is first linked
        self.outlets = _outlets(brief, self.blocks)

    def checks(self) -> Iterator[SentenceCheck]:
        anchors_before: tuple[str, ...] = ()
        for block in self.blocks:
            anchored = [self._anchored(sentence) for sentence in block.sentences]
            anchors = tuple(dict.fromkeys(url for one in anchored if one for url in one.citations))
            quotations = list(_quotations(block))
            for sentence, own, quoted in zip(block.sentences, anchored, quotations, strict=True):
                found = own or self._supported(sentence) or self._continues(sentence, anchors, anchors_before)
                found = found or self._weakly(sentence)
                yield self._judged(found, sentence, quoted)
            anchors_before = anchors

    def _says(
        self, sentence: Sentence, verdict: Verdict, reason: str, *urls: str, passage: str = ""
    ) -> SentenceCheck:
        number = sentence.number + 1
        return SentenceCheck(self.brief.slug, number, sentence.text, verdict, reason, urls, passage)

    def _anchored(self, sentence: Sentence) -> SentenceCheck | None:
        cited = [one for one in sentence.citations if is_web_address(one.url)]
        if cited:
            names = ", ".join(dict.fromkeys(one.source for one in cited))
            return self._says(sentence, "cited", f"It cites {names}.", *dict.fromkeys(c.url for c in cited))
        for pattern, name, urls in self.outlets:
            if pattern.search(sentence.text):
                return self._says(sentence, "named", f"It names {name}, which this brief cites.", *urls)
        return None

    def _supported(self, sentence: Sentence) -> SentenceCheck | None:
        best = None
        for url, text in self.held.items():
            passage = supporting_passage(sentence.text, text)
            if passage and (best is None or passage.share > best[1].share):
                best = (url, passage)
        if best is None:
            return None
        url, passage = best
        reason = f"{self._name(url)} has it: “{_shortened(passage.words)}”"
        return self._says(sentence, "supported", reason, url, passage=passage.words)

    def _continues(
        self, sentence: Sentence, here: tuple[str, ...], before: tuple[str, ...]
    ) -> SentenceCheck | None:
        if here:
            return self._says(sentence, "continues", "Its paragraph names the source.", *here)
        if before:
            return self._says(sentence, "continues", "It goes on from the paragraph before.", *before)
        return None

    def _weakly(self, sentence: Sentence) -> SentenceCheck:
        if not self.urls:
            reason = "Nothing explains it: this brief cites nothing, so link the words that name the source."
            return self._says(sentence, "unexplained", reason)
        if self.all_whole:
            reason = "Nothing explains it: no cited article says so; cite who does, reword it or sign it."
            return self._says(sentence, "unexplained", reason)
        reason = "It rests on the listed sources as a whole, whose full text is not on the wire."
        return self._says(sentence, "listed", reason, *self.urls)

    def _judged(self, found: SentenceCheck, sentence: Sentence, quotations: tuple[str, ...]) -> SentenceCheck:
        missing = [quoted for quoted in quotations if not self._quoted_somewhere(quoted)]
        if missing and self.all_whole:
            reason = f"No cited article has the words “{_shortened(missing[0])}”: quote them exactly or not at all."
            found = replace(found, verdict="misquoted", reason=reason)
        person = self.signed.get(sentence_key(sentence.text))
        if person and (found.blocks or found.verdict == "listed"):
            found = replace(found, verdict="signed", reason=f"{person.by} answers for it: {person.reason}")
        return replace(found, warnings=tuple(self._warnings(found, sentence, missing)))

    def _warnings(self, found: SentenceCheck, sentence: Sentence, missing: list[str]) -> Iterator[str]:
        if found.verdict == "listed":
            yield "Link the words that name the source, or sign the sentence."
        yield from self._unknown_addresses(sentence)
        if not self.held:
            return
        if not self.all_whole:
            for quoted in missing:
                yield f"The words “{_shortened(quoted)}” are in no text we hold: compare them with the article."
        for number, words in numbers_in(sentence.text).items():
            if not any(has_number(number, text) for text in self.held.values()):
                yield f"The number {words} is in no text we hold: compare it with the article."
        for url, text in self.held.items():
            if run := copied_run(without_quotations(sentence.text), text):
                yield f"“{_shortened(run)}” is word for word from {self._name(url)}: quote it or say it your way."

    def _unknown_addresses(self, sentence: Sentence) -> Iterator[str]:
        for cited in sentence.citations:
            if cited.url in self.unknown:
                self.unknown.remove(cited.url)
                yield f"The wire has no article at the address of “{cited.source}”: open it and see that it says so."

    def _quoted_somewhere(self, quoted: str) -> bool:
        return any(quotation_found(quoted, text) for text in self.held.values())

    def _name(self, url: str) -> str:
        return next(source.source for source in self.brief.sources if source.url == url)


def _outlets(
    brief: BriefCopy, blocks: tuple[Block, ...]
) -> list[tuple[re.Pattern[str], str, tuple[str, ...]]]:
    """How each outlet of the brief may be named in its text, with the addresses it stands for, longest name first.

    “the agency” on a link is a way to point back and no name; a host (bbc.co.uk) is named by its own part.
    """
    urls: dict[str, list[str]] = {}
    linked = [cited for block in blocks for sentence in block.sentences for cited in sentence.citations]
    for cited in (*linked, *brief.sources):
        host = host_of(cited.url)
        name = _part_of_host(host) if cited.source == host else re.sub(r"^[Tt]he ", "", cited.source).strip()
        if len(name) > 2 and (name[0].isupper() or cited.source == host):
            urls.setdefault(name, []).append(cited.url)
    return [
        (
            re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", 0 if name[0].isupper() else re.IGNORECASE),
            name,
            tuple(dict.fromkeys(found)),
        )
        for name, found in sorted(urls.items(), key=lambda pair: -len(pair[0]))
    ]


def _part_of_host(host: str) -> str:
    labels = host.split(".")[:-1]
    if len(labels) > 1 and labels[-1] in ("co", "com", "org", "net", "gov", "ac"):
        labels.pop()
    return labels[-1] if labels else ""


def _quotations(block: Block) -> Iterator[tuple[str, ...]]:
    """For each sentence of a block, what it quotes in three words or more; a quotation may run over sentences."""
    if block.kind == "quotation":
        yield from ((sentence.text,) for sentence in block.sentences)
        return
    spans = [match.span(1) for match in re.finditer(r"“([^”]*)", block.text)]
    spans += [match.span(1) for match in re.finditer(r"\"([^\"]+)\"", block.text)]
    at = 0
    for sentence in block.sentences:
        end = at + len(sentence.text)
        parts = (block.text[max(at, start) : min(end, stop)] for start, stop in sorted(spans))
        yield tuple(part for part in parts if len(re.findall(r"\w+", part)) >= QUOTED_WORDS)
        at = end + 1


def _shortened(words: str) -> str:
    return words if len(words) <= 160 else words[:157].rsplit(" ", 1)[0] + " …"
