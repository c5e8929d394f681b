"""Loudness of mono sound: measured after ITU-R BS.1770-4, then brought to a target without clipping.

Samples are int16, or floats in which 1.0 is full scale; shape ``(n,)``. All work goes block by block, so that
a long edition costs the memory of its samples and little more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16] | NDArray[np.float64]

_HOPS_A_SECOND = 10  # a gating block is 400 ms, and they overlap by 75 %: one starts every 100 ms
_ABSOLUTE_GATE = -70.0  # LUFS
_RELATIVE_GATE = -10.0  # LU below the loudness of what passed the absolute gate

# BS.1770-4, tables 1 and 2: the two filters of the K-weighting at 48 kHz, numerator and denominator.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_TABLE_RATE = 48_000.0


def integrated_loudness(samples: Samples, rate: int) -> float:
    """Loudness of the whole in LUFS (BS.1770-4, one channel); ``-inf`` for silence or less than 400 ms."""
    hops = np.concatenate([np.empty(0), *_hop_powers(samples, rate)])
    if len(hops) < 4:
        return -math.inf
    blocks = np.lib.stride_tricks.sliding_window_view(hops, 4).mean(axis=1)
    blocks = blocks[blocks > _power(_ABSOLUTE_GATE)]
    if not len(blocks):
        return -math.inf
    blocks = blocks[blocks > _power(_lufs(blocks.mean()) + _RELATIVE_GATE)]
    return _lufs(blocks.mean())


def _lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _hop_powers(samples: Samples, rate: int) -> Iterator[NDArray[np.float64]]:
    """Mean square of the K-weighted sound in each whole 100 ms, some seconds at a time.

    Filtering is a product of spectra (overlap-save). Within 0.2 s the filter has forgotten everything (it
    decays by more than 400 dB), so two hops before each chunk are all the past that it needs.
    """
    hop = round(rate / _HOPS_A_SECOND)
    past, chunk = 2 * hop, 126 * hop
    response = _k_weighting(np.fft.rfftfreq(past + chunk, 1 / rate))
    for start in range(0, len(samples), chunk):
        remembered = min(past, start)
        piece = _as_unit(samples[start - remembered : start + chunk])
        padded = np.pad(piece, (past - remembered, chunk - (len(piece) - remembered)))
        heard = np.fft.irfft(np.fft.rfft(padded) * response, len(padded))[past:]
        whole = (len(piece) - remembered) // hop
        yield (heard[: whole * hop].reshape(whole, hop) ** 2).mean(axis=1)


def _k_weighting(frequencies: NDArray[np.floating[Any]]) -> NDArray[np.complex128]:
    """The standard's 48 kHz filters at any frequency (Hz): one ear for every rate."""
    z = np.exp(-2j * np.pi * np.minimum(frequencies, _TABLE_RATE / 2) / _TABLE_RATE)
    response: NDArray[np.complex128] = np.ones_like(z)
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    return response


def _as_unit(samples: NDArray[Any]) -> NDArray[np.float64]:
    scale = 32768.0 if samples.dtype == np.int16 else 1.0
    return samples.astype(np.float64) / scale


@dataclass(frozen=True, slots=True, eq=False)
class Levelled:
    """Sound at its target: int16 samples, loudness before and after in LUFS, the gain applied in dB."""

    samples: NDArray[np.int16]
    before: float
    after: float
    gain: float


def normalise(
    samples: NDArray[np.int16], rate: int, target_lufs: float = -16.0, ceiling_dbfs: float = -2.0
) -> Levelled:
    """One gain for the whole, then a look-ahead limiter at the ceiling. Silence comes back as it was.

    -16 LUFS is what Apple asks of podcasts; the ceiling leaves 2 dB because an MP3 decodes to higher peaks
    than went in. The gain makes up for what the limiter takes away, as far as a few attempts go.
    """
    before = integrated_loudness(samples, rate)
    if before == -math.inf:
        return Levelled(samples, before, before, 0.0)
    gain, after, yielded, levelled = 0.0, before, 1.0, samples
    for _ in range(5):
        if abs(target_lufs - after) < 0.1:
            break
        step, last = (target_lufs - after) / yielded, after
        gain += step
        levelled = _limited(samples, rate, 10 ** (gain / 20), 10 ** (ceiling_dbfs / 20))
        after = integrated_loudness(levelled, rate)
        # The LU that the last decibel brought: ever fewer near the ceiling, where pushing only distorts.
        yielded = max((after - last) / step, 0.25)
    return Levelled(levelled, before, after, gain)


def _limited(samples: NDArray[np.int16], rate: int, gain: float, ceiling: float) -> NDArray[np.int16]:
    """The samples times the gain, eased below the ceiling 20 ms before each peak and as long after it."""
    reach = rate // 50
    chunk, context = 10 * rate, 2 * reach
    result = np.empty_like(samples)
    for start in range(0, len(samples), chunk):
        stop = min(start + chunk, len(samples))
        first = max(0, start - context)
        loud = _as_unit(samples[first : stop + context]) * gain
        if np.abs(loud).max() > ceiling:
            loud *= _easing(np.abs(loud), ceiling, reach)
        result[start:stop] = np.rint(loud[start - first : stop - first] * 32768)
    return result


def _easing(levels: NDArray[np.float64], ceiling: float, reach: int) -> NDArray[np.float64]:
    """A smooth factor for each sample that takes every level to the ceiling or below.

    The mean over ``reach`` samples either side of the minimum over as many: each minimum in that mean has
    seen the sample in the middle, so the mean cannot be more than that sample may bear.
    """
    needed = np.pad(ceiling / np.maximum(levels, ceiling), 2 * reach, constant_values=1.0)
    width = 2 * reach + 1
    sums = np.cumsum(np.pad(_sliding_minimum(needed, width), (1, 0)))
    return (sums[width:] - sums[:-width]) / width


def _sliding_minimum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The least of each ``width`` neighbours, in about log2(width) passes."""
    span = 1
    while 2 * span <= width:
        values = np.minimum(values[:-span], values[span:])
        span *= 2
    rest = width - span
    return np.minimum(values[: len(values) - rest], values[rest:])
