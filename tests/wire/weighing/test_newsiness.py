from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daybreak.wire.weighing.newsiness import MOST, newsiness, on_foreign_pages, telling_words


def test_words_alone_tell_news_from_service_copy() -> None:
    assert newsiness("Troops killed near border as parliament votes on sanctions", "", "") > 2
    assert newsiness("Trailer of the upcoming film has fans in love with the actor", "", "") < -2


def test_a_section_tells_where_words_do_not() -> None:
    assert newsiness("Zwei zu eins", "", "https://a.example/sport/fussball/x") < -1
    assert newsiness("Accord signé", "", "https://a.example/monde/x") > 1
    assert newsiness("Accord signé", "", "https://a.example/x") == 0.0


def test_the_last_part_of_an_address_is_no_section() -> None:
    assert on_foreign_pages("https://a.example/africa/mali-france")
    assert not on_foreign_pages("https://a.example/2022/africa")
    assert not on_foreign_pages("http://[broken/world/x")


def test_the_table_holds_no_name_of_a_team_or_a_country() -> None:
    words = telling_words()
    assert len(words) > 1000
    assert not {"india", "ukraine", "kohli", "ipl", "biden", "samsung"} & set(words)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=80))
def test_whatever_comes_in_the_answer_is_within_bounds(title: str, opening: str, url: str) -> None:
    assert -MOST <= newsiness(title, opening, url) <= MOST
