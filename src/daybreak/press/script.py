"""What the voice reads: a greeting, each brief as a chapter, a goodbye."""

from __future__ import annotations

from daybreak.common.clock import long_date
from daybreak.desk.manuscript import BriefCopy, Manuscript
from daybreak.desk.prose import read_body
from daybreak.press.recording import Line, Part
from daybreak.press.typesetting import edition_path

# Seconds of silence after what is said.
SENTENCE, PARAGRAPH, HEADLINE, SECTION, BRIEF = 0.3, 0.6, 0.8, 0.9, 1.4


def script(manuscript: Manuscript, *, paper: str, site_url: str) -> tuple[Part, ...]:
    """The parts to be read; sentences carry the numbers they have on the page."""
    path = site_url + edition_path(manuscript.date)
    greeting = f"{paper}. {long_date(manuscript.date)}."
    parts = [Part("Good morning", path, (Line(None, greeting, SECTION), *_standfirst(manuscript)))]
    number = 0
    for section in manuscript.sections:
        for place, brief in enumerate(section.briefs):
            announced = section.name if place == 0 else ""
            lines, number = _lines(brief, announced, number)
            parts.append(Part(brief.headline, f"{path}{brief.slug}/", lines))
    goodbye = Line(None, f"That is all. This was {paper}.", BRIEF)
    parts[-1] = Part(parts[-1].title, parts[-1].url, (*parts[-1].lines, goodbye))
    return tuple(parts)


def taste_script(manuscript: Manuscript, *, paper: str, site_url: str) -> tuple[Part, ...]:
    """What a visitor may hear: the date and the headlines."""
    headlines = tuple(Line(None, f"{_sentence(brief.headline)}", BRIEF) for brief in manuscript.briefs())
    opening = Line(None, f"{paper}. The headlines of {long_date(manuscript.date)}.", SECTION)
    closing = Line(None, "The whole edition is for readers.", BRIEF)
    return (Part("Headlines", site_url + edition_path(manuscript.date), (opening, *headlines, closing)),)


def _standfirst(manuscript: Manuscript) -> tuple[Line, ...]:
    return (Line(None, manuscript.standfirst, BRIEF),) if manuscript.standfirst else ()


def _lines(brief: BriefCopy, announced: str, number: int) -> tuple[tuple[Line, ...], int]:
    lines = [Line(None, _sentence(announced), SECTION)] if announced else []
    lines.append(Line(None, _sentence(brief.headline), HEADLINE))
    for block in read_body(brief.body):
        for sentence in block.sentences:
            last = sentence is block.sentences[-1]
            lines.append(Line(number, sentence.text, PARAGRAPH if last else SENTENCE))
            number += 1
    lines[-1] = Line(lines[-1].sentence, lines[-1].text, BRIEF)
    return tuple(lines), number


def _sentence(text: str) -> str:
    """A headline as something to say: with a full stop, so that the voice falls."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
