"""Replies of mail servers: read alike however the bytes arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daybreak.common.smtpanswers import Answers, Nonsense


@given(data=st.binary(max_size=300), cut=st.integers(0, 300))
def test_answers_are_the_same_however_the_bytes_arrive(data: bytes, cut: int) -> None:
    def read(*parts: bytes) -> list[object]:
        answers = Answers()
        found: list[object] = []
        try:
            for part in parts:
                found += answers.read(part)
        except Nonsense:
            return [*found, "nonsense"]
        return found

    assert read(data) == read(data[:cut], data[cut:])
