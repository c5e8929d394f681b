from __future__ import annotations

import math
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from daybreak.press.loudness import integrated_loudness, normalise

RATE = 22_050


def tone(level_dbfs: float, seconds: float, rate: int = RATE, hertz: float = 1000.0) -> NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hertz * time))


def babble(seed: int, seconds: float = 6.0) -> NDArray[np.int16]:
    """Noise in bursts of very different levels, somewhat like speech: pauses, peaks, a falling spectrum."""
    dice = np.random.default_rng(seed)
    noise = np.convolve(dice.normal(size=round(seconds * RATE)), np.exp(-np.arange(40) / 8), mode="same")
    bursts = np.repeat(dice.choice([0.0, 0.05, 0.2, 0.4], size=len(noise) // 2000 + 1), 2000)[: len(noise)]
    return np.asarray(np.clip(noise * bursts * 2500, -32768, 32767), dtype=np.int16)


def ffmpeg_loudness(samples: NDArray[np.int16]) -> float:
    """The same measured by FFmpeg's ebur128 filter, which others wrote."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="s16", layout="mono", time_base=Fraction(1, RATE))
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = RATE
    graph.push(frame)
    graph.push(None)
    loudness = math.nan
    while True:
        try:
            loudness = float(graph.pull().metadata.get("lavfi.r128.I", loudness))
        except (av.error.EOFError, av.error.BlockingIOError):
            return loudness


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
def test_a_full_scale_sine_of_997_hz_is_minus_3_01_lufs(rate: int) -> None:
    assert integrated_loudness(tone(0, 5, rate, 997), rate) == pytest.approx(-3.01, abs=0.01)


# EBU Tech 3341, table 1, cases 1 to 5: a sine in both channels, so 3.01 dB more in our one. Within 0.1 LU.
@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_the_reference_signals_of_ebu_tech_3341(
    stretches: list[tuple[float, float]], expected: float
) -> None:
    both = 10 * math.log10(2)
    samples = np.concatenate([tone(level + both, seconds) for level, seconds in stretches])
    assert integrated_loudness(samples, RATE) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("hertz", "weight"), [(38.0, -6.0), (100.0, -1.1), (997.0, 0.69), (3000.0, 3.9)])
def test_the_ear_is_weighted_as_the_standard_draws_it(hertz: float, weight: float) -> None:
    loudness = integrated_loudness(tone(0, 5, 48_000, hertz), 48_000)
    assert loudness + 0.691 + 10 * math.log10(2) == pytest.approx(weight, abs=0.2)


@pytest.mark.parametrize("seed", range(3))
def test_another_meter_agrees(seed: int) -> None:
    samples = babble(seed, seconds=20)
    assert integrated_loudness(samples, RATE) == pytest.approx(ffmpeg_loudness(samples), abs=0.1)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 50), gain=st.floats(-20, 20))
def test_a_gain_of_x_db_shifts_loudness_by_x(seed: int, gain: float) -> None:
    quiet = babble(seed, seconds=3).astype(np.float64) / 32768
    shifted = integrated_loudness(quiet * 10 ** (gain / 20), RATE)
    assert shifted - integrated_loudness(quiet, RATE) == pytest.approx(gain, abs=0.01)


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(50_000), tone(-10, 0.3), tone(-90, 5)])
def test_silence_and_snippets_have_no_loudness(samples: NDArray[np.float64]) -> None:
    assert integrated_loudness(samples, RATE) == -math.inf


def test_loudness_does_not_depend_on_where_the_blocks_of_work_end() -> None:
    samples = tone(-20, 30)  # one such block is 12.6 seconds
    assert integrated_loudness(samples, RATE) == pytest.approx(integrated_loudness(samples[: 5 * RATE], RATE))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 50), target=st.floats(-30, -16), ceiling=st.floats(-6, -1))
def test_normalised_sound_is_on_target_and_never_above_the_ceiling(
    seed: int, target: float, ceiling: float
) -> None:
    levelled = normalise(babble(seed), RATE, target, ceiling)
    peak = np.abs(levelled.samples.astype(int)).max() / 32768
    assert peak <= 10 ** (ceiling / 20) + 1 / 32768
    assert levelled.after == integrated_loudness(levelled.samples, RATE)
    assert levelled.before == integrated_loudness(babble(seed), RATE)
    if peak < 10 ** (ceiling / 20) - 0.01:  # the limiter had nothing to do
        assert levelled.after == pytest.approx(target, abs=0.1)


def test_peaks_are_eased_and_not_cut_off() -> None:
    quiet, loud = tone(-20, 3, hertz=200), tone(-4, 0.5, hertz=200)
    samples = (np.concatenate([quiet, loud, quiet]) * 32767).astype(np.int16)
    levelled = normalise(samples, RATE, target_lufs=-14.0).samples.astype(float)
    middle = levelled[round(3.1 * RATE) : round(3.4 * RATE)]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    fundamental = round(200 * len(middle) / RATE)
    harmonics = spectrum[3 * fundamental - 3 : 3 * fundamental + 4].max()
    assert 20 * math.log10(spectrum[fundamental] / harmonics) > 40


def test_a_limiter_across_blocks_of_work_leaves_no_seam() -> None:
    samples = (tone(-12, 25, hertz=300) * 32767).astype(np.int16)
    levelled = normalise(samples, RATE, target_lufs=-5.0).samples.astype(float)
    steady = np.abs(levelled[RATE:-RATE]).reshape(-1, RATE // 10).max(axis=1)  # whole periods in each tenth
    assert steady.max() - steady.min() <= 2


def test_silence_comes_back_as_it_was() -> None:
    silence = np.zeros(RATE, np.int16)
    levelled = normalise(silence, RATE)
    assert levelled.samples is silence
    assert (levelled.before, levelled.after, levelled.gain) == (-math.inf, -math.inf, 0.0)
