"""What became of a mail: told once, believed with proof, and acted on by the rule."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak.circulation.models import Notice, Reader
from daybreak.common.models import JournalEntry
from daybreak.common.refusal import Refused
from daybreak.common.returnedmail import BounceMailbox
from daybreak.delivery.commands import deliver as deliver_command
from daybreak.delivery.models import Delivery, Outcome, Reply, Suppression
from daybreak.delivery.planning import plan
from daybreak.delivery.returns.incoming import take_in
from daybreak.delivery.returns.mailfiles import mails_in, take_in_mailbox
from daybreak.delivery.returns.outcomes import Told, record
from daybreak.delivery.returns.suppressing import lift, lift_by_reader, suppression_of, suppressions
from daybreak.delivery.status import ReaderLines, status_of, summary
from tests.delivery.ledger import BERLIN_SIX, FRIDAY, NIGHT, RememberingPost, deliver, printed
from tests.delivery.returned import bounce_of, complaint_about, handed_over, mail

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
LATER = BERLIN_SIX + HOUR


def test_a_hard_bounce_is_told_on_the_edition_and_stops_the_mail_at_once(ben: Reader) -> None:
    delivery = handed_over(ben)
    assert take_in(bounce_of(delivery), LATER) == "bounce"
    (line,) = ReaderLines(delivery.edition, LATER)
    assert line.outcome == "Bounced: the mailbox does not exist."
    assert status_of(delivery.edition, LATER).outcomes["hard_bounce"] == 1
    assert "1 bounced for good" in summary(delivery.edition, LATER)
    suppression = suppression_of(ben)
    assert suppression is not None
    assert (suppression.reason, suppression.since) == ("hard_bounce", LATER)
    assert suppression.evidence is not None
    assert "User unknown" in suppression.evidence.diagnostic
    assert JournalEntry.objects.filter(act="suppressed", subject=f"reader {ben.pk}").count() == 1


def test_the_same_mail_again_changes_nothing(ben: Reader) -> None:
    report = bounce_of(handed_over(ben))
    take_in(report, LATER)
    suppression = suppression_of(ben)
    assert suppression is not None
    lift(suppression, by="Ines", at=LATER)
    take_in(report, LATER + HOUR)
    assert Outcome.objects.count() == 1
    assert suppression_of(ben) is None


def test_a_suppressed_reader_is_not_planned_and_the_ledger_says_why(ben: Reader, ada: Reader) -> None:
    take_in(bounce_of(handed_over(ben)), LATER)
    monday = printed(FRIDAY + 3 * DAY, at=LATER)
    plan(monday, LATER)
    assert [row.reader for row in Delivery.objects.filter(edition=monday)] == [ada]
    (line,) = [line for line in ReaderLines(monday, LATER) if line.email == ben.email]
    assert line.reason == "Suppressed: the mailbox does not exist, since May 6."


def test_a_row_planned_before_the_suppression_is_withdrawn_at_the_claim(ben: Reader) -> None:
    thursday = handed_over(ben, FRIDAY - DAY)
    plan(printed(), NIGHT)
    take_in(bounce_of(thursday), NIGHT + HOUR)
    post = RememberingPost()
    sent = deliver(post, BERLIN_SIX)
    assert (sent.withdrawn, post.recipients) == (1, [])
    assert "suppressed" in Delivery.objects.get(edition__date=FRIDAY).reason


def test_sign_in_codes_are_none_of_its_business(ben: Reader) -> None:
    take_in(bounce_of(handed_over(ben)), LATER)
    assert not [field for field in Notice._meta.get_fields() if "suppress" in field.name]
    ben.refresh_from_db()
    assert ben.mail_stopped_at is None


def test_nobody_is_suppressed_on_a_strangers_word(ben: Reader) -> None:
    assert take_in(bounce_of(handed_over(ben), signed=False), LATER) == "bounce"
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.reader, outcome.address) == ("hard_bounce", None, ben.email)
    assert suppression_of(ben) is None


def test_a_bounce_of_a_forwarded_mail_is_the_readers_all_the_same(ben: Reader) -> None:
    report = bounce_of(handed_over(ben)).replace(ben.email.encode(), b"old@elsewhere.example")
    take_in(report, LATER)
    assert suppression_of(ben) is not None


def soft_bounces(
    reader: Reader, days: int, answer: str = "552 5.2.2 Mailbox full", first: int = 0
) -> dt.datetime:
    """Editions on `days` days in a row, each of which came back; the instant of the last report."""
    at = NIGHT
    for day in range(first, first + days):
        delivery = handed_over(reader, FRIDAY + day * DAY)
        assert delivery.handed_over_at is not None
        at = delivery.handed_over_at + HOUR
        take_in(bounce_of(delivery, answer), at)
    return at


def test_a_full_mailbox_is_given_a_week_and_five_editions(ben: Reader) -> None:
    soft_bounces(ben, 7)
    assert suppression_of(ben) is None
    last = handed_over(ben, FRIDAY + 11 * DAY)
    assert last.handed_over_at is not None
    take_in(bounce_of(last, "552 5.2.2 Mailbox full"), last.handed_over_at + HOUR)
    suppression = suppression_of(ben)
    assert suppression is not None
    assert (suppression.reason, suppression.sentence) == ("soft_bounce", "the mailbox is full")


def test_one_edition_that_stayed_there_starts_the_count_anew(ben: Reader) -> None:
    soft_bounces(ben, 4)
    handed_over(ben, FRIDAY + 4 * DAY)
    soft_bounces(ben, 4, first=9)
    assert suppression_of(ben) is None


def test_a_refusal_that_is_about_us_takes_nobodys_paper_away(ben: Reader) -> None:
    soft_bounces(ben, 12, "554 5.7.1 Client host blocked using zen.spamhaus.org")
    assert suppression_of(ben) is None


def test_a_delay_is_no_failure(ben: Reader) -> None:
    delivery = handed_over(ben)
    take_in(bounce_of(delivery, "451 4.4.1 Connection timed out", action="delayed"), LATER)
    (line,) = ReaderLines(delivery.edition, LATER)
    assert line.outcome.startswith("Delayed: ")


def test_a_complaint_stops_the_mail_and_keeps_its_feedback_id(ben: Reader) -> None:
    assert take_in(complaint_about(handed_over(ben)), LATER) == "complaint"
    suppression = suppression_of(ben)
    assert suppression is not None
    assert suppression.reason == "complaint"
    assert suppression.evidence is not None
    assert suppression.evidence.feedback_id == "2022-05-06:daybreak"


def test_a_report_of_failed_authentication_is_no_complaint(ben: Reader) -> None:
    take_in(complaint_about(handed_over(ben), kind="auth-failure"), LATER)
    assert suppression_of(ben) is None


@pytest.mark.parametrize("report", [bounce_of, complaint_about])
def test_who_speaks_of_a_mail_in_doubt_has_had_it(ben: Reader, report: object) -> None:
    delivery = handed_over(ben, state="in_doubt", handed_over_at=None, claimed_at=BERLIN_SIX)
    take_in(report(delivery), LATER)  # type: ignore[operator]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.handed_over_at) == ("handed_over", BERLIN_SIX)


def test_a_provider_is_believed_by_the_address_and_its_unsubscribe_is_obeyed(ben: Reader) -> None:
    told = Told("hard_bounce", "event-1", LATER, "mailgun", address=ben.email.upper(), trusted=True)
    assert record(told, LATER)
    assert not record(told, LATER)
    assert suppression_of(ben) is not None
    record(Told("unsubscribed", "event-2", LATER, "mailgun", address=ben.email, trusted=True), LATER)
    ben.refresh_from_db()
    assert ben.mail_stopped_at == LATER


def test_a_lift_brings_the_edition_back_and_is_done_once(ben: Reader) -> None:
    take_in(bounce_of(handed_over(ben)), LATER)
    (suppression,) = suppressions()
    lift(suppression, by="Ines", at=LATER + HOUR)
    with pytest.raises(Refused, match="lifted already"):
        lift(suppression, by="Ines", at=LATER + HOUR)
    monday = printed(FRIDAY + 3 * DAY, at=LATER)
    assert plan(monday, LATER + HOUR).made == 1
    assert suppressions(lifted=True).get().lifted_by == "Ines"


def test_a_reader_may_ask_for_the_edition_again_the_day_after(ben: Reader) -> None:
    take_in(bounce_of(handed_over(ben)), LATER)
    with pytest.raises(Refused, match="tomorrow"):
        lift_by_reader(ben, LATER + HOUR)
    lift_by_reader(ben, LATER + DAY)
    assert suppression_of(ben) is None
    lift_by_reader(ben, LATER + DAY)


def test_the_database_holds_one_suppression_a_reader(ben: Reader) -> None:
    take_in(bounce_of(handed_over(ben)), LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Suppression.objects.create(
            reader=ben, address=ben.email, reason="complaint", sentence="x", since=LATER
        )


def test_a_readers_answer_waits_at_the_desk_tied_to_the_edition(ben: Reader) -> None:
    delivery = handed_over(ben)
    answer = mail(
        "Re: Terms", "It was shorter once.\n> And longer.", f"In-Reply-To: <{delivery.pk}@paper.example>"
    )
    assert take_in(answer, LATER) == take_in(answer, LATER) == "reply"
    reply = Reply.objects.get()
    assert (reply.kind, reply.reader, reply.delivery, reply.subject) == ("reply", ben, delivery, "Re: Terms")
    assert reply.text == "It was shorter once.\n> And longer."


@pytest.mark.parametrize(
    ("subject", "header"),
    [
        ("Re: Terms", "Auto-Submitted: auto-replied"),
        ("Re: Terms", "X-Autoreply: yes"),
        ("Automatische Antwort: Terms", "X-Mailer: any"),
        ("=?utf-8?b?UsOpcG9uc2UgYXV0b21hdGlxdWU=?=", "X-Mailer: any"),
        ("Out of Office", "X-Mailer: any"),
        ("Abwesend bis 9. Mai", "X-Mailer: any"),
        ("自動返信", "X-Mailer: any"),
    ],
)
def test_a_machines_answer_is_told_from_a_readers(ben: Reader, subject: str, header: str) -> None:
    assert take_in(mail(subject, "I am back on Monday.", header), LATER) == "out of office"
    assert Reply.objects.get().kind == "out_of_office"


@pytest.mark.parametrize("subject", ["Re: Absent friends of Mali", "Urlaub in Mali?", "Terms"])
def test_a_reader_may_write_of_holidays(ben: Reader, subject: str) -> None:
    assert take_in(mail(subject, "A question."), LATER) == "reply"
    assert take_in(mail("Out of office", "A headline of yours?", "Auto-Submitted: no"), LATER) == "reply"


def test_a_report_that_nobody_can_read_is_a_report_still(ben: Reader) -> None:
    delivery = handed_over(ben)
    to = bounce_of(delivery).split(b"\r\n")[1]
    data = (
        b"From: MAILER-DAEMON@mx.example\r\n"
        + to
        + b"\r\nAuto-Submitted: auto-replied\r\nSubject: \xe3\x81\x82\r\n\r\n?"
    )
    assert take_in(data, LATER) == "bounce"
    assert Outcome.objects.get().delivery == delivery


@pytest.mark.parametrize(
    "data",
    [
        b"From: " + b"(" * 30_000 + b"\r\nTo: " + b"(" * 30_000 + b"\r\n\r\nHello",
        b"From: ada@example.org\r\nSubject: =?utf-7?Q?+2AA-?= \x00\r\nMessage-ID: <\x00@x>\r\n\r\nHello \x00",
        b"From: ada@example.org\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-",
        b'From: ada@example.org\r\nContent-Type: text/plain; charset="a\x00b"\r\n\r\nHello',
        b"From: ada@example.org\r\nContent-Type: text/plain; charset=zlib\r\n\r\nHello",
        b"From: ada@example.org\r\nSubject: \xff\xfe\r\nIn-Reply-To: <\xff@x>\r\n\r\n\xff",
        b"From: ada@example.org\r\nContent-Type: text/plain; charset=idna\r\n\r\nHello \xff",
        b"From: ada@example.org\r\nContent-Type: text/plain; charset=punycode\r\n\r\nHello \xff",
        b"From: ada@example.org\r\nContent-Type: text/plain; charset*=a\x00b'en'x\r\n\r\nHello",
        b"From: ada@example.org\r\nContent-Type: multipart/mixed; boundary*=a\x00b'en'x\r\n\r\nHello",
        b"From: ada@example.org\r\nSubject: =?\xff?q?x?=\r\n\r\nHello",
        b'From: no-reply@x.example\r\n\r\n{"bounce":{"bouncedRecipients":[{"emailAddress":"\\ud800@x.example"}]}}',
        b"X-Failed-Recipients: a\x00b@example.org\r\nFrom: mailer-daemon@x.example\r\n\r\nUser unknown \x00",
    ],
)
def test_no_trick_in_a_mail_stops_those_behind_it(data: bytes, ben: Reader) -> None:
    assert take_in(data, LATER) in ("reply", "nothing", "bounce")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["From", "To", "Subject", "In-Reply-To", "Content-Type", "Auto-Submitted"]),
            st.binary(max_size=60),
        ),
        max_size=6,
    ),
    st.binary(max_size=300),
)
def test_no_bytes_make_the_taking_in_fail(db: None, heads: list[tuple[str, bytes]], body: bytes) -> None:
    take_in(
        b"".join(name.encode() + b": " + value + b"\r\n" for name, value in heads) + b"\r\n" + body, LATER
    )


def test_files_and_folders_of_mail_are_taken_in_once(ben: Reader, tmp_path: Path) -> None:
    report = bounce_of(handed_over(ben))
    eml, mbox, maildir = tmp_path / "one.eml", tmp_path / "box", tmp_path / "maildir"
    eml.write_bytes(report)
    mbox.write_bytes(
        b"From x Fri May  6 04:00:00 2022\n"
        + mail("Re: Terms", "Good.")
        + b"\n"
        + b"From x Fri May  6 04:00:00 2022\n"
        + report
    )
    (maildir / "new").mkdir(parents=True)
    (maildir / "new" / "1.host").write_bytes(mail("Out of office", "Away."))
    files = [str(each) for each in (eml, mbox, maildir)]
    result = CliRunner().invoke(deliver_command, ["bounces", *files, "--json", "--at", LATER.isoformat()])
    assert json.loads(result.output) == {"bounce": 2, "reply": 1, "out of office": 1}
    again = CliRunner().invoke(deliver_command, ["bounces", *files])
    assert again.exit_code == 0
    assert (Reply.objects.count(), Suppression.objects.count()) == (2, 1)
    with pytest.raises(Refused, match="no file"):
        list(mails_in(tmp_path / "missing"))


def test_a_maildir_is_emptied_as_it_is_read(ben: Reader, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.host").write_bytes(bounce_of(handed_over(ben)))
    box = BounceMailbox("maildir", str(tmp_path))
    assert take_in_mailbox(box, LATER) == {"bounce": 1}
    assert take_in_mailbox(box, LATER) == {}
    assert [each.name for each in (tmp_path / "cur").iterdir()] == ["1.host:2,S"]


def test_the_list_of_suppressions_and_the_way_back_on_the_command_line(ben: Reader) -> None:
    run = CliRunner()
    assert "Nobody" in run.invoke(deliver_command, ["suppressions"]).output
    take_in(bounce_of(handed_over(ben)), LATER)
    (row,) = json.loads(run.invoke(deliver_command, ["suppressions", "--json"]).output)
    assert (row["address"], row["reason"]) == (ben.email, "hard_bounce")
    assert "again" in run.invoke(deliver_command, ["lift", ben.email, "--by", "Ines"]).output
    with pytest.raises(Refused, match="holds"):
        run.invoke(deliver_command, ["lift", ben.email, "--by", "Ines"], catch_exceptions=False)
