"""An edition approved anew says what was wrong, or is changed silently."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Misused, Refused
from daybreak.desk import editions
from daybreak.desk.correcting import Erratum
from daybreak.desk.models import Correction, Edition
from daybreak.press.house import paper, voice
from daybreak.press.models import PressRun
from daybreak.press.printing import press
from daybreak.press.renditions import stored
from tests.conftest import NIGHT
from tests.desk.world import ines

LATER = NIGHT + dt.timedelta(hours=2)
SLUG = "a-slippery-consensus"
WRONG = Erratum(SLUG, "We wrote <Budapest> & it is Prague.", by_mail=True)


@pytest.fixture
def reopened(approved: Edition) -> Edition:
    return editions.reopen(approved, "Ines", NIGHT)


def test_approved_anew_it_says_who_was_wrong_in_what(reopened: Edition) -> None:
    editions.approve(reopened, "Ines", LATER, WRONG)
    correction = Correction.objects.get()
    assert (correction.slug, correction.by, correction.at, correction.by_mail) == (SLUG, "Ines", LATER, True)
    assert JournalEntry.objects.filter(act="edition approved").latest("id").detail["by_mail"] is True


def test_a_silent_change_leaves_no_correction(reopened: Edition) -> None:
    editions.approve(reopened, "Ines", LATER)
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    ("erratum", "error", "words"),
    [
        (Erratum(SLUG, "  "), Misused, "what was wrong"),
        (Erratum(SLUG, "x" * 601), Misused, "at most 600"),
        (Erratum("no-such-brief", "So."), Refused, "has no brief"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_and_nothing_is_approved(
    reopened: Edition, erratum: Erratum, error: type[Refused], words: str
) -> None:
    with pytest.raises(error, match=words):
        editions.approve(reopened, "Ines", LATER, erratum)
    reopened.refresh_from_db()
    assert reopened.state == "open"
    assert not Correction.objects.exists()


def test_what_was_never_approved_has_no_error_to_correct(small_edition: Edition) -> None:
    with pytest.raises(Refused, match="never approved before"):
        editions.approve(small_edition, "Ines", LATER, WRONG)


def test_the_desk_asks_what_changed_only_when_it_was_approved_before(
    client: Client, small_edition: Edition
) -> None:
    client.force_login(ines())
    assert "What has changed" not in client.get("/desk/editions/2022-05-06/").content.decode()
    editions.reopen(editions.approve(small_edition, "Ines", NIGHT), "Ines", NIGHT)
    page = client.get("/desk/editions/2022-05-06/").content.decode()
    assert "What has changed" in page
    assert "/desk/deliveries/2022-05-06/error/" in page
    said = {"by": "Ines", "change": "mail", "slug": SLUG, "note": "We wrote Budapest."}
    client.post("/desk/editions/2022-05-06/approve/", said)
    assert (Correction.objects.get().by_mail, Correction.objects.get().note) == (True, "We wrote Budapest.")


def test_it_stands_on_the_page_the_brief_and_in_the_feeds_but_not_in_the_taste(pressed: PressRun) -> None:
    editions.reopen(pressed.edition, "Ines", NIGHT)
    edition = editions.approve(pressed.edition, "Ines", LATER, WRONG)
    run = press(edition, paper=paper(), voice=voice, at=LATER, by="the clock")
    said = "We wrote &lt;Budapest&gt; &amp; it is Prague."
    label = "Thursday, May 5, 2022, "
    for name in ("page.full.html", f"brief.{SLUG}.full.html", "mail.html"):
        page = stored(run, name).decode()
        assert said in page, name
        assert label in page
    assert said in stored(run, "mail.txt").decode().replace("<", "&lt;").replace(">", "&gt;").replace(
        "& ", "&amp; "
    )
    assert "Corrections" in stored(run, "item.full.rss.xml").decode()
    for name in ("page.taste.html", f"brief.{SLUG}.taste.html", "brief.crumbs.full.html", "item.taste.json"):
        assert "Prague" not in stored(run, name).decode(), name
