from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import re
from dataclasses import dataclass, field

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from daybreak.press.loudness import integrated_loudness
from daybreak.press.recording import (
    CHAPTER_PAUSE,
    PARAGRAPH_PAUSE,
    SENTENCE_PAUSE,
    Chapter,
    Line,
    Part,
    Recording,
    RecordingError,
    Tags,
    podcast_chapters,
    record,
    webvtt,
)
from daybreak.press.voice import EspeakVoice, Speech

RATE = 22_050
TAGS = Tags("Friday, May 6, 2022", "Daybreak", "Daybreak", dt.date(2022, 5, 6))


@dataclass
class Hum:
    """A voice that hums a tenth of a second a letter, silence around it, and remembers what it was told."""

    rate: int = RATE
    silence: float = 0.4
    told: list[str] = field(default_factory=list)

    def speak(self, text: str) -> Speech:
        self.told.append(text)
        time = np.arange(round(0.1 * len(text) * self.rate)) / self.rate
        around = np.zeros(round(self.silence * self.rate))
        hum = 6000 * np.sin(2 * np.pi * 300 * time)
        return Speech(np.concatenate([around, hum, around]).astype(np.int16), self.rate)


def line(sentence: int | None, text: str, pause: float = SENTENCE_PAUSE) -> Line:
    return Line(sentence, text, pause)


GREETING = Part("Welcome", "", (line(None, "Good morning", PARAGRAPH_PAUSE),))
MALI = Part(
    "Mali: The end of a pact",
    "https://x.example/2022/05/06/mali/",
    (
        line(None, "Mali", PARAGRAPH_PAUSE),
        line(0, "The junta"),
        line(1, "left the pact", PARAGRAPH_PAUSE),
        line(2, "on Monday"),
    ),
)
BIRDS = Part("Discoveries", "https://x.example/2022/05/06/birds/", (line(3, "Birds & bees <sing>"),))


def sound_of(recording: Recording) -> NDArray[np.float64]:
    with av.open(io.BytesIO(recording.mp3), "r", format="mp3") as container:
        return np.concatenate(
            [np.zeros(0), *(frame.to_ndarray().ravel() for frame in container.decode(audio=0))]
        )


