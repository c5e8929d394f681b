from __future__ import annotations

import datetime as dt
import io

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from daybreak.press.id3 import Chapter, Tags
from daybreak.press.mp3 import RATES, EncodingError, encoded, mp3

TAGS = Tags("Friday", "Daybreak", "Daybreak", dt.date(2022, 5, 6))


def decoded(data: bytes) -> NDArray[np.float64]:
    with av.open(io.BytesIO(data), "r", format="mp3") as container:
        frames = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
    return np.concatenate([np.zeros(0), *frames])


def noise(count: int, level: float = 3000.0) -> NDArray[np.int16]:
    return np.asarray(np.random.default_rng(7).normal(size=count) * level, dtype=np.int16)


@pytest.mark.parametrize("rate", RATES)
def test_what_comes_out_is_as_long_as_what_went_in_and_nothing_is_shifted(rate: int) -> None:
    samples = noise(2 * rate + 123)
    samples[: rate // 2] = 0
    sound = decoded(encoded(samples, rate))
    assert len(sound) == len(samples)
    window = samples[rate : rate + 2000].astype(float)
    shift = int(np.correlate(sound[rate - 500 : rate + 2500], window, "valid").argmax()) - 500
    assert shift == 0


@settings(max_examples=30, deadline=None)
# FFmpeg cannot drop two whole frames at the end, so what is shorter than 3 ms comes back longer.
@given(st.integers(100, 60_000), st.sampled_from([16_000, 22_050, 24_000]))
def test_the_length_is_exact_for_any_number_of_samples(count: int, rate: int) -> None:
    data = encoded(noise(count), rate)
    assert len(decoded(data)) == count
    with av.open(io.BytesIO(data), "r", format="mp3") as container:
        stream = container.streams.audio[0]
        assert stream.duration is not None and stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(count / rate, abs=1e-6)


def test_the_information_frame_counts_frames_and_bytes() -> None:
    data = encoded(noise(22_050), 22_050)
    assert data[13:17] == b"Info"
    frames = int.from_bytes(data[21:25], "big")
    assert int.from_bytes(data[25:29], "big") == len(data)
    assert frames == -(-(22_050 + 576 + 529) // 576)


def test_loudness_survives_the_encoder() -> None:
    samples = (8000 * np.sin(2 * np.pi * 500 * np.arange(44_100) / 22_050)).astype(np.int16)
    sound = decoded(encoded(samples, 22_050)) * 32768
    middle = slice(11_025, 33_075)
    assert sound[middle].std() == pytest.approx(samples[middle].std(), rel=0.005)


def test_full_scale_does_not_wrap_around() -> None:
    square = np.where(np.arange(22_050) // 50 % 2, 32767, -32768).astype(np.int16)
    sound = decoded(encoded(square, 22_050))
    assert np.corrcoef(sound, square)[0, 1] > 0.9


def test_the_file_is_mono_at_64_kilobits_with_tag_and_chapters() -> None:
    data = mp3(noise(44_100), 22_050, TAGS, [Chapter("One", "", 0, 1), Chapter("Two", "", 1, 2)])
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.layout.name, stream.rate, stream.bit_rate) == ("mono", 22_050, 64_000)
        assert container.metadata["title"] == "Friday"
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["One", "Two"]
        assert container.metadata["TLEN"] == "2000"


def test_no_sound_is_refused() -> None:
    with pytest.raises(EncodingError, match="no sound to encode"):
        encoded(np.zeros(0, np.int16), 22_050)


def test_a_rate_that_no_mp3_has_is_refused() -> None:
    with pytest.raises(EncodingError, match="cannot have 22000 samples a second"):
        encoded(noise(100), 22_000)
