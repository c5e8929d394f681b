from __future__ import annotations

import datetime as dt

from daybreak.wire.weighing.coverage import big_outlets, homes_of, regions_told, under_covered
from daybreak.wire.weighing.ranking import Sighting

AT = dt.datetime(2022, 5, 3, 5, tzinfo=dt.UTC)


def seen(outlet: str, *places: str, country: str = "", copy: bool = False) -> Sighting:
    return Sighting(outlet, country, AT, "A title", f"https://{outlet}.example/a", copy, places=places)


def test_the_big_are_the_fewest_that_carry_most_of_what_is_shared() -> None:
    shared = [[seen("giant"), seen(f"a{n}"), seen(f"b{n}")] for n in range(4)]
    others = [[seen("second"), seen(f"c{n}"), seen(f"d{n}")] for n in range(1)]
    alone = [[seen("prolific")] for _ in range(50)]
    assert big_outlets([*shared, *others, *alone]) == ("giant",)
    assert big_outlets(alone) == ()


def test_an_outlets_home_is_its_country_or_what_it_tells_of_most() -> None:
    wire = [
        *[seen("courier", "ML")] * 5,
        seen("courier", "FR"),
        *[seen("globe", place) for place in ("US", "CN", "RU")],
    ]
    assert homes_of([*wire, seen("ledger", "ML", country="GB")]) == {"courier": "ML", "ledger": "GB"}


def test_a_story_strong_at_home_that_the_big_pass_over_is_found() -> None:
    homes = {"sahel": "ML", "niger": "NE", "globe": "US"}
    stories = {
        "coup": [seen("sahel", "BF"), seen("niger", "BF")],
        "told by the big": [seen("sahel", "ML"), seen("niger", "ML"), seen("globe", "ML")],
        "one voice": [seen("sahel", "ML"), seen("niger", "ML", copy=True)],
        "abroad": [seen("sahel", "US"), seen("niger", "US")],
        "nowhere": [seen("sahel"), seen("niger")],
    }
    (found,) = under_covered(stories, ["globe"], homes)
    assert (found.story, found.region, found.at_home) == ("coup", "Africa", ("niger", "sahel"))


def test_articles_count_for_the_region_they_tell_of_first() -> None:
    wire = [seen("a", "ML", "FR"), seen("b", "FR"), seen("c", "FR", copy=True), seen("d")]
    assert regions_told(wire) == {"Africa": 1, "Europe": 1}
