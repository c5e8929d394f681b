"""Before the morning: the dry run changes nothing, the test mail is the real one, and seeds get each run first."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dkim
import pytest
from click.testing import CliRunner
from django.conf import settings as django_settings
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Reader
from daybreak.common.config import Config
from daybreak.common.dkim import dns_records, make_keys
from daybreak.common.post import Post, TryLater
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.commands import deliver as deliver_command
from daybreak.delivery.mending.holding import stop
from daybreak.delivery.models import Delivery, SeedMail
from daybreak.delivery.planning import plan
from daybreak.delivery.watch.rehearsing import rehearse, seeds_due, send_seeds, specimen
from daybreak.desk.models import Edition
from daybreak.press.models import PressRun
from tests.delivery.ledger import (
    AUCKLAND_SIX,
    BERLIN_SIX,
    FRIDAY,
    NIGHT,
    RememberingPost,
    deliver,
    many_readers,
    parsed,
    printed,
    states,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def config(settings: Any, tmp_path: Path) -> Config:
    """A newsroom with keys and a data folder of its own, and two seeds."""
    own: Config = replace(settings.CONFIG, data=tmp_path, seeds=("ines@paper.example", "night@paper.example"))
    make_keys(own)
    settings.CONFIG = own
    return own


def seed(post: RememberingPost, at: dt.datetime, config: Config) -> int:
    @contextmanager
    def the_post() -> Iterator[Post]:
        yield post

    return send_seeds(at, config, the_post)


def test_a_dry_run_says_what_the_send_would_be_and_changes_nothing(
    ada: Reader, ben: Reader, config: Config
) -> None:
    edition = printed()
    found = rehearse(edition, NIGHT, config)
    assert (found.mails, found.waves, found.signatures) == (2, 2, 2)
    assert found.first is not None and found.first.at == AUCKLAND_SIX
    assert found.hindrances == ()
    assert found.foreign_links == ()
    assert {"List-Unsubscribe", "DKIM-Signature", "Message-ID"} <= set(found.headers)
    assert not Delivery.objects.exists()


def test_a_dry_run_before_the_press_names_what_is_missing(ada: Reader, config: Config) -> None:
    edition = Edition.objects.create(date=FRIDAY, created_at=NIGHT)
    assert rehearse(edition, NIGHT, config).hindrances == (
        "The edition is not printed: approve it, and the press takes it.",
    )


def test_an_unsigned_mail_is_a_hindrance(ada: Reader, config: Config, tmp_path: Path) -> None:
    bare = replace(config, data=tmp_path / "bare")
    (hindrance,) = rehearse(printed(), NIGHT, bare).hindrances
    assert "daybreak mail keys" in hindrance


def test_the_rate_is_that_of_the_last_editions(config: Config) -> None:
    many_readers(120)
    thursday = printed(FRIDAY - dt.timedelta(days=1), NIGHT - dt.timedelta(days=1))
    plan(thursday, NIGHT - dt.timedelta(days=1))
    deliver(RememberingPost(), BERLIN_SIX - dt.timedelta(days=1))
    found = rehearse(printed(), NIGHT, config)
    assert found.rate == 2.0
    assert found.minutes_largest_wave == 1.0


def test_a_small_first_wave_does_not_make_the_rate(config: Config) -> None:
    many_readers(120)
    Reader.objects.filter(email="reader000@example.org").update(time_zone="Pacific/Auckland")
    day = dt.timedelta(days=1)
    plan(printed(FRIDAY - day, NIGHT - day), NIGHT - day)
    for at in (AUCKLAND_SIX - day, BERLIN_SIX - day):
        deliver(RememberingPost(), at)
    assert rehearse(printed(), NIGHT, config).rate == 1.98


def test_a_paper_too_small_to_tell_says_nothing_of_the_rate(config: Config) -> None:
    many_readers(20)
    day = dt.timedelta(days=1)
    plan(printed(FRIDAY - day, NIGHT - day), NIGHT - day)
    deliver(RememberingPost(), BERLIN_SIX - day)
    found = rehearse(printed(), NIGHT, config)
    assert (found.rate, found.minutes_largest_wave) == (None, None)


def test_a_specimen_is_the_real_mail_marked_and_signed(ada: Reader, config: Config) -> None:
    edition = printed()
    mail = specimen(edition.press_runs.get(), config, "ines@paper.example", NIGHT, "[test]")
    assert parsed(mail)["Subject"] == "[test] Terms of Departure – été"
    assert parsed(mail)["To"] == "ines@paper.example"
    records = {name.encode(): value.encode() for name, _, value in dns_records(config)}
    assert dkim.verify(mail, dnsfunc=lambda name, timeout=5: records[name.rstrip(b".")])
    assert not Reader.objects.filter(email="ines@paper.example").exists()


def test_the_test_verb_hands_over_and_leaves_the_ledger_alone(ada: Reader, config: Config) -> None:
    printed()
    done = CliRunner().invoke(deliver_command, ["test", "2022-05-06", "--to", "ines@paper.example"])
    assert done.output == "Handed over to ines@paper.example.\n"
    (laid,) = (config.data / "outbox").glob("*.eml")
    assert b"Subject: [test] " in laid.read_bytes() or b"Subject: [test]" in laid.read_bytes()
    assert states() == {}
    wrong = CliRunner().invoke(deliver_command, ["test", "2022-05-06", "--to", "nobody at all"])
    assert isinstance(wrong.exception, Misused)


def test_the_dry_run_verb(ada: Reader, config: Config) -> None:
    Edition.objects.create(date=FRIDAY, created_at=NIGHT)
    done = CliRunner().invoke(
        deliver_command, ["dry-run", "2022-05-06", "--json", "--at", "2022-05-05T16:00:00Z"]
    )
    assert isinstance(done.exception, Refused)
    assert json.loads(done.output)["mails"] == 1


def test_a_dry_run_tells_links_to_elsewhere_in_one_line(
    pressed: PressRun, ada: Reader, config: Config
) -> None:
    done = CliRunner().invoke(deliver_command, ["dry-run", "2022-05-06", "--at", "2022-05-05T16:00:00Z"])
    (line,) = [line for line in done.output.splitlines() if "elsewhere" in line]
    assert line.startswith("4 links lead elsewhere: https://gazette.example/paris, ")
    assert line.endswith(" and 1 more (--json lists them).")
    assert "mailto:" not in done.output
    found = rehearse(pressed.edition, NIGHT, config)
    assert len(found.foreign_links) == 4


def test_what_keeps_a_seed_is_told_by_the_dry_run_and_on_the_editions_page(
    ada: Reader, config: Config, client: Client
) -> None:
    edition = printed()

    def one_away(recipient: str, number: int) -> None:
        if recipient == "night@paper.example":
            raise TryLater("451 <b>Busy</b>")

    seed(RememberingPost(one_away), AUCKLAND_SIX, config)
    done = CliRunner().invoke(deliver_command, ["dry-run", "2022-05-06", "--at", "2022-05-05T18:00:00Z"])
    assert "Seed ines@paper.example: sent 2022-05-05 18:00 UTC.\n" in done.output
    assert "Seed night@paper.example: not sent after 1 try. 451 <b>Busy</b>\n" in done.output
    assert [each.trouble for each in rehearse(edition, NIGHT, config).seeds] == ["", "451 <b>Busy</b>"]
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    page = client.get("/desk/deliveries/2022-05-06/").content.decode()
    assert "not sent after 1 try</span>. 451 &lt;b&gt;Busy&lt;/b&gt;." in page
    assert "ines@paper.example: sent <time" in page


def test_an_edition_printed_days_ahead_is_seeded_all_the_same(ada: Reader, config: Config) -> None:
    printed(at=NIGHT - dt.timedelta(days=2))
    assert seed(RememberingPost(), AUCKLAND_SIX - 19 * MINUTE, config) == 2


def test_a_stopped_edition_is_not_seeded(ada: Reader, config: Config) -> None:
    stop(printed(), by="Ines", at=NIGHT, reason="It was wrong.")
    near = AUCKLAND_SIX - 19 * MINUTE
    assert not seeds_due(near, config)
    assert seed(RememberingPost(), near, config) == 0


def test_seeds_get_a_run_twenty_minutes_before_its_first_readers_and_once(
    ada: Reader, config: Config
) -> None:
    post = RememberingPost()
    printed()
    early = AUCKLAND_SIX - 21 * MINUTE
    assert not seeds_due(early, config)
    assert seed(post, early, config) == 0
    near = AUCKLAND_SIX - 19 * MINUTE
    assert seeds_due(near, config)
    assert seed(post, near, config) == 2
    assert seed(post, near + MINUTE, config) == 0
    assert not seeds_due(near + MINUTE, config)
    assert post.recipients == ["ines@paper.example", "night@paper.example"]
    assert parsed(post.taken[0][1])["Subject"].startswith("[seed] ")


def test_a_run_printed_anew_is_seeded_anew(ada: Reader, config: Config) -> None:
    post = RememberingPost()
    printed()
    seed(post, AUCKLAND_SIX, config)
    printed(at=NIGHT + MINUTE)
    assert seed(post, AUCKLAND_SIX + MINUTE, config) == 2


def test_a_seed_that_was_put_off_is_tried_again_and_not_the_day_after(ada: Reader, config: Config) -> None:
    def away(recipient: str, number: int) -> None:
        raise TryLater("Busy.")

    printed()
    assert seed(RememberingPost(away), AUCKLAND_SIX, config) == 0
    assert set(SeedMail.objects.values_list("last_error", flat=True)) == {"Busy."}
    assert seed(RememberingPost(), AUCKLAND_SIX + dt.timedelta(days=3), config) == 0
    assert seed(RememberingPost(), AUCKLAND_SIX + 3 * MINUTE, config) == 2


def test_without_seeds_nobody_looks(ada: Reader) -> None:
    printed()
    assert not seeds_due(AUCKLAND_SIX, django_settings.CONFIG)
