"""An edition as an item of each feed, whole and as a taste; the site puts stored items into a feed's frame.

RSS 2.0 with content:encoded and the iTunes and Podcasting 2.0 tags; JSON Feed 1.1. In the items that are for
readers, `%%FEED_BASE%%` stands where the reader's own unguessable address goes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from daybreak.press.pages import minutes
from daybreak.press.recording import Recording
from daybreak.press.renditions import Draft
from daybreak.press.typesetting import SetEdition

OWN_BASE = "%%FEED_BASE%%"
XML, JSON = "application/xml", "application/json"


def feed_items(
    edition: SetEdition, whole: Recording, taste: Recording, pressed_at: dt.datetime
) -> Iterator[Draft]:
    """The stored items: RSS, JSON Feed and podcast, each for readers ("full") and visitors ("taste")."""
    for word, html in (("full", _whole_html(edition)), ("taste", _taste_html(edition))):
        yield Draft(f"item.{word}.rss.xml", XML, _rss(edition, html, pressed_at).encode(), {})
        yield Draft(f"item.{word}.json", JSON, _json(edition, html, pressed_at).encode(), {})
    own = f"{OWN_BASE}{edition.date:%Y/%m/%d}/edition.mp3"
    path = edition.url
    yield Draft(
        "item.full.podcast.xml", XML, _podcast(edition, whole, own, pressed_at, full=True).encode(), {}
    )
    heard = _podcast(edition, taste, f"{path}taste.mp3", pressed_at, full=False)
    yield Draft("item.taste.podcast.xml", XML, heard.encode(), {})


def _title(edition: SetEdition) -> str:
    return edition.title or edition.lead.headline


def _summary(edition: SetEdition) -> str:
    return edition.standfirst or "; ".join(brief.headline for brief in edition.briefs())


def _whole_html(edition: SetEdition) -> str:
    parts = []
    for section in edition.sections:
        parts.append(f"<h2>{escape(section.name)}</h2>")
        for brief in section.briefs:
            parts.append(
                f"<h3><a href={quoteattr(brief.url)}>{escape(brief.headline)}</a></h3>\n{brief.html}"
            )
    if edition.corrections:
        said = "".join(
            f"<li>{escape(each.at_label)}: {escape(each.text)}</li>" for each in edition.corrections
        )
        parts.append(f"<h2>Corrections</h2>\n<ul>{said}</ul>")
    return "\n".join(parts)


def _taste_html(edition: SetEdition) -> str:
    lead = edition.lead
    others = "".join(f"<li>{escape(brief.headline)}</li>" for brief in list(edition.briefs())[1:])
    return (
        f"<h3>{escape(lead.headline)}</h3>\n{lead.taste_html}\n<p>Also in this edition:</p><ul>{others}</ul>"
        f"<p><a href={quoteattr(edition.url)}>The whole edition is for readers.</a></p>"
    )


def _rss(edition: SetEdition, html: str, pressed_at: dt.datetime) -> str:
    return (
        f"<item><title>{escape(_title(edition))}</title><link>{escape(edition.url)}</link>"
        f'<guid isPermaLink="true">{escape(edition.url)}</guid>'
        f"<pubDate>{format_datetime(pressed_at)}</pubDate><description>{escape(_summary(edition))}</description>"
        f"<content:encoded>{escape(html)}</content:encoded></item>"
    )


def _json(edition: SetEdition, html: str, pressed_at: dt.datetime) -> str:
    item = {
        "id": edition.url,
        "url": edition.url,
        "title": _title(edition),
        "summary": _summary(edition),
        "content_html": html,
        "date_published": pressed_at.isoformat(),
    }
    return json.dumps(item, ensure_ascii=False)


def _podcast(edition: SetEdition, heard: Recording, url: str, pressed_at: dt.datetime, *, full: bool) -> str:
    extras = (
        f'<podcast:chapters url="{OWN_BASE}{edition.date:%Y/%m/%d}/chapters.json" type="application/json+chapters"/>'
        f'<podcast:transcript url="{OWN_BASE}{edition.date:%Y/%m/%d}/transcript.vtt" type="text/vtt"/>'
        if full
        else ""
    )
    return (
        f"<item><title>{escape(f'{edition.dateline}: {_title(edition)}')}</title><link>{escape(edition.url)}</link>"
        f'<guid isPermaLink="false">{escape(edition.url)}#audio-{"full" if full else "taste"}</guid>'
        f"<pubDate>{format_datetime(pressed_at)}</pubDate><description>{escape(_summary(edition))}</description>"
        f'<enclosure url={quoteattr(url)} length="{len(heard.mp3)}" type="audio/mpeg"/>'
        f"<itunes:duration>{minutes(heard.duration)}</itunes:duration>"
        f"<itunes:episodeType>{'full' if full else 'trailer'}</itunes:episodeType>{extras}</item>"
    )
