"""A correction goes to everybody who was handed the error, once, and to nobody else."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.circulation.models import Period, Reader
from daybreak.delivery.mending.correcting import correction_lines, plan_corrections
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan, plan_all, planning_due
from daybreak.desk.models import Correction, Edition
from daybreak.press.models import PressRun, PrintedBrief
from tests.conftest import make_reader
from tests.delivery.ledger import (
    AUCKLAND_SIX,
    BERLIN_SIX,
    NIGHT,
    RememberingPost,
    deliver,
    parsed,
    printed,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
WRONG = {"mali": "The accords are of 2013.", "comet": "Look north."}
RIGHT = {"mali": "The accords are of 2014.", "comet": "Look north."}
CORRECTED = AUCKLAND_SIX + 2 * HOUR


def corrected(
    slug: str = "mali", at: dt.datetime = CORRECTED, briefs: dict[str, str] = RIGHT, by_mail: bool = True
) -> Correction:
    """The edition approved anew at `at` with a correction, and pressed."""
    edition = printed(at=at, briefs=briefs)
    run = PressRun.objects.get(edition=edition, approved_at=at)
    PrintedBrief.objects.create(
        run=run, position=0, slug="mali", headline="Of Their Own <Accord>", section="Need to Know", text="…"
    )
    return Correction.objects.create(
        edition=edition, slug=slug, note="We wrote 2013 & it is 2014.", by="Ines", at=at, by_mail=by_mail
    )


@pytest.fixture
def auckland_has_it(ada: Reader, ben: Reader) -> Edition:
    """Ada was handed the first run, Ben waits for Berlin's morning."""
    edition = printed(briefs=WRONG)
    plan(edition, NIGHT)
    deliver(RememberingPost(), AUCKLAND_SIX)
    return edition


def owed() -> list[str]:
    return sorted(Delivery.objects.filter(correction__isnull=False).values_list("reader__name", flat=True))


def test_it_goes_to_those_who_have_the_error_and_the_others_get_the_edition_right(
    auckland_has_it: Edition,
) -> None:
    corrected()
    assert planning_due(CORRECTED)
    assert plan_all(CORRECTED).corrections == 1
    assert owed() == ["Ada"]
    post = RememberingPost()
    deliver(post, CORRECTED)
    assert post.recipients == ["ada@example.org"]
    deliver(post, BERLIN_SIX)
    assert post.recipients == ["ada@example.org", "ben@example.org"]
    assert plan_all(BERLIN_SIX).corrections == 0
    assert owed() == ["Ada"]
    (line,) = correction_lines(auckland_has_it)
    assert (line.owed, line.states) == (1, {"handed_over": 1})


def test_the_mail_says_what_was_wrong_what_is_right_and_who_says_so(
    auckland_has_it: Edition, ada: Reader
) -> None:
    corrected()
    plan_all(CORRECTED)
    post = RememberingPost()
    deliver(post, CORRECTED)
    mail = parsed(post.taken[0][1])
    assert mail["Subject"] == "Correction: Of Their Own <Accord>"
    text, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None and page is not None
    words = text.get_content()
    assert "In the edition of Friday, May 6, 2022 that we sent you" in words
    assert "We wrote 2013 & it is 2014." in words
    assert "Ines, Daybreak" in words
    assert "/2022/05/06/mali/" in words
    assert f"/unsubscribe/{ada.unsubscribe_token}/" in words
    assert "Of Their Own &lt;Accord&gt;" in page.get_content()
    assert "%%" not in words + page.get_content()


def test_a_correction_of_the_whole_edition_is_a_sentence_too(auckland_has_it: Edition) -> None:
    corrected(slug="")
    plan_all(CORRECTED)
    post = RememberingPost()
    deliver(post, CORRECTED)
    for kind in ("plain", "html"):
        part = parsed(post.taken[0][1]).get_body((kind,))
        assert part is not None
        words = " ".join(part.get_content().split())
        assert "The edition of Friday, May 6, 2022 that we sent you had an error." in words


def test_without_by_mail_nobody_is_mailed(auckland_has_it: Edition) -> None:
    corrected(by_mail=False)
    assert plan_corrections(CORRECTED) == 0


