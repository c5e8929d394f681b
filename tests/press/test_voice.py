from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from daybreak.press import voice as voices
from daybreak.press.voice import LONGEST_SENTENCE, CommandVoice, EspeakVoice, VoiceError

SENTENCE = "Good morning from Bamako."


@pytest.fixture
def voice() -> Iterator[EspeakVoice]:
    with EspeakVoice() as voice:
        yield voice


def pid_of(voice: EspeakVoice) -> int:
    assert voice._child is not None
    return voice._child.pid


def test_a_sentence_becomes_audible_samples_of_a_plausible_length(voice: EspeakVoice) -> None:
    speech = voice.speak(SENTENCE)
    assert speech.rate == 22_050
    assert speech.samples.dtype == np.int16
    assert speech.samples.ndim == 1
    assert np.abs(speech.samples.astype(int)).max() > 3_000
    assert 1.0 < speech.duration < 3.0


def test_a_faster_voice_needs_less_time() -> None:
    with EspeakVoice(words_per_minute=120) as slow, EspeakVoice(words_per_minute=240) as fast:
        assert fast.speak(SENTENCE).duration < 0.7 * slow.speak(SENTENCE).duration


def test_another_voice_sounds_different(voice: EspeakVoice) -> None:
    with EspeakVoice("en-us") as american:
        assert not np.array_equal(american.speak(SENTENCE).samples, voice.speak(SENTENCE).samples)


def test_text_outside_ascii_and_odd_characters_are_no_danger(voice: EspeakVoice) -> None:
    assert voice.speak("Łódź, Erdoğan, “São Paulo” [[raw]] <voice name='x'> \0 after").duration > 1


def test_nothing_to_say_is_no_error(voice: EspeakVoice) -> None:
    assert voice.speak("").rate == 22_050


def test_the_library_is_never_loaded_into_the_newsroom(voice: EspeakVoice) -> None:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("only Linux tells which libraries a process has loaded")
    voice.speak(SENTENCE)
    assert "libespeak-ng" in Path(f"/proc/{pid_of(voice)}/maps").read_text()
    assert "libespeak-ng" not in maps.read_text()


def test_an_unknown_voice_is_told_and_the_next_sentence_too() -> None:
    with EspeakVoice("en-gb") as voice:
        for _ in range(2):
            with pytest.raises(VoiceError, match="has no voice 'en-gb': British English is gmw/en"):
                voice.speak(SENTENCE)


def test_an_endless_sentence_is_refused(voice: EspeakVoice) -> None:
    with pytest.raises(VoiceError, match="too long to speak"):
        voice.speak("a" * (LONGEST_SENTENCE + 1))


def test_a_hung_child_is_given_up_at_the_deadline_and_replaced() -> None:
    with EspeakVoice(deadline=5.0) as voice:
        expected = voice.speak(SENTENCE).duration
        hung = pid_of(voice)
        os.kill(hung, signal.SIGSTOP)
        voice.deadline = 0.3
        began = time.monotonic()
        with pytest.raises(VoiceError, match=r"more than 0.3 seconds for this sentence: Good morning"):
            voice.speak(SENTENCE)
        assert time.monotonic() - began < 30  # not for ever
        voice.deadline = 5.0
        assert voice.speak(SENTENCE).duration == expected
        assert pid_of(voice) != hung


def test_a_child_that_crashed_is_started_again(voice: EspeakVoice) -> None:
    expected = voice.speak(SENTENCE).duration
    os.kill(pid_of(voice), signal.SIGKILL)
    assert voice.speak(SENTENCE).duration == expected


def test_an_interrupted_sentence_is_not_heard_in_place_of_the_next(
    voice: EspeakVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = voice.speak("Yes.").duration

    def interrupted(_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(voices, "read_message", interrupted)
        voice.speak("A long sentence that nobody waits for.")
    assert voice.speak("Yes.").duration == expected


def test_a_second_crash_on_the_same_sentence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[subprocess.Popen[bytes]] = []

    def crashing() -> subprocess.Popen[bytes]:
        code = "import sys; sys.stdin.buffer.read(20); sys.exit(3)"
        starts.append(
            subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )
        return starts[-1]

    monkeypatch.setattr(voices, "_started", crashing)
    with EspeakVoice() as voice, pytest.raises(VoiceError, match="crashed twice on this sentence"):
        voice.speak(SENTENCE)
    assert len(starts) == 2
    assert all(child.returncode is not None for child in starts)


def test_closing_leaves_no_process_and_may_be_done_twice(voice: EspeakVoice) -> None:
    voice.speak(SENTENCE)
    pid = pid_of(voice)
    voice.close()
    voice.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_stopped_child_cannot_hold_up_closing(voice: EspeakVoice) -> None:
    voice.speak(SENTENCE)
    pid = pid_of(voice)
    os.kill(pid, signal.SIGSTOP)
    voice.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_threads_take_turns(voice: EspeakVoice) -> None:
    texts = [f"{'very ' * count}good morning" for count in range(8)]
    alone = [voice.speak(text).duration for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = [speech.duration for speech in pool.map(voice.speak, texts)]
    assert together == pytest.approx(alone, abs=0.05)


def script(body: str) -> tuple[str, ...]:
    return sys.executable, "-c", body


WAV = """
import sys, wave
count = len(sys.stdin.buffer.read())
with wave.open(sys.stdout.buffer, "wb") as sound:
    sound.setnchannels({channels}); sound.setsampwidth({width}); sound.setframerate(16000)
    sound.writeframesraw(bytes([1, 2, 3, 4]) * (100 * count))
"""


def test_any_program_that_writes_a_wav_can_be_the_voice() -> None:
    speech = CommandVoice(script(WAV.format(channels=1, width=2))).speak("twelve bytes")
    assert speech.rate == 16_000
    assert speech.samples.tolist() == [0x0201, 0x0403] * 1200


def test_a_stereo_program_is_mixed_to_mono() -> None:
    speech = CommandVoice(script(WAV.format(channels=2, width=2))).speak("twelve bytes")
    assert speech.samples.tolist() == [0x0302] * 1200


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("/nowhere/voice",), "cannot be started: No such file or directory"),
        (
            script("import sys; sys.exit('no model: run the download')"),
            "failed .1.: no model: run the download",
        ),
        (script("import time; time.sleep(60)"), "took more than 1 seconds for: Hello"),
        (script("print('hello')"), "must write a 16-bit WAV"),
        (script(""), "must write a 16-bit WAV: it ended early"),
        (script(WAV.format(channels=1, width=1)), "must write a 16-bit WAV: its samples have 8 bits"),
    ],
)
def test_a_program_that_cannot_speak_is_told_by_name(command: tuple[str, ...], reason: str) -> None:
    with pytest.raises(VoiceError, match=reason):
        CommandVoice(command, deadline=1.0).speak("Hello")
