from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from daybreak.press.models import PressRun
from daybreak.press.renditions import stored

TASTE = "/2022/05/06/taste.mp3"


@pytest.fixture
def sound(pressed: PressRun) -> bytes:
    return stored(pressed, "taste.mp3")


def get(**headers: str) -> tuple[Any, bytes]:
    answer = Client().get(TASTE, headers=headers)
    return answer, b"".join(answer) if answer.streaming else answer.content


def test_the_whole_file_says_that_ranges_are_possible(sound: bytes) -> None:
    answer, body = get()
    assert (answer.status_code, body) == (200, sound)
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Length"] == str(len(sound))
    assert answer["Content-Type"] == "audio/mpeg"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=100-", 100, None), ("bytes=-7", -7, None)],
)
def test_one_range_is_answered_with_206(sound: bytes, asked: str, start: int, end: int | None) -> None:
    answer, body = get(Range=asked)
    assert (answer.status_code, body) == (206, sound[start:end])
    first = start if start >= 0 else len(sound) + start
    assert answer["Content-Range"] == f"bytes {first}-{first + len(body) - 1}/{len(sound)}"


def test_a_range_longer_than_the_file_ends_with_it(sound: bytes) -> None:
    assert get(Range=f"bytes=5-{len(sound) * 2}")[1] == sound[5:]
    assert get(Range=f"bytes=-{len(sound) * 2}")[1] == sound


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=20-10", "bytes=-0"])
def test_a_range_outside_the_file_is_416(sound: bytes, asked: str) -> None:
    answer, _ = get(Range=asked)
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(sound)}"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=-", "bytes=a-b", "bytes=0-1,5-6"])
def test_a_range_that_cannot_be_read_is_no_range(sound: bytes, asked: str) -> None:
    answer, body = get(Range=asked)
    assert (answer.status_code, body) == (200, sound)


def test_an_unchanged_file_is_not_sent_again(sound: bytes) -> None:
    tag = get()[0]["ETag"]
    answer, body = get(**{"If-None-Match": tag})
    assert (answer.status_code, body) == (304, b"")


def test_a_range_of_another_version_gets_the_whole_new_one(sound: bytes) -> None:
    answer, body = get(Range="bytes=0-3", **{"If-Range": '"another"'})
    assert (answer.status_code, body) == (200, sound)
