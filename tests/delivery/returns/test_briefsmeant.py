"""A reply is tied to the brief that it is about, by its subject or by what it quotes, and to no other."""

from __future__ import annotations

import datetime as dt
from email.header import Header
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Reader
from daybreak.delivery.letters import letter_of
from daybreak.delivery.models import Delivery, Reply
from daybreak.delivery.returns.incoming import take_in
from daybreak.desk.models import Brief, Correction, Section
from daybreak.press.models import PressRun, PrintedBrief
from daybreak.press.writingin import link_about
from tests.delivery.ledger import BERLIN_SIX, FRIDAY, NIGHT, parsed, printed
from tests.delivery.returned import mail

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
LATER = BERLIN_SIX + dt.timedelta(hours=1)
MALI, OIL = "Of Their Own Accord", "A Slippery Consensus"


def print_briefs(
    *headlines: str, day: dt.date = FRIDAY, title: str = "", at: dt.datetime = NIGHT
) -> list[Brief]:
    """One more run of the edition of `day` with briefs of these headlines, the first of them its lead."""
    edition = printed(day, at=at)
    run = edition.press_runs.order_by("-number")[0]
    PressRun.objects.filter(pk=run.pk).update(manuscript={**run.manuscript, "title": title})
    for position, headline in enumerate(headlines):
        Brief.objects.get_or_create(
            edition=edition,
            slug=f"brief-{position}",
            defaults={"section": Section.objects.all()[0], "position": position, "updated_at": at},
        )
        PrintedBrief.objects.create(
            run=run,
            position=position,
            slug=f"brief-{position}",
            headline=headline,
            text=f"All of {headline}.",
        )
        Brief.objects.filter(edition=edition, slug=f"brief-{position}").update(headline=headline)
    return list(edition.briefs.order_by("position"))


def brief_of(subject: str, text: str = "Why?", answers: Delivery | None = None) -> Brief | None:
    """The brief to which a mail of Ben's is tied."""
    heads = [f"In-Reply-To: <{answers.pk}@paper.example>"] if answers else []
    assert take_in(mail(subject, text, *heads), LATER) == "reply"
    return Reply.objects.latest("pk").brief


def handed(reader: Reader, run: PressRun, **fields: object) -> Delivery:
    """A run, handed over to a reader at night."""
    return Delivery.objects.create(
        edition=run.edition,
        reader=reader,
        run=run,
        due_at=NIGHT,
        not_after=BERLIN_SIX,
        state="handed_over",
        handed_over_at=NIGHT,
        **fields,
    )


def subject_of_link(headline: str, day: dt.date = FRIDAY) -> str:
    return parse_qs(urlsplit(link_about(headline, day)).query)["subject"][0]


def test_a_mail_by_the_printed_link_is_about_its_brief(ben: Reader) -> None:
    _, oil = print_briefs(MALI, OIL)
    assert brief_of(subject_of_link(OIL)) == oil
    assert brief_of(f"Re: {subject_of_link(OIL).upper()}") == oil
    assert brief_of(f"A typo in {subject_of_link(OIL)}") == oil
    reply = Reply.objects.latest("pk")
    assert (reply.reader, reply.delivery) == (ben, None)


def test_the_link_of_a_stranger_leads_there_as_well(db: None) -> None:
    _, oil = print_briefs(MALI, OIL)
    assert brief_of(subject_of_link(OIL)) == oil


def test_a_subject_in_encoded_words_is_read(ben: Reader) -> None:
    (brief,) = print_briefs("Été: „Wörter“ — 言葉, " + "wird umbenannt " * 12)
    subject = Header(subject_of_link(brief.headline), "utf-8", header_name="Subject").encode(linesep="\r\n")
    assert "\r\n" in subject
    assert brief_of(subject) == brief


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?b?not base64?= (2022-05-06)", "=?x-none?q?a?= (2022-05-06)", "(2022-05-06)", "()", "Re:"],
)
def test_a_broken_subject_names_nothing(ben: Reader, subject: str) -> None:
    print_briefs(MALI, OIL)
    assert brief_of(subject) is None


def test_headlines_that_contain_each_other_are_told_apart(ben: Reader) -> None:
    short, long, _ = print_briefs("Mali", "Mali Leaves", "Leaves")
    assert brief_of(subject_of_link("Mali")) == short
    assert brief_of(subject_of_link("Mali Leaves")) == long
    assert brief_of(f"Again: {subject_of_link('Mali Leaves')}") == long


