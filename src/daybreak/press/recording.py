"""An edition read aloud: sentences from a voice become one MP3 with chapters, timings and a transcript.

Nothing here knows the database: parts in, a recording out. Start at ``record``.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from daybreak.press.id3 import Chapter, Tags
from daybreak.press.loudness import normalise
from daybreak.press.mp3 import mp3
from daybreak.press.pronouncing import spoken
from daybreak.press.voice import Speech, Voice

__all__ = [
    "CHAPTER_PAUSE",
    "PARAGRAPH_PAUSE",
    "SENTENCE_PAUSE",
    "Chapter",
    "Line",
    "Part",
    "Recording",
    "RecordingError",
    "Tags",
    "Timing",
    "podcast_chapters",
    "record",
    "webvtt",
]

# Seconds of silence, for ``Line.pause_after``; between two parts there is a chapter's pause at least.
SENTENCE_PAUSE = 0.35
PARAGRAPH_PAUSE = 0.7
CHAPTER_PAUSE = 1.2
_LEAD_IN = 0.3
_TAIL = 0.8

_AUDIBLE = 0.006  # of a sentence's own peak, about -45 dB: quieter ends are silence that the voice added
_MARGIN = 0.015  # seconds kept outside the first and last audible sample, for soft consonants


class RecordingError(ValueError):
    """The parts cannot be recorded; the message is one sentence that says what to mend."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to say: its number on the page (None for an announcement), seconds of silence after it."""

    sentence: int | None
    text: str
    pause_after: float


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes a chapter: a brief with its address, or a greeting."""

    title: str
    url: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """When a sentence of the page is heard: seconds from the beginning."""

    sentence: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Recording:
    """The finished audio: an MP3, its length in seconds, its loudness in LUFS, and what is heard when."""

    mp3: bytes
    duration: float
    chapters: tuple[Chapter, ...]
    timings: tuple[Timing, ...]
    loudness: float
    webvtt: str


@dataclass(frozen=True, slots=True)
class _Heard:
    line: Line
    start: float
    end: float


@dataclass(slots=True)
class _Tape:
    """Sound put end to end; the rate (Hz) is that of the first sentence."""

    rate: int = 0
    length: int = 0
    pieces: list[NDArray[np.int16]] = field(default_factory=list)

    def add(self, speech: Speech, pause: float) -> tuple[float, float]:
        """Put silence and the speech at the end; return when the speech starts and ends. All in seconds."""
        self.rate = self.rate or speech.rate
        if speech.rate != self.rate:
            raise RecordingError(
                f"The voice changed from {self.rate} to {speech.rate} Hz: keep to one voice."
            )
        self.pause(pause)
        start = self.length
        self._append(speech.samples)
        return start / self.rate, self.length / self.rate

    def pause(self, seconds: float) -> None:
        self._append(np.zeros(round(max(seconds, 0.0) * self.rate), np.int16))

    def _append(self, samples: NDArray[np.int16]) -> None:
        self.pieces.append(samples)
        self.length += len(samples)

    def taken(self) -> NDArray[np.int16]:
        """All of it in one piece. Empties the tape, so that an edition is not held twice."""
        whole = np.concatenate(self.pieces)
        self.pieces.clear()
        return whole


def record(
    parts: Sequence[Part],
    voice: Voice,
    tags: Tags,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    pronunciations: Mapping[str, str] | None = None,
) -> Recording:
    """Read the parts aloud, a chapter each; ``on_progress`` gets lines done and lines in all.

    A line in which nothing can be said is skipped with its pause, and a part without a line heard has no
    chapter. ``pronunciations`` (name → spelling to say) changes what is heard, never the transcript. Raises
    VoiceError, TagError, and RecordingError when nothing at all can be said.
    """
    tape, chapters_heard = _read(parts, voice, on_progress or _nobody, pronunciations or {})
    if not chapters_heard:
        raise RecordingError("There is nothing to read aloud: give the edition some text.")
    tape.pause(_TAIL)
    rate, duration = tape.rate, tape.length / tape.rate
    levelled = normalise(tape.taken(), rate)
    chapters = _chapters(chapters_heard, duration)
    heard = [each for _, lines in chapters_heard for each in lines]
    timings = tuple(
        Timing(each.line.sentence, each.start, each.end) for each in heard if each.line.sentence is not None
    )
    return Recording(
        mp3=mp3(levelled.samples, rate, tags, chapters),
        duration=duration,
        chapters=chapters,
        timings=timings,
        loudness=levelled.after,
        webvtt=webvtt([(each.line.text, each.start, each.end) for each in heard]),
    )


def _nobody(done: int, total: int) -> None:
    """Progress that nobody asked for."""


def _read(
    parts: Sequence[Part],
    voice: Voice,
    on_progress: Callable[[int, int], None],
    pronunciations: Mapping[str, str],
) -> tuple[_Tape, list[tuple[Part, list[_Heard]]]]:
    """Speak every line onto one tape; each part that was heard, with its lines and their times."""
    tape = _Tape()
    result: list[tuple[Part, list[_Heard]]] = []
    total, done, pause = sum(len(part.lines) for part in parts), 0, _LEAD_IN
    for part in parts:
        heard: list[_Heard] = []
        pause = max(pause, CHAPTER_PAUSE) if result else pause
        for line in part.lines:
            speech = _said(line.text, voice, pronunciations)
            if speech is not None:
                heard.append(_Heard(line, *tape.add(speech, pause)))
                pause = line.pause_after
            done += 1
            on_progress(done, total)
        if heard:
            result.append((part, heard))
    return tape, result


def _said(text: str, voice: Voice, pronunciations: Mapping[str, str]) -> Speech | None:
    """The sentence without the silence around it; None when there is nothing to say or nothing was heard."""
    words = spoken(text, pronunciations)
    if not words:
        return None
    speech = voice.speak(words)
    levels = np.abs(speech.samples.astype(np.int32))
    audible = np.flatnonzero(levels > _AUDIBLE * levels.max(initial=0))
    if not len(audible):
        return None
    margin = round(_MARGIN * speech.rate)
    return Speech(speech.samples[max(0, audible[0] - margin) : audible[-1] + 1 + margin], speech.rate)


def _chapters(heard: Sequence[tuple[Part, Sequence[_Heard]]], duration: float) -> tuple[Chapter, ...]:
    """Chapters without gaps: each lasts until the next one's first word, the first begins at 0."""
    starts = [0.0, *(lines[0].start for _, lines in heard[1:])]
    ends = [*starts[1:], duration]
    return tuple(
        Chapter(part.title, part.url, start, end)
        for (part, _), start, end in zip(heard, starts, ends, strict=True)
    )


