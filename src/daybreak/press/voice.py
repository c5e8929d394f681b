"""Voices: a sentence of text in, samples out.

``EspeakVoice`` is the fallback and needs nothing but the wheel that comes along; ``CommandVoice`` makes any
better program a voice. Both speak one sentence at a time, so timing never depends on the engine.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import subprocess
import sys
import threading
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from daybreak.press.espeak import read_message, write_message

# A request must fit into a pipe (64 KiB, at most four bytes a character) even while nobody reads it.
LONGEST_SENTENCE = 10_000


class VoiceError(Exception):
    """A voice could not speak; the message is one sentence that says what to mend."""


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """What a voice said: samples (mono, int16, shape ``(n,)``) and how many of them make a second (Hz)."""

    samples: NDArray[np.int16]
    rate: int

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate


class Voice(Protocol):
    """Anything that can say a sentence. Raises VoiceError when it cannot."""

    def speak(self, text: str) -> Speech: ...


class _Gone(Exception):
    """The child ended in the middle of a sentence."""


class EspeakVoice:
    """espeak-ng in a child process, for use in a ``with`` statement; threads may share it and take turns.

    ``voice`` is espeak's own name (``gmw/en`` is British English; ``en-gb`` does not exist),
    ``words_per_minute`` 80 to 450, ``deadline`` the seconds that one sentence may take.
    """

    def __init__(self, voice: str = "gmw/en", words_per_minute: int = 165, *, deadline: float = 20.0) -> None:
        self.voice = voice
        self.words_per_minute = words_per_minute
        self.deadline = deadline
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def speak(self, text: str) -> Speech:
        """Say one sentence; a child that crashed is started again once. Raises VoiceError."""
        if len(text) > LONGEST_SENTENCE:
            raise VoiceError(f"A sentence of {len(text)} characters is too long to speak: split it.")
        with self._turn:
            try:
                return self._ask(text)
            except _Gone:
                try:
                    return self._ask(text)
                except _Gone:
                    raise VoiceError(f"The voice crashed twice on this sentence: {_opening(text)}") from None

    def close(self) -> None:
        """End the child and collect it. Harmless when there is none; the next ``speak`` starts another."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin and child.stdout
        with contextlib.suppress(BrokenPipeError):  # what a dead child left unread need not be delivered
            child.stdin.close()
        try:
            child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()

    def _ask(self, text: str) -> Speech:
        child = self._child = self._child or _started()
        assert child.stdin and child.stdout
        overdue = threading.Event()
        watch = threading.Timer(self.deadline, _kill, (child, overdue))
        watch.start()
        try:
            write_message(child.stdin, self._request(text))
            answer = read_message(child.stdout)
        except BaseException as error:
            # Whatever happened, even Ctrl-C: an answer left in the pipe would pass for the next one.
            child.kill()
            self.close()
            if not isinstance(error, EOFError | BrokenPipeError):
                raise
            if overdue.is_set():
                raise VoiceError(
                    f"The voice took more than {self.deadline:g} seconds for this sentence: {_opening(text)}"
                ) from None
            raise _Gone from None
        finally:
            watch.cancel()
        return _speech(answer)

    def _request(self, text: str) -> bytes:
        request = {"text": text, "voice": self.voice, "words_per_minute": self.words_per_minute}
        return json.dumps(request, ensure_ascii=False).encode("utf-8", "replace")


def _started() -> subprocess.Popen[bytes]:
    # The child must find this very package, wherever the newsroom found it.
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "daybreak.press.espeak"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


def _kill(child: subprocess.Popen[bytes], overdue: threading.Event) -> None:
    overdue.set()
    child.kill()


def _speech(answer: bytes) -> Speech:
    rate = int.from_bytes(answer[:4], "big")
    if not rate:
        raise VoiceError(answer[4:].decode("utf-8", "replace"))
    return Speech(np.frombuffer(answer, "<i2", offset=4).astype(np.int16, copy=False), rate)


def _opening(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


@dataclass(frozen=True, slots=True)
class CommandVoice:
    """A program as a voice: a sentence (UTF-8) to its standard input, a 16-bit WAV from its output.

    For instance ``CommandVoice(("piper", "--model", "en_GB-alba.onnx", "--output_file", "-"))``.
    ``deadline`` is the seconds that one sentence may take.
    """

    command: Sequence[str]
    deadline: float = 60.0

    def speak(self, text: str) -> Speech:
        """Say one sentence. Raises VoiceError if the program is missing, fails, is late or writes no WAV."""
        name = shlex.join(self.command)
        try:
            done = subprocess.run(
                list(self.command), input=text.encode(), capture_output=True, timeout=self.deadline
            )
        except OSError as error:
            raise VoiceError(f"The voice program {name} cannot be started: {error.strerror}.") from error
        except subprocess.TimeoutExpired:
            raise VoiceError(
                f"The voice program {name} took more than {self.deadline:g} seconds for: {_opening(text)}"
            ) from None
        if done.returncode:
            last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise VoiceError(
                f"The voice program {name} failed ({done.returncode}): {last or 'no reason given'}"
            )
        try:
            return _from_wav(done.stdout)
        except (wave.Error, EOFError) as error:
            reason = str(error) or "it ended early"
            raise VoiceError(f"The voice program {name} must write a 16-bit WAV: {reason}.") from error


def _from_wav(data: bytes) -> Speech:
    with wave.open(io.BytesIO(data)) as sound:
        if sound.getsampwidth() != 2:
            raise wave.Error(f"its samples have {8 * sound.getsampwidth()} bits")
        channels, rate = sound.getnchannels(), sound.getframerate()
        # A program that writes to a pipe cannot know the length beforehand: read what is there.
        pcm = sound.readframes(len(data))
    whole = len(pcm) - len(pcm) % (2 * channels)
    frames = np.frombuffer(pcm[:whole], "<i2").reshape(-1, channels)
    return Speech(frames.mean(axis=1).round().astype(np.int16), rate)
