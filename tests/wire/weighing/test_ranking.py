from __future__ import annotations

import datetime as dt

from daybreak.wire.weighing.ranking import Sighting, places_told, rank, shares_of

AT = dt.datetime(2022, 5, 3, 5, tzinfo=dt.UTC)


def seen(
    outlet: str,
    hours_ago: float,
    *,
    country: str = "",
    copy: bool = False,
    url: str = "",
    title: str = "Accords end",
    places: tuple[str, ...] = (),
) -> Sighting:
    published = AT - dt.timedelta(hours=hours_ago)
    return Sighting(
        outlet, country, published, title, url or f"https://{outlet}.example/a", copy, places=places
    )


def test_reasons_are_told_in_words() -> None:
    ranking = rank(
        [seen("one", 9, country="ML"), seen("two", 1, country="FR"), seen("three", 1), seen("four", 0.5), seen("one", 0.1),
         seen("five", 1, copy=True), seen("six", 1, copy=True)],
        AT,
    )  # fmt: skip
    assert ranking.outlets == 4
    assert ranking.reasons == (
        "4 independent outlets in 2 countries",
        "quickening: 6 in the last 2 hours",
        "2 copies not counted",
    )


def test_copies_are_one_voice() -> None:
    copied = rank([seen("agency", 1), *(seen(str(n), 1, copy=True) for n in range(5))], AT)
    reported = rank([seen(str(n), 1) for n in range(6)], AT)
    assert copied.outlets == 1
    assert copied.score < reported.score / 2


def test_an_outlet_that_writes_often_is_one_voice() -> None:
    assert (
        rank([seen("one", n / 10) for n in range(8)], AT).score
        < rank([seen(str(n), 3) for n in range(4)], AT).score
    )


def test_old_news_sinks() -> None:
    assert (
        rank([seen("one", 30), seen("two", 30)], AT).score
        < rank([seen("one", 1), seen("two", 1)], AT).score / 2
    )


def test_sport_sinks_by_its_address_or_its_words() -> None:
    news = rank([seen(str(n), 1) for n in range(4)], AT).score
    by_section = rank([seen(str(n), 1, url=f"https://a{n}.example/sports/cricket/x") for n in range(4)], AT)
    by_words = rank(
        [seen(str(n), 1, title="Captain takes six wickets as coach hails team") for n in range(4)], AT
    )
    assert by_section.score < news / 2
    assert by_words.score < news / 2
    assert "service copy" in by_section.reasons[-1]
    assert "service copy" in by_words.reasons[-1]


def test_what_outlets_print_as_world_news_leads() -> None:
    plain = [seen(str(n), 1) for n in range(3)]
    abroad = [seen(str(n), 1, url=f"https://a{n}.example/world/africa/x") for n in range(3)]
    ranking = rank(abroad, AT)
    assert ranking.score > 2 * rank(plain, AT).score
    assert "printed as world news" in ranking.reasons


def test_the_backyard_of_the_wire_sinks_and_says_so() -> None:
    wire = [seen("one", 1, places=("IN",)) for _ in range(90)] + [seen("two", 1, places=("ML", "FR"))]
    shares = shares_of(wire)
    home, away = rank(wire[:1], AT, shares), rank(wire[-1:], AT, shares)
    assert home.score < away.score / 2
    assert "home news: 74% of this wire tells of its country" in home.reasons
    assert away.places == ("ML", "FR")


def test_comment_stands_behind_reports() -> None:
    said = rank([seen(str(n), 1, title="Opinion: Accords end") for n in range(3)], AT)
    assert said.score < rank([seen(str(n), 1) for n in range(3)], AT).score
    assert "mostly comment" in said.reasons


def test_on_a_small_wire_no_country_is_the_backyard() -> None:
    assert max(shares_of([seen("one", 1, places=("ML",))] * 3).values()) < 0.1


def test_a_country_named_in_passing_is_not_what_a_story_is_about() -> None:
    assert places_told([*[seen("one", 1, places=("ML",))] * 6, seen("two", 1, places=("ML", "DE"))]) == (
        "ML",
    )


def test_an_address_that_cannot_be_split_is_no_obstacle() -> None:
    assert rank([seen("one", 1, url="http://[broken/sport/x")], AT).outlets == 1
