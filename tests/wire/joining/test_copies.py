from __future__ import annotations

import datetime as dt

from daybreak.wire.joining.copies import CopyFinder

AT = dt.datetime(2022, 5, 2, 20, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TEXT = (
    "Mali's military government said on Monday that it was ending its defence accords with France, accusing French "
    "forces of flagrant violations of its national sovereignty. Colonel Abdoulaye Maiga read the decision on "
    "state television and said that Bamako had watched a serious decline in cooperation for some time."
)


def test_the_earliest_published_is_the_original_though_it_arrives_last() -> None:
    finder = CopyFinder()
    finder.add("later", "Mali ends accords with France", TEXT, AT + HOUR)
    family = finder.add("agency", "Mali ends accords with France", TEXT, AT)
    assert family.original == "agency"
    assert [key for _, key in family.members] == ["later", "agency"]


def test_a_light_rewrite_is_a_copy_and_a_report_of_ones_own_is_not() -> None:
    finder = CopyFinder()
    finder.add("agency", "Mali ends accords with France", TEXT, AT)
    rewrite = finder.add("copy", "Bamako tears up accords", TEXT.replace("on Monday ", "late "), AT + HOUR)
    own = finder.add(
        "own", "Mali ends accords with France",
        "In a statement read on television the junta in Bamako renounced three texts that tied French soldiers to "
        "the country. Paris called the decision unjustified and said its withdrawal would go on in good order.",
        AT + HOUR,
    )  # fmt: skip
    assert rewrite.original == "agency"
    assert own.original == "own"


def test_short_texts_must_be_the_same_and_shortest_ones_never_are() -> None:
    finder = CopyFinder()
    finder.add("a", "Fire in Gao market kills four people, mayor says", "", AT)
    assert finder.add("b", "Fire in Gao market kills four people, mayor says", "", AT).original == "a"
    assert finder.add("c", "Fire in Gao market kills five people, mayor says", "", AT).original == "c"
    finder.add("d", "Morning briefing", "", AT)
    assert finder.add("e", "Morning briefing", "", AT).original == "e"


def test_the_same_words_a_week_later_are_another_text() -> None:
    finder = CopyFinder()
    finder.add("a", "Markets this week", TEXT, AT)
    assert finder.add("b", "Markets this week", TEXT, AT + 170 * HOUR).original == "b"


def test_what_is_past_is_forgotten_and_what_came_in_lately_is_not() -> None:
    finder = CopyFinder()
    finder.add("old", "Mali ends accords with France", TEXT, AT)
    for number in range(4_100):
        words = f"Report {number} of the {number * 7} parcels from {number * 11} ports"
        finder.add(str(number), words, "", AT + 100 * HOUR)
    assert finder.add("again", "Mali ends accords with France", TEXT, AT).original == "again"
    assert finder.add("third", "Mali ends accords with France", TEXT, AT).original == "again"


def test_a_restored_family_goes_on_in_any_order() -> None:
    finder = CopyFinder()
    finder.restore("copy", "Mali ends accords", TEXT, AT + HOUR, "", "agency")
    finder.restore("agency", "Mali ends accords", TEXT, AT, "", "agency")
    family = finder.add("third", "Mali ends accords", TEXT, AT + 2 * HOUR)
    assert family.original == "agency"
    assert len(family.members) == 3


def test_one_outlets_standing_form_of_words_is_no_copy_and_its_own_text_again_is() -> None:
    form = "Ten things to know before the market opens today: {} Stay with us for live updates of the market all day."
    first = form.format(
        "Oil fell to a low of three months as demand in Asia weakened, dealers in Singapore said."
    )
    second = form.format(
        "Copper rose when Chile's miners voted for a strike that may begin as soon as next week."
    )
    headline = "Ten things to know before the market opens today"
    finder = CopyFinder()
    finder.add("a", headline, first, AT, "The Ticker")
    assert finder.add("b", headline, second, AT, "The Ticker").original == "b"
    assert finder.add("c", headline, first + " More to follow.", AT, "The Ticker").original == "a"
    assert finder.add("d", headline, second, AT, "The Courier").original != "d"
