"""The built-in voice, in a process of its own: ``python -m daybreak.press.espeak``.

espeak-ng is under the GPL 3, so only this child loads the library; the newsroom talks to it through two
pipes. Its state is global, so a child does one sentence at a time and answers in the order of the requests.

A message either way is a four-byte big-endian length and as many bytes. A request is JSON: ``text``,
``voice`` and ``words_per_minute``. An answer is a four-byte big-endian rate in Hz and the samples, mono,
signed 16 bits, little-endian; a rate of 0 says that what follows is a sentence (UTF-8) about what went
wrong.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import struct
import sys
from typing import IO

_LENGTH = struct.Struct(">I")
_LONGEST_MESSAGE = 256 * 1024 * 1024  # bytes; an hour and a half of speech, far beyond any sentence

# From espeak-ng's speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_RATE = 1
_BY_CHARACTER = 1
_UTF8 = 1
_GO_ON = 0

_Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakError(Exception):
    """espeak-ng refused; the message says what to mend."""


def write_message(stream: IO[bytes], *parts: bytes) -> None:
    """Send the parts as one message and flush. Raises BrokenPipeError when nobody listens any more."""
    stream.write(_LENGTH.pack(sum(map(len, parts))))
    for part in parts:
        stream.write(part)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes:
    """Wait for one message. Raises EOFError when the other side is gone, also in the middle of a message."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _LONGEST_MESSAGE:
        raise EOFError(f"a message of {length} bytes cannot be right")
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the other side closed the pipe")
    return data


class Synthesiser:
    """libespeak-ng, loaded once. Only one may exist in a process, and one thread may use it."""

    def __init__(self) -> None:
        import espeakng_loader  # finds the library that its wheel carries

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = os.fsencode(espeakng_loader.get_data_path())
        self.rate: int = self._library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, _DO_NOT_EXIT)
        if self.rate <= 0:
            raise EspeakError("The espeak-ng library did not start: reinstall the package espeakng-loader.")
        self._pcm = bytearray()
        # The library keeps a bare pointer to this; without our reference the next call crashes.
        self._heard = _Heard(self._hear)
        self._library.espeak_SetSynthCallback(self._heard)
        self._voice = ""

    def _hear(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._pcm += ctypes.string_at(samples, count * 2)
        return _GO_ON

    def speak(self, text: str, voice: str, words_per_minute: int) -> bytes:
        """The text as samples (mono, int16) at ``self.rate`` Hz. Raises EspeakError for an unknown voice."""
        if voice != self._voice:
            self._choose(voice)
        if self._library.espeak_SetParameter(_RATE, words_per_minute, 0):
            raise EspeakError(f"espeak-ng cannot speak {words_per_minute} words a minute: use 80 to 450.")
        self._pcm.clear()
        data = text.encode("utf-8", "replace") + b"\0"
        code = self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data)), 0, _BY_CHARACTER, 0, _UTF8, None, None
        )
        if code:
            raise EspeakError(f"espeak-ng could not say this sentence (code {code}): {text[:60]}")
        return bytes(self._pcm)

    def _choose(self, voice: str) -> None:
        # A refused name leaves the former voice in place: unchecked, a typing error speaks in any accent.
        if self._library.espeak_SetVoiceByName(os.fsencode(voice)):
            raise EspeakError(f"espeak-ng has no voice {voice!r}: British English is gmw/en, American en-us.")
        self._voice = voice


def answer_requests(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until the newsroom closes its end of the pipe."""
    synthesiser = Synthesiser()
    while True:
        try:
            request = json.loads(read_message(requests))
        except EOFError:
            return
        try:
            pcm = synthesiser.speak(request["text"], request["voice"], request["words_per_minute"])
        except EspeakError as error:
            write_message(answers, _LENGTH.pack(0), str(error).encode())
        else:
            write_message(answers, _LENGTH.pack(synthesiser.rate), pcm)


def main() -> None:
    """Serve on standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the newsroom, which then closes the pipe
    # Whatever a library prints must not fall between the answers: they get the pipe for themselves.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answer_requests(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
