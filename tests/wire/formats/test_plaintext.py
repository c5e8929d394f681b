from __future__ import annotations

import pytest

from daybreak.wire.formats.plaintext import plain_text


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("plain", "plain"),
        ("A < B & C > D", "A < B & C > D"),
        ("AT&amp;T", "AT&T"),
        ("late &rsquo;s", "late ’s"),
        ("<b>bold</b>   move", "bold move"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("One<br/>Two", "One\nTwo"),
        ("safe<script>alert(1)</script> words", "safe words"),
        ("<style>p{}</style>words", "words"),
        ("<img src=x onerror=alert(1)>", ""),
        ("&lt;p&gt;Escaped twice&lt;/p&gt;", "Escaped twice"),
        ("right\u202eto left\u200b", "rightto left"),
        ("half\ud800 a pair\x00", "half a pair"),
    ],
)
def test_markup_becomes_the_words_a_person_would_read(markup: str, words: str) -> None:
    assert plain_text(markup) == words
