"""What a server says of a reader instead of taking the mail: kept once, acted on by the rule, and not when it means us."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

import pytest
from django.conf import settings

from daybreak.circulation.models import Reader
from daybreak.common.models import JournalEntry
from daybreak.delivery.handover.claims import new_claim
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.models import Delivery, Outcome, Suppression
from daybreak.delivery.planning import plan
from daybreak.delivery.returns.suppressing import lift, suppression_of
from daybreak.delivery.status import ReaderLines, status_of, summary
from daybreak.press.models import PressRun
from tests.delivery.handover.relay import Relay, at_work, deliver, planned
from tests.delivery.ledger import BERLIN_SIX, FRIDAY, NIGHT, many_readers, printed, states

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
DEAD = "550 5.1.1 <reader003@example.org>: Recipient address rejected: User unknown in virtual mailbox table"


def refusing(answer: str, who: str = "reader003") -> Relay:
    """Refuses one reader, and takes all others."""
    return Relay(lambda relay, what: answer if who in what else "250 fine")


def spread_over(domains: int) -> None:
    for place, reader in enumerate(Reader.objects.order_by("pk")):
        Reader.objects.filter(pk=reader.pk).update(email=f"reader{place:03}@d{place % domains}.example")


def test_a_dead_address_is_suppressed_like_one_whose_mail_came_back() -> None:
    planned(8)
    with at_work(refusing(DEAD)) as config:
        assert deliver(config) == Sent(handed_over=7, refused=1)
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.via, outcome.status, outcome.reply_code) == (
        "hard_bounce",
        "hand-over",
        "5.1.1",
        "550",
    )
    reader = Reader.objects.get(email="reader003@example.org")
    suppression = suppression_of(reader)
    assert suppression is not None
    assert (suppression.reason, suppression.sentence) == ("hard_bounce", "the mailbox does not exist")
    assert suppression.evidence == outcome
    assert "User unknown" in outcome.diagnostic
    assert JournalEntry.objects.get(act="suppressed").by == "hand-over"
    monday = printed(FRIDAY + 3 * DAY)
    assert plan(monday, NIGHT).made == 7
    lift(suppression, by="Ines", at=BERLIN_SIX + DAY)
    assert plan(monday, NIGHT).made == 1


def test_the_line_says_what_the_refusal_means_and_the_edition_counts_it_once() -> None:
    planned(3)
    with at_work(refusing(DEAD, "reader002")) as config:
        deliver(config)
    edition = Delivery.objects.all()[0].edition
    (line,) = ReaderLines(edition, BERLIN_SIX, "refused")
    assert line.outcome == "Refused: the mailbox does not exist."
    assert status_of(edition, BERLIN_SIX).outcomes["hard_bounce"] == 0
    assert summary(edition, BERLIN_SIX).endswith("1 refused")


@pytest.mark.parametrize(
    ("answer", "kind", "meaning"),
    [
        ("553 5.1.3 no such address", "hard_bounce", "no such mailbox"),
        ("550 5.1.10 Recipient not found by SMTP address lookup", "hard_bounce", "no such mailbox"),
        ("551 User not local; please try <new@example.org>", "hard_bounce", "moved"),
        ("550 no such user here", "hard_bounce", "no such mailbox"),
        ("552 5.2.2 mailbox full", "soft_bounce", "mailbox full"),
        ("550 5.2.1 mailbox disabled", "soft_bounce", "mailbox disabled"),
        ("554 5.7.1 Relay access denied", "soft_bounce", "sender refused"),
        ("550 5.7.1 Client host blocked using zen.spamhaus.org", "soft_bounce", "blocked"),
    ],
)
def test_refusals_are_read_as_bounces_are(answer: str, kind: str, meaning: str) -> None:
    planned(6)
    with at_work(refusing(answer)) as config:
        deliver(config)
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.meaning) == (kind, meaning)
    assert Suppression.objects.exists() == (kind == "hard_bounce")


def test_user_unknown_after_the_whole_mail_is_a_filters_word() -> None:
    planned(1)
    with at_work(Relay(lambda relay, what: "550 User unknown" if what == "." else "250 fine")) as config:
        deliver(config)
    assert Delivery.objects.get().reason == "The mail server refused the text: 550 User unknown"
    assert Outcome.objects.get().kind == "soft_bounce"
    assert not Suppression.objects.exists()


def test_five_mornings_of_a_full_mailbox_over_a_week_suppress() -> None:
    many_readers(2)
    with at_work(refusing("552 5.2.2 mailbox full", "reader001")) as config:
        for day in (0, 3, 4, 5, 6):
            plan(printed(FRIDAY + day * DAY), NIGHT)
            deliver(config, BERLIN_SIX + day * DAY)
        assert not Suppression.objects.exists()
        plan(printed(FRIDAY + 10 * DAY), NIGHT)
        deliver(config, BERLIN_SIX + 10 * DAY)
    assert Suppression.objects.get().sentence == "the mailbox is full"
    assert Outcome.objects.count() == 6


def test_refusals_that_are_about_us_never_suppress() -> None:
    many_readers(2)
    with at_work(refusing("554 5.7.1 Relay access denied", "reader001")) as config:
        for day in (0, 3, 4, 5, 6, 10, 11):
            plan(printed(FRIDAY + day * DAY), NIGHT)
            deliver(config, BERLIN_SIX + day * DAY)
    assert Outcome.objects.count() == 7
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("readers", [12, 70])
def test_a_server_that_knows_nobody_means_us_and_nobody_is_suppressed(readers: int) -> None:
    many_readers(readers)
    spread_over(12)
    plan(printed(), NIGHT)
    knows_nobody = Relay(lambda relay, what: "550 5.1.1 User unknown" if what != "." else "250 fine")
    with at_work(knows_nobody) as config:
        assert "means us" in deliver(config).trouble
        assert deliver(config, BERLIN_SIX + HOUR).trouble
    assert (states(), Outcome.objects.count(), Suppression.objects.count()) == ({"due": readers}, 0, 0)


def test_an_address_that_cannot_be_written_to_has_no_outcome() -> None:
    planned(2)
    Reader.objects.filter(email="reader001@example.org").update(email="réader@example.org")
    with at_work(Relay()) as config:
        assert deliver(config) == Sent(handed_over=1, refused=1)
    assert not Outcome.objects.exists()
    assert not Delivery.objects.filter(state="refused", claim__isnull=False).exists()


def killed_before_it_judged(rows: int, *, handed_over: int = 0) -> uuid.UUID:
    """A ledger as a worker leaves it that was killed after it marked its refusals; its claim."""
    claim = uuid.uuid4()
    folder = Path(settings.CONFIG.data) / "claims"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(claim)).touch()
    keys = list(Delivery.objects.order_by("reader").values_list("pk", flat=True))
    facts = {"claim": claim, "claimed_at": BERLIN_SIX, "attempts": 1}
    reason = "The mail server refused: 550 5.1.1 User unknown"
    Delivery.objects.filter(pk__in=keys[:rows]).update(**facts, state="refused", reason=reason)
    run = PressRun.objects.get()
    Delivery.objects.filter(pk__in=keys[rows : rows + handed_over]).update(
        **facts, state="handed_over", handed_over_at=BERLIN_SIX, run=run
    )
    return claim


def test_what_a_killed_worker_was_told_is_kept_by_the_next_one_once() -> None:
    planned(4)
    killed_before_it_judged(2)
    with at_work(Relay()) as config:
        assert deliver(config) == Sent(handed_over=2)
        assert deliver(config) == Sent()
    assert Outcome.objects.filter(kind="hard_bounce").count() == 2
    assert Suppression.objects.count() == 2
    assert JournalEntry.objects.filter(act="suppressed").count() == 2


@pytest.mark.parametrize(("handed_over", "suppressed"), [(0, 0), (1, 12)])
def test_what_a_killed_worker_was_told_everywhere_means_us_unless_somebody_was_taken(
    handed_over: int, suppressed: int
) -> None:
    many_readers(13)
    spread_over(13)
    plan(printed(), NIGHT)
    killed_before_it_judged(12, handed_over=handed_over)
    with at_work(Relay()) as config:
        deliver(config)
        assert Suppression.objects.count() == suppressed
        deliver(config, BERLIN_SIX + HOUR)
    assert states().get("refused", 0) == suppressed


def test_refusals_of_a_worker_that_still_lives_are_its_own_to_judge() -> None:
    planned(1)
    with new_claim() as claim, at_work(Relay()) as config:
        reason = "The mail server refused: 550 5.1.1 User unknown"
        Delivery.objects.update(state="refused", claim=claim, claimed_at=BERLIN_SIX, reason=reason)
        deliver(config, BERLIN_SIX + 2 * HOUR)
        assert not Outcome.objects.exists()
    with at_work(Relay()) as config:
        deliver(config, BERLIN_SIX + 2 * HOUR)
    assert Outcome.objects.count() == 1
