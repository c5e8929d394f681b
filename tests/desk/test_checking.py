"""The attribution ledger: which verdict a sentence gets, and when it blocks."""

from __future__ import annotations

import datetime as dt

from daybreak.desk.checking import SentenceCheck, SignedOff, check, sentence_key
from daybreak.desk.manuscript import BriefCopy, Manuscript, SectionCopy
from daybreak.desk.prose import sources_of

MERIDIAN = "https://meridian.example/eu-oil"
RECORD = "https://rhinerecord.example/ambassadors"
TEXTS = {
    MERIDIAN: "STRASBOURG - The European Commission proposed on Wednesday to end imports of Russian crude within six months. "
    "Oil rose by 5 per cent to $110 a barrel on the news. “This will not be easy,” Ursula von der Leyen told lawmakers.",
    RECORD: "Ambassadors in Brussels winced. “One hand on the valve is enough,” a Baltic diplomat said. Greece dislikes "
    "a clause that would stop European firms from insuring Russian oil anywhere in the world, diplomats said.",
}


def checked(
    body: str,
    *,
    listed: tuple[str, ...] = (),
    texts: dict[str, str] = TEXTS,
    signed: dict[str, SignedOff] | None = None,
    whole: bool = True,
) -> list[SentenceCheck]:
    brief = BriefCopy("oil", "A Slippery Consensus", body, sources=sources_of(body, listed))
    manuscript = Manuscript(
        dt.date(2022, 5, 6), sections=(SectionCopy("The World, Briefly", "briefs", (brief,)),)
    )
    return check(manuscript, texts, {"oil": signed or {}}, texts.keys() if whole else ())


def verdicts(*args: object, **fields: object) -> list[str]:
    return [one.verdict for one in checked(*args, **fields)]  # type: ignore[arg-type]


CITED = f"Brussels wants to do without Russian crude in half a year, [Meridian]({MERIDIAN}) reported."
FILLER = "Nobody outside the building had expected cheerful faces."


def test_a_link_cites_and_its_neighbours_continue_until_a_paragraph_between() -> None:
    body = f"{FILLER} {CITED}\n\n{FILLER}\n\n{FILLER}"
    assert verdicts(body) == ["continues", "cited", "continues", "unexplained"]


def test_naming_a_cited_outlet_without_a_link_is_enough() -> None:
    (_, _, named) = checked(f"{CITED}\n\n{FILLER}\n\nFuel would follow by new year, Meridian wrote.")
    assert (named.verdict, named.citations) == ("named", (MERIDIAN,))


def test_an_outlet_known_by_its_address_is_named_by_its_own_part() -> None:
    listed = ("https://www.guardian.example/a",)
    assert verdicts("The Guardian reported a quiet night.", listed=listed, texts={}) == ["named"]
    assert verdicts("A guardian angel had a quiet night.", listed=("https://a.b/",), texts={}) == ["listed"]


def test_the_agency_in_a_link_is_no_name() -> None:
    body = (
        f"Crude is out, [the agency]({MERIDIAN}) said.\n\n{FILLER}\n\nThe agency shut its office in spring."
    )
    assert verdicts(body)[-1] == "unexplained"


def test_words_found_in_a_cited_article_support_a_sentence_and_the_passage_is_shown() -> None:
    (_, _, last) = checked(f"{CITED}\n\n{FILLER}\n\nOn the news oil rose by 5 per cent to $110 a barrel.")
    assert (last.verdict, last.citations) == ("supported", (MERIDIAN,))
    assert "Oil rose by 5 per cent" in last.passage


def test_the_same_words_with_another_number_explain_nothing() -> None:
    (_, _, last) = checked(f"{CITED}\n\n{FILLER}\n\nOn the news oil rose by 9 per cent to $110 a barrel.")
    assert (last.verdict, last.blocks) == ("unexplained", True)


def test_a_brief_that_cites_nothing_is_unexplained() -> None:
    (one,) = checked(FILLER)
    assert (one.verdict, one.blocks, one.citations) == ("unexplained", True, ())


def test_listed_sources_whose_text_we_lack_carry_a_sentence_with_a_warning() -> None:
    (one,) = checked(FILLER, listed=(MERIDIAN,), texts={})
    assert (one.verdict, one.blocks, one.citations) == ("listed", False, (MERIDIAN,))
    assert one.warnings == ("Link the words that name the source, or sign the sentence.",)