def test_before_it_is_printed_nobody_is_mailed(auckland_has_it: Edition) -> None:
    Correction.objects.create(
        edition=auckland_has_it, slug="mali", note="So.", by="Ines", at=CORRECTED, by_mail=True
    )
    assert plan_corrections(CORRECTED) == 0


def test_who_has_the_brief_as_it_is_right_is_not_mailed(auckland_has_it: Edition) -> None:
    corrected(slug="comet")
    assert plan_corrections(CORRECTED) == 0
    corrected(slug="", at=CORRECTED + HOUR)
    assert plan_corrections(CORRECTED + HOUR) == 1


def test_an_error_of_a_later_run_is_not_that_of_those_with_the_earlier(ada: Reader, ben: Reader) -> None:
    edition = printed(briefs=RIGHT)
    plan(edition, NIGHT)
    deliver(RememberingPost(), AUCKLAND_SIX)
    printed(at=AUCKLAND_SIX + HOUR, briefs=WRONG)
    deliver(RememberingPost(), BERLIN_SIX)
    corrected(at=BERLIN_SIX + HOUR)
    plan_all(BERLIN_SIX + HOUR)
    assert owed() == ["Ben"]


def test_who_is_handed_the_error_while_it_is_corrected_is_found_later(auckland_has_it: Edition) -> None:
    corrected()
    plan_all(CORRECTED)
    first = auckland_has_it.press_runs.get(number=1)
    late = make_reader("Late", "UTC")
    Delivery.objects.create(
        edition=auckland_has_it,
        reader=late,
        run=first,
        state="handed_over",
        handed_over_at=CORRECTED,
        due_at=CORRECTED,
        not_after=CORRECTED,
    )
    assert plan_corrections(CORRECTED + HOUR) == 1
    assert owed() == ["Ada", "Late"]


def test_who_stopped_the_mail_gets_none_and_who_lapsed_does(auckland_has_it: Edition, ada: Reader) -> None:
    corrected()
    Reader.objects.filter(pk=ada.pk).update(mail_stopped_at=CORRECTED)
    assert plan_corrections(CORRECTED) == 0
    Reader.objects.filter(pk=ada.pk).update(mail_stopped_at=None)
    Period.objects.filter(reader=ada).update(ends_at=CORRECTED)
    assert plan_corrections(CORRECTED) == 1
    post = RememberingPost()
    deliver(post, CORRECTED)
    assert post.recipients == ["ada@example.org"]


def test_a_correction_never_leaves_after_a_day(auckland_has_it: Edition) -> None:
    corrected()
    plan_all(CORRECTED)
    post = RememberingPost()
    deliver(post, CORRECTED + 25 * HOUR)
    assert post.recipients == []
    assert Delivery.objects.get(correction__isnull=False).state == "missed"
    Delivery.objects.filter(correction__isnull=False).delete()
    assert plan_corrections(CORRECTED + 25 * HOUR) == 0


RUNS = st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None)
@given(runs=RUNS, right=st.sampled_from(["a", "b"]))
def test_exactly_those_with_another_text_have_the_error(runs: list[str | None], right: str) -> None:
    """Each run reaches one reader; whoever has the brief with another text than the right one is owed."""
    Delivery.objects.all().delete()
    PressRun.objects.all().delete()
    Correction.objects.all().delete()
    Reader.objects.all().delete()
    expected = []
    for number, text in enumerate(runs):
        at = NIGHT + number * HOUR
        edition = printed(at=at, briefs={"mali": text} if text else {})
        reader = make_reader(f"R{number}", "UTC")
        run = edition.press_runs.get(approved_at=at)
        Delivery.objects.create(
            edition=edition,
            reader=reader,
            run=run,
            state="handed_over",
            handed_over_at=at,
            due_at=at,
            not_after=at,
        )
        if text and text != right:
            expected.append(reader.name)
    corrected(at=NIGHT + 10 * HOUR, briefs={"mali": right})
    plan_corrections(NIGHT + 10 * HOUR)
    assert owed() == expected