def stretches(sound: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Where something is heard, in seconds: stretches that 0.2 s of silence or more divide."""
    heard = np.flatnonzero(np.abs(sound) > 0.02)
    breaks = np.flatnonzero(np.diff(heard) > 0.2 * RATE)
    starts, ends = [heard[0], *heard[breaks + 1]], [*heard[breaks], heard[-1]]
    return [(float(a) / RATE, float(b) / RATE) for a, b in zip(starts, ends, strict=True)]


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record([GREETING, MALI, BIRDS], Hum(), TAGS)


def test_each_sentence_is_heard_when_the_timings_say(recording: Recording) -> None:
    assert [timing.sentence for timing in recording.timings] == [0, 1, 2, 3]
    heard = stretches(sound_of(recording))[2:]  # after the greeting and the headline
    for timing, (start, end) in zip(recording.timings, heard, strict=True):
        assert timing.start == pytest.approx(start, abs=0.03)
        assert timing.end == pytest.approx(end, abs=0.03)


def test_silence_that_the_voice_adds_does_not_lengthen_the_pauses(recording: Recording) -> None:
    heard = stretches(sound_of(recording))
    pauses = [after[0] - before[1] for before, after in itertools.pairwise(heard)]
    expected = [CHAPTER_PAUSE, PARAGRAPH_PAUSE, SENTENCE_PAUSE, PARAGRAPH_PAUSE, CHAPTER_PAUSE]
    assert pauses == pytest.approx(expected, abs=0.06)


def test_chapters_follow_each_other_without_gaps_and_fill_the_recording(recording: Recording) -> None:
    assert [(each.title, each.url) for each in recording.chapters] == [
        (part.title, part.url) for part in (GREETING, MALI, BIRDS)
    ]
    edges = [each.start for each in recording.chapters] + [recording.duration]
    assert edges[0] == 0.0
    assert [each.end for each in recording.chapters] == edges[1:]
    assert recording.chapters[2].start == recording.timings[3].start


def test_the_duration_is_that_of_the_sound(recording: Recording) -> None:
    assert len(sound_of(recording)) / RATE == recording.duration


def test_the_mp3_is_as_loud_as_it_says_and_as_podcasts_should_be(recording: Recording) -> None:
    assert recording.loudness == pytest.approx(-16.0, abs=0.1)
    assert integrated_loudness(sound_of(recording), RATE) == pytest.approx(-16.0, abs=0.2)


def test_a_player_finds_the_chapters_in_the_file(recording: Recording) -> None:
    with av.open(io.BytesIO(recording.mp3), "r") as container:
        read = [(each["start"], each["end"], each["metadata"]["title"]) for each in container.chapters()]
    assert read == [
        (round(each.start * 1000), round(each.end * 1000), each.title) for each in recording.chapters
    ]


def test_the_transcript_has_a_cue_for_each_line_at_its_time(recording: Recording) -> None:
    blocks = recording.webvtt.split("\n\n")
    assert blocks[0] == "WEBVTT"
    assert len(blocks) == 7
    times = re.fullmatch(r"6\n00:00:(\S+) --> 00:00:(\S+)\nBirds &amp; bees &lt;sing&gt;\n", blocks[6])
    assert times
    assert [float(each) for each in times.groups()] == pytest.approx(
        [recording.timings[3].start, recording.timings[3].end], abs=0.001
    )


def test_what_cannot_be_said_is_skipped_and_breaks_no_timing() -> None:
    empty = Part("Empty", "", (line(9, "…"), line(10, "")))
    holes = Part(MALI.title, MALI.url, (line(7, "习近平", 30.0), *MALI.lines, line(8, "—", 30.0)))
    plain, holed = record([MALI, BIRDS], Hum(), TAGS), record([empty, holes, BIRDS], Hum(), TAGS)
    assert holed.timings == plain.timings
    assert holed.chapters == plain.chapters
    assert holed.webvtt == plain.webvtt
    assert holed.duration == plain.duration


def test_a_sentence_in_which_the_voice_is_silent_is_skipped() -> None:
    class Mute(Hum):
        def speak(self, text: str) -> Speech:
            return Speech(np.zeros(RATE, np.int16), RATE) if text == "junta" else super().speak(text)

    part = Part("One", "", (line(0, "The"), line(1, "junta"), line(2, "left")))
    assert [timing.sentence for timing in record([part], Mute(), TAGS).timings] == [0, 2]


@pytest.mark.parametrize("parts", [[], [Part("Empty", "", ())], [Part("Dots", "", (line(0, "…"),))]])
def test_an_edition_with_nothing_to_say_is_refused(parts: list[Part]) -> None:
    with pytest.raises(RecordingError, match="nothing to read aloud"):
        record(parts, Hum(), TAGS)


def test_a_voice_that_changes_its_rate_is_refused() -> None:
    class Fickle(Hum):
        def speak(self, text: str) -> Speech:
            speech = super().speak(text)
            self.rate = 16_000
            return speech

    with pytest.raises(RecordingError, match="changed from 22050 to 16000 Hz"):
        record([MALI], Fickle(), TAGS)


def test_the_voice_hears_mended_words_and_the_transcript_keeps_the_printed_ones() -> None:
    hum, part = Hum(), Part("One", "", (line(0, "Erdoğan has $5m"),))
    made = record([part], hum, TAGS, pronunciations={"Erdoğan": "Erdowan"})
    assert hum.told == ["Erdowan has 5 million dollars"]
    assert "\nErdoğan has $5m\n" in made.webvtt


def test_progress_counts_every_line_once() -> None:
    calls: list[tuple[int, int]] = []
    record([GREETING, MALI], Hum(), TAGS, lambda done, total: calls.append((done, total)))
    assert calls == [(done, 5) for done in range(1, 6)]


def test_the_built_in_voice_records_an_edition() -> None:
    with EspeakVoice() as voice:
        made = record([GREETING, MALI, BIRDS], voice, TAGS)
    sound = sound_of(made)
    assert len(made.timings) == 4
    for timing in made.timings:
        spoken = sound[round(timing.start * RATE) : round(timing.end * RATE)]
        before = sound[round((timing.start - 0.15) * RATE) : round((timing.start - 0.02) * RATE)]
        assert np.abs(spoken).max() > 0.1
        assert np.abs(before).max() < 0.02


@given(st.lists(st.text(max_size=40), max_size=5))
def test_no_text_can_break_the_transcript(texts: list[str]) -> None:
    document = webvtt([(f"{text}-->\n\nNOTE {text}", n, n + 0.5) for n, text in enumerate(texts)])
    assert document.count("-->") == len(texts)
    assert len(document.rstrip("\n").split("\n\n")) == len(texts) + 1
    assert "\r" not in document
    assert "\0" not in document


def test_times_beyond_an_hour_are_written_out() -> None:
    assert "01:01:01.500 --> 01:01:02.250" in webvtt([("late", 3661.5, 3662.25)])


def test_chapters_for_podcast_players() -> None:
    chapters = [Chapter("Côte", "https://x.example/a", 0, 1.23456), Chapter("Two", "", 1.23456, 2)]
    assert json.loads(podcast_chapters(chapters)) == {
        "version": "1.2.0",
        "chapters": [
            {"startTime": 0, "endTime": 1.235, "title": "Côte", "url": "https://x.example/a"},
            {"startTime": 1.235, "endTime": 2, "title": "Two"},
        ],
    }