def test_a_summary_alone_does_not_prove_that_nobody_said_it() -> None:
    assert verdicts(FILLER, listed=(MERIDIAN,), whole=False) == ["listed"]
    assert verdicts(FILLER, listed=(MERIDIAN,), whole=True) == ["unexplained"]


def test_a_signature_holds_for_these_words_only() -> None:
    signed = {sentence_key(FILLER): SignedOff("Ines Calloway", "I was there.")}
    (one,) = checked(FILLER, signed=signed)
    assert (one.verdict, one.reason) == ("signed", "Ines Calloway answers for it: I was there.")
    assert verdicts(FILLER.replace("cheerful", "sad"), signed=signed) == ["unexplained"]


def test_a_quotation_that_no_article_has_blocks_even_where_the_source_is_cited() -> None:
    said = f"“This will be very easy,” the president told [Meridian]({MERIDIAN})."
    (one,) = checked(said)
    assert (one.verdict, one.blocks) == ("misquoted", True)
    assert verdicts(said.replace("be very", "not be")) == ["cited"]


def test_a_quotation_that_might_be_in_the_text_we_lack_is_a_warning() -> None:
    said = f"“This will be very easy,” the president told [Meridian]({MERIDIAN})."
    (one,) = checked(said, whole=False)
    assert one.verdict == "cited"
    assert one.warnings == (
        "The words “This will be very easy,” are in no text we hold: compare them with the article.",
    )


def test_a_person_may_answer_for_words_they_heard_themselves() -> None:
    said = f"“I never saw such a room,” she told us, and [Meridian]({MERIDIAN}) agreed."
    plain = checked(said)[0].text
    assert verdicts(said, signed={sentence_key(plain): SignedOff("Ines", "My own interview.")}) == ["signed"]


def test_a_quotation_over_two_sentences_is_checked_in_both() -> None:
    body = (
        f"“One hand on the valve is enough. We will close every tap,” a diplomat told [the Record]({RECORD})."
    )
    assert verdicts(body) == ["supported", "misquoted"]


def test_a_block_quotation_is_a_quotation() -> None:
    assert verdicts(f"{CITED}\n\n> This will be very easy indeed.") == ["cited", "misquoted"]
    assert verdicts(f"{CITED}\n\n> This will not be easy.")[1] != "misquoted"


def test_two_quoted_words_are_a_term_and_no_quotation() -> None:
    assert verdicts(f"Officials called it “quite unjustified”, [Meridian]({MERIDIAN}) said.") == ["cited"]


def test_a_number_in_no_text_is_a_warning() -> None:
    (one,) = checked(f"It took 14 hours, [Meridian]({MERIDIAN}) reported.")
    assert (one.verdict, one.warnings) == (
        "cited", ("The number 14 is in no text we hold: compare it with the article.",),
    )  # fmt: skip


def test_a_long_run_of_the_sources_own_words_is_a_warning() -> None:
    copied = "Greece dislikes a clause that would stop European firms from insuring Russian oil anywhere in the world"
    (one,) = checked(f"{copied}, [the Record]({RECORD}) said.")
    assert len(one.warnings) == 1
    assert one.warnings[0].endswith("is word for word from the Record: quote it or say it your way.")


def test_sentences_are_counted_from_one_through_the_brief() -> None:
    assert [one.number for one in checked(f"{FILLER} {CITED}\n\n{FILLER}")] == [1, 2, 3]


def test_an_address_that_the_wire_does_not_have_is_warned_of_once() -> None:
    body = f"{CITED}\n\nFuel would follow, [Meridian]({MERIDIAN}) wrote.\n\nMore, the [Rhine](https://rhine.example/a) said."
    brief = BriefCopy("oil", "A Slippery Consensus", body, sources=sources_of(body))
    manuscript = Manuscript(dt.date(2022, 5, 6), sections=(SectionCopy("Need to Know", "lead", (brief,)),))
    found = check(manuscript, {}, {}, unknown={MERIDIAN})
    warned = [[warning for warning in one.warnings if "The wire has no article" in warning] for one in found]
    assert [len(warnings) for warnings in warned] == [1, 0, 0]
    assert "“Meridian”" in warned[0][0]
    assert not any(one.blocks for one in found)
