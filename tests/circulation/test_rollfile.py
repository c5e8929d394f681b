from __future__ import annotations

import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.circulation.rollfile import COLUMNS, Row, open_roll, write_roll
from daybreak.common.refusal import Refused


def read(text: str) -> list[tuple[int, Row | str]]:
    return [(line, row if isinstance(row, Row) else str(row)) for line, row in open_roll(text).rows()]


FULL = Row(
    email="ada@example.org",
    name="Ada Lovelace",
    time_zone="Pacific/Auckland",
    delivery_time=dt.time(6, 30),
    kind="subscriber",
    ends_at=dt.datetime(2023, 5, 6, tzinfo=dt.UTC),
)


@pytest.mark.parametrize(
    "text",
    [
        "email,name,time_zone,delivery_time,kind,ends_at\n"
        "ada@example.org,Ada Lovelace,Pacific/Auckland,06:30,subscriber,2023-05-06T00:00:00Z\n",
        "\ufeffEmail;Name;Time Zone;Delivery-Time;Kind;Ends at\r\n"
        'ada@example.org;"Ada Lovelace";Pacific/Auckland;6:30;Subscriber;2023-05-06\r\n',
        "ends_at\tkind\temail\tdelivery_time\ttime_zone\tname\n"
        "2023-05-06T12:00+12:00\tsubscriber\tada@example.org\t06:30\tPacific/Auckland\tAda Lovelace",
        "kind,E-Mail,name,time_zone,delivery_time,ends_at\r"
        "subscriber,ada@example.org,Ada Lovelace,Pacific/Auckland,06:30:00,2023-05-06\r",
    ],
)
def test_a_row_reads_the_same_however_the_file_is_laid_out(text: str) -> None:
    assert read(text) == [(2, FULL)]


def test_what_a_row_does_not_say_is_none() -> None:
    assert read("email,name,kind\nada@example.org\nben@example.org,,\n") == [
        (2, Row("ada@example.org")),
        (3, Row("ben@example.org")),
    ]


def test_columns_that_are_not_used_are_named() -> None:
    assert open_roll("email,phone,Shoe size,\na@example.org,1,2,\n").unused == ("phone", "shoe_size")


@pytest.mark.parametrize("text", ["", "\n", "name,kind\nAda,comp\n", "ada@example.org\n", "email,email\n"])
def test_a_header_without_one_column_email_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="column “email”"):
        open_roll(text)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("nobody,,,,,", "no mail address"),
        ("a@example.org,,Moon/Base,,,", "“Moon/Base” is no time zone"),
        ("a@example.org,,,25:00,,", "no time of day"),
        ("a@example.org,,,,king,", "no kind"),
        ("a@example.org,,,,,,Mon Sun", "“Sun” is no day with a paper"),
        ("a@example.org,,,,comp,tomorrow", "no instant"),
        ("a@example.org,,,,comp,9999-12-31", "check it"),
        ("a@example.org,,,,,2023-05-06", "without a kind"),
        ("a@example.org," + "x" * 121 + ",,,,", "at most 120"),
        ("a@example.org,,,,,,,extra,more", "9 cells under 8 columns"),
    ],
)
def test_a_bad_row_is_a_sentence_with_its_line_and_the_rest_goes_on(row: str, words: str) -> None:
    found = read(",".join(COLUMNS) + f"\n\n{row}\n\nben@example.org,,,,,\n")
    (line, sentence), rest = found
    assert line == 3
    assert words in str(sentence)
    assert rest == (5, Row("ben@example.org"))


def test_lines_are_counted_through_quoted_line_breaks() -> None:
    assert read('name,email\n"Ada\nLovelace",ada@example.org\nBen,oops\n')[1][0] == 4


def test_a_quotation_mark_that_is_not_closed_says_how_far_nothing_was_read() -> None:
    found = read('email,name\na@example.org,"Ada\nb@example.org,Ben\nc@example.org,Cy\n')
    assert found == [(2, "a quotation mark is astray: up to line 4 nothing was read.")]
    found = read('email,name\na@example.org,"Ada" L\nb@example.org,Ben\n')
    assert found[1] == (3, Row("b@example.org", "Ben"))


@given(st.text(max_size=60))
def test_whatever_stands_in_the_file_gives_rows_and_sentences(text: str) -> None:
    for line, row in read("email,name,time_zone,delivery_time,kind,ends_at\n" + text):
        assert line >= 2
        assert isinstance(row, Row) or row


printable = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@given(
    st.lists(
        st.builds(
            Row,
            email=st.from_regex(r"[a-z]{1,8}@example\.org", fullmatch=True),
            name=st.none() | printable,
            time_zone=st.sampled_from([None, "UTC", "Europe/Berlin"]),
            delivery_time=st.none() | st.times().map(lambda time: time.replace(second=0, microsecond=0)),
            kind=st.sampled_from(["trial", "subscriber", "comp", "lapsed"]),
            delivery_days=st.none() | st.integers(1, 31),
            ends_at=st.none()
            | st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)),
        ),
        max_size=4,
    )
)
def test_rows_written_are_read_back_the_same(rows: list[Row]) -> None:
    out = io.StringIO(newline="")
    write_roll(rows, out)
    assert [row for _, row in open_roll(out.getvalue()).rows()] == rows
