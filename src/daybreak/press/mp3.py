"""Samples into an MP3 that says exactly how long it is.

Mono, 64 kbit/s, at the voice's own rate: the built-in voice speaks at 22.05 kHz, and resampling to 24 kHz
would add work and nothing to hear. LAME's Python wheel writes no information frame, so one is made here; it
tells a player the length and lets it cut the encoder's delay and padding to the sample.

Sources: ISO/IEC 11172-3 and 13818-3 (frame header); "Mp3 Info Tag rev 1 specifications" (the LAME project).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import lameenc
import numpy as np
from numpy.typing import NDArray

from daybreak.press.id3 import Chapter, Tags, tag

KILOBITS = 64
RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # Hz, those an MP3 can have

_LAME_SCALE = 0.95  # LAME quietens what it encodes at this bit rate, by 0.45 dB; we put that back first
_MPEG_1 = 3
_PADDED = 0x02
_ENCODER_DELAY = 576  # samples that LAME puts in front; a decoder adds 529 more by itself
_FRAMES_BYTES_SEEK_QUALITY = 0x0F
_CONSTANT_RATE = 0x01


class EncodingError(ValueError):
    """The samples cannot become an MP3; the message is one sentence that says what to mend."""


def mp3(samples: NDArray[np.int16], rate: int, tags: Tags, chapters: Sequence[Chapter]) -> bytes:
    """The finished file: tag with chapters, information frame, sound. Raises TagError and EncodingError."""
    return tag(tags, chapters, len(samples) / rate) + encoded(samples, rate)


def encoded(samples: NDArray[np.int16], rate: int) -> bytes:
    """Mono samples (int16, shape ``(n,)``) at ``rate`` Hz as 64 kbit/s frames, the information frame first.

    Raises EncodingError.
    """
    if rate not in RATES:
        raise EncodingError(f"An MP3 cannot have {rate} samples a second: let the voice use 22050 or 24000.")
    if not len(samples):
        raise EncodingError("There is no sound to encode: record something first.")
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(rate)
    encoder.set_out_sample_rate(rate)
    encoder.set_bit_rate(KILOBITS)
    # At 64 kbit/s speech needs no noise shaping. With it (2, "highest"), limited speech at -2 dBFS decoded
    # to peaks of +0.3 dBTP; without it to -1.5 dBTP, in a third of the time.
    encoder.set_quality(7)
    sound = b"".join(
        bytes(encoder.encode(_raised(samples[start : start + 10 * rate])))
        for start in range(0, len(samples), 10 * rate)
    )
    sound += bytes(encoder.flush())
    return _information(sound, len(samples)) + sound


def _raised(samples: NDArray[np.int16]) -> bytes:
    return np.clip(np.rint(samples / _LAME_SCALE), -32768, 32767).astype("<i2").tobytes()


def _information(sound: bytes, count: int) -> bytes:
    """The frame that describes the others; to a player that does not know it, 26 ms of silence."""
    header = bytearray(sound[:4])
    header[2] &= ~_PADDED
    length = _frame_length(header)
    frames = sum(1 for _ in _headers(sound))
    padding = frames * _samples_a_frame(header) - _ENCODER_DELAY - count
    if not 0 <= padding < 4096:
        raise EncodingError(f"LAME made {frames} frames of {count} samples: its padding cannot be told.")
    whole = length + len(sound)
    frame = bytes(header) + bytes(_side_information(header))
    frame += b"Info" + struct.pack(">III", _FRAMES_BYTES_SEEK_QUALITY, frames, whole)
    frame += bytes(step * 256 // 100 for step in range(100)) + struct.pack(">I", 0)
    frame += b"LAME4.0  " + bytes([_CONSTANT_RATE]) + bytes(10) + bytes([KILOBITS])
    frame += (_ENCODER_DELAY << 12 | padding).to_bytes(3, "big") + bytes(4) + struct.pack(">IH", whole, 0)
    frame += struct.pack(">H", _crc16(frame))  # decoders trust delay and padding only if this is right
    return frame.ljust(length, b"\0")


def _headers(sound: bytes) -> Iterator[bytes]:
    place = 0
    while place + 4 <= len(sound):
        header = sound[place : place + 4]
        yield header
        place += _frame_length(header)


def _frame_length(header: bytes | bytearray) -> int:
    """Bytes of a layer III frame: a frame's share of the bit rate, plus one when its padding bit is set."""
    if header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        raise EncodingError("LAME wrote something other than MP3 frames: reinstall the package lameenc.")
    rate = (44_100, 48_000, 32_000)[header[2] >> 2 & 3] >> {3: 0, 2: 1, 0: 2}[header[1] >> 3 & 3]
    return _samples_a_frame(header) // 8 * KILOBITS * 1000 // rate + bool(header[2] & _PADDED)


def _samples_a_frame(header: bytes | bytearray) -> int:
    return 1152 if header[1] >> 3 & 3 == _MPEG_1 else 576


def _side_information(header: bytes | bytearray) -> int:
    return 17 if header[1] >> 3 & 3 == _MPEG_1 else 9


def _crc16(data: bytes) -> int:
    """CRC-16 with the polynomial 0x8005, bits reversed, from zero (Mp3 Info Tag, "Info Tag CRC")."""
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register
