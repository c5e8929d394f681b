"""The web pages of an edition: whole for readers, a taste for visitors. Rendered once, at press time.

The pages keep slots that the site fills for whoever asks: `<!--reader-->`, `<!--offer-->`, `<!--csrf-->` and the
words of the price, which must be those of today and not of the day of printing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from daybreak.press.renditions import Draft
from daybreak.press.typesetting import SetBrief, SetEdition

if TYPE_CHECKING:
    from daybreak.press.recording import Recording

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Paper:
    """The paper's own words. The price is not known here: the site fills its slots when a page is served."""

    name: str
    site_url: str
    price: str = "%%PRICE%%"
    monthly: str = "%%MONTHLY%%"
    trial: str = "%%TRIAL%%"
    promise: str = "Subscribe today and it will be in your inbox the next weekday morning."


@dataclass(frozen=True, slots=True)
class AudioChapter:
    """A chapter as the player lists it; `start` in seconds."""

    title: str
    start: float
    start_label: str
    slug: str


@dataclass(frozen=True, slots=True)
class AudioBar:
    """What the player needs to know before it loads anything; `duration` in seconds."""

    src: str
    duration: float
    duration_label: str
    timings_src: str
    chapters: tuple[AudioChapter, ...]
    size_bytes: int


def audio_bar(edition: SetEdition, recording: Recording) -> AudioBar:
    """The player of an edition."""
    return AudioBar(
        src=f"{edition.path}edition.mp3",
        duration=recording.duration,
        duration_label=minutes(recording.duration),
        timings_src=f"{edition.path}timings.json",
        chapters=tuple(
            AudioChapter(
                title=chapter.title,
                start=chapter.start,
                start_label=minutes(chapter.start),
                slug=chapter.url.removeprefix(edition.url).strip("/"),
            )
            for chapter in recording.chapters
        ),
        size_bytes=len(recording.mp3),
    )


def headlines_bar(edition: SetEdition, taste: Recording) -> AudioBar:
    """The player of the spoken headlines, which everybody may hear."""
    label = minutes(taste.duration)
    return AudioBar(f"{edition.path}taste.mp3", taste.duration, label, "", (), len(taste.mp3))


def minutes(seconds: float) -> str:
    """Elapsed time as a player shows it: 12:04, or 1:02:03 beyond an hour."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def pages(edition: SetEdition, paper: Paper, audio: AudioBar, headlines: AudioBar) -> Iterator[Draft]:
    """The edition's page and each brief's, in both readings."""
    tasted = _tasted(edition)
    for full, reading in ((True, edition), (False, tasted)):
        word = "full" if full else "taste"
        context = {"paper": paper, "edition": reading, "audio": audio, "headlines": headlines, "full": full}
        about = _structured_data(reading, paper, reading.url, reading.title or reading.dateline)
        html = render_to_string("press/edition.html", {**context, "structured_data": about})
        yield Draft(f"page.{word}.html", HTML, html.encode(), {})
        for brief in reading.briefs():
            about = _structured_data(reading, paper, brief.url, brief.headline)
            html = render_to_string("press/brief.html", {**context, "brief": brief, "structured_data": about})
            yield Draft(f"brief.{brief.slug}.{word}.html", HTML, html.encode(), {})


def _tasted(edition: SetEdition) -> SetEdition:
    """The same edition with nothing in it that a visitor may not have: no text but the lead's opening."""

    def taste(brief: SetBrief) -> SetBrief:
        opening = brief.taste_html if brief is edition.lead else SafeString("")
        return replace(brief, html=SafeString(""), taste_html=opening, text="", plain="", sources=())

    return replace(
        edition,
        sections=tuple(
            replace(section, briefs=tuple(taste(brief) for brief in section.briefs))
            for section in edition.sections
        ),
    )


def _structured_data(edition: SetEdition, paper: Paper, url: str, headline: str) -> str:
    """JSON-LD for search engines (schema.org NewsArticle with its paywalled part), safe inside a script element."""
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": headline,
        "url": url,
        "mainEntityOfPage": url,
        "datePublished": edition.date.isoformat(),
        "publisher": {"@type": "NewsMediaOrganization", "name": paper.name, "url": paper.site_url},
        "isAccessibleForFree": False,
        "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".text"},
    }
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")