def webvtt(cues: Sequence[tuple[str, float, float]]) -> str:
    """A transcript (W3C WebVTT): a cue for each text, with its start and end in seconds."""
    blocks = [
        f"{number}\n{_timestamp(start)} --> {_timestamp(end)}\n{_cue_text(text)}\n"
        for number, (text, start, end) in enumerate(cues, 1)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _cue_text(text: str) -> str:
    # A blank line ends a cue and "-->" is forbidden in it: one line, and every ">" escaped.
    return html.escape(" ".join(text.replace("\0", "\N{REPLACEMENT CHARACTER}").split()), quote=False)


def _timestamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return (
        f"{milliseconds // 3_600_000:02}:{milliseconds // 60_000 % 60:02}"
        f":{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}"
    )


def podcast_chapters(chapters: Sequence[Chapter]) -> str:
    """The chapters as a JSON document (Podcasting 2.0, JSON Chapters Format 1.2.0); times in seconds."""
    entries = [
        {
            "startTime": round(chapter.start, 3),
            "endTime": round(chapter.end, 3),
            "title": chapter.title,
            **({"url": chapter.url} if chapter.url else {}),
        }
        for chapter in chapters
    ]
    return json.dumps({"version": "1.2.0", "chapters": entries}, ensure_ascii=False)