def test_one_headline_on_two_days_is_told_apart_by_the_day_in_the_link(ben: Reader) -> None:
    thursday, friday = (print_briefs(MALI, OIL, day=day)[1] for day in (FRIDAY - DAY, FRIDAY))
    assert brief_of(subject_of_link(OIL, FRIDAY - DAY)) == thursday
    assert brief_of(subject_of_link(OIL)) == friday


def test_without_the_day_the_readers_own_edition_counts_else_the_latest(ben: Reader) -> None:
    thursday, friday = (print_briefs(MALI, OIL, day=day)[1] for day in (FRIDAY - DAY, FRIDAY))
    assert brief_of(OIL) == friday
    handed(ben, thursday.edition.press_runs.get())
    assert brief_of(OIL, "Again: why?") == thursday


def test_a_subject_that_is_the_editions_own_is_of_the_whole(ben: Reader) -> None:
    print_briefs(MALI, OIL)
    assert brief_of(f"Re: {MALI}") is None
    assert brief_of(subject_of_link(MALI)) is not None


def test_a_link_of_years_ago_leads_to_a_brief_that_was_renamed_and_taken_out_since(ben: Reader) -> None:
    day, at = dt.date(2019, 3, 1), NIGHT - dt.timedelta(days=1200)
    (brief,) = print_briefs(MALI, day=day, at=at)
    print_briefs("By Their Own Leave", day=day, at=at + DAY)
    Brief.objects.filter(pk=brief.pk).update(removed_at=at + 2 * DAY)
    assert brief_of(subject_of_link(MALI, day)) == brief
    assert brief_of(subject_of_link("By Their Own Leave", day)) == brief


def test_a_reply_that_quotes_one_brief_of_its_edition_is_about_that(ben: Reader) -> None:
    _, oil = print_briefs(MALI, OIL)
    delivery = handed(ben, oil.edition.press_runs.get())
    assert brief_of("Re: Terms", f"Why?\r\n> {OIL}", delivery) == oil
    assert brief_of("Re: Terms", f"Why?\r\n> {MALI}\r\n> {OIL}", delivery) is None
    assert brief_of("Re: Terms", f"{OIL}, why?", delivery) is None
    assert brief_of(f"Re: {OIL}", "Why?", delivery) is None


def test_of_a_corrected_edition_the_run_that_the_reader_has_is_compared(ben: Reader) -> None:
    brief, _ = print_briefs(MALI, OIL)
    first = brief.edition.press_runs.get()
    print_briefs("By Their Own Leave", OIL, at=NIGHT + DAY)
    delivery = handed(ben, first)
    assert brief_of("Re: Terms", f"> {MALI}", delivery) == brief
    assert brief_of("Re: Terms", "> By Their Own Leave", delivery) is None


def test_an_answer_to_a_correction_is_about_what_was_corrected(ben: Reader) -> None:
    brief, _ = print_briefs(MALI, OIL)
    for slug, about in ((brief.slug, brief), ("", None)):
        note = Correction.objects.create(
            edition=brief.edition, slug=slug, note="x", by="Ines", at=LATER + len(slug) * DAY
        )
        delivery = handed(ben, brief.edition.press_runs.get(), correction=note)
        assert brief_of(f"Re: Correction: {MALI}", f"Thank you{slug}.", delivery) == about


def test_a_machines_answer_is_about_no_brief(ben: Reader) -> None:
    print_briefs(MALI, OIL)
    take_in(mail(subject_of_link(OIL), "Away.", "Auto-Submitted: auto-replied"), LATER)
    assert Reply.objects.get().brief is None


def test_a_reply_outlives_its_brief(ben: Reader) -> None:
    _, oil = print_briefs(MALI, OIL)
    assert brief_of(subject_of_link(OIL)) == oil
    oil.delete()
    assert Reply.objects.get().brief is None


def test_the_site_and_the_letter_fill_in_whom_the_link_writes_to(pressed: PressRun, ben: Reader) -> None:
    link = link_about("Crumbs from Halley’s Table", FRIDAY).replace("%%EDITOR%%", settings.CONFIG.mail_from)
    message = parsed(letter_of(pressed, settings.CONFIG).to(ben, "1", LATER))
    for kind in ("html", "plain"):
        body = message.get_body((kind,))
        assert body is not None
        assert body.get_content().count(link) == 1
    staff = Client()
    staff.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    for page in ("/2022/05/06/", "/2022/05/06/crumbs/"):
        served = staff.get(page).content.decode()
        assert served.count(link) == 1
        assert "%%" not in served
