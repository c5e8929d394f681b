"""Alarms by a moved clock: raised once, told once by each way, taken by name, over when the danger is."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings as django_settings
from django.test import Client

from daybreak.accounts.models import User
from daybreak.circulation.models import Reader
from daybreak.common.config import Config
from daybreak.common.dkim import make_keys
from daybreak.common.post import Post, TryLater
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.commands import deliver as deliver_command
from daybreak.delivery.mending.settling import settle_all
from daybreak.delivery.models import Alarm, Delivery, Telling
from daybreak.delivery.planning import plan
from daybreak.delivery.watch.alarms import clear_alarm, keep_in_step, out_of_step, raise_alarm, see
from daybreak.delivery.watch.board import house_lines
from daybreak.delivery.watch.telling import tell_what_is_due
from tests.delivery.ledger import AUCKLAND_SIX, BERLIN_SIX, FRIDAY, NIGHT, RememberingPost, parsed, printed

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
LATE = AUCKLAND_SIX - 10 * MINUTE


@pytest.fixture
def told_by_mail(db: None) -> Config:
    """The newsroom of a paper that appears, with somebody to tell."""
    printed(FRIDAY - dt.timedelta(days=1), NIGHT - dt.timedelta(days=1))
    config: Config = replace(django_settings.CONFIG, alarm_mail="night@paper.example", alarm_webhook="")
    return config


@contextmanager
def away() -> Iterator[Post]:
    raise TryLater("The mail server is away.")
    yield


def tell(post: RememberingPost, at: dt.datetime, config: Config) -> int:
    @contextmanager
    def the_post() -> Iterator[Post]:
        yield post

    return tell_what_is_due(at, config, the_post)


def test_nothing_approved_by_the_cut_off_rings_once(ada: Reader, told_by_mail: Config) -> None:
    post = RememberingPost()
    assert not out_of_step(NIGHT)
    assert out_of_step(LATE)
    assert keep_in_step(LATE, told_by_mail) == (1, 0)
    assert keep_in_step(LATE + MINUTE, told_by_mail) == (0, 0)
    assert tell(post, LATE, told_by_mail) == 1
    assert tell(post, LATE + MINUTE, told_by_mail) == 0
    (recipient, message) = post.taken[0]
    assert recipient == "night@paper.example"
    assert "06:00 in Auckland" in parsed(message).get_content()
    assert not out_of_step(LATE + MINUTE)


def test_an_alarm_is_signed_as_all_mail_of_its_address_is(told_by_mail: Config, tmp_path: Path) -> None:
    config = replace(told_by_mail, data=tmp_path)
    make_keys(config)
    post = RememberingPost()
    raise_alarm(("mail server", "mail"), "It does not answer.", LATE, config)
    assert tell(post, LATE, config) == 1
    assert len(parsed(post.taken[0][1]).get_all("DKIM-Signature", [])) == 2


def test_what_is_over_is_told_too(ada: Reader, told_by_mail: Config) -> None:
    post = RememberingPost()
    keep_in_step(LATE, told_by_mail)
    tell(post, LATE, told_by_mail)
    printed(at=LATE + MINUTE)
    assert keep_in_step(LATE + 2 * MINUTE, told_by_mail) == (0, 1)
    assert tell(post, LATE + 2 * MINUTE, told_by_mail) == 1
    assert [parsed(message)["Subject"].split(":")[0] for _, message in post.taken] == ["Alarm", "Over"]


def test_an_alarm_nobody_was_told_of_needs_no_all_clear(ada: Reader, told_by_mail: Config) -> None:
    post = RememberingPost()
    keep_in_step(LATE, told_by_mail)
    printed(at=LATE + MINUTE)
    keep_in_step(LATE + 2 * MINUTE, told_by_mail)
    assert tell(post, LATE + 3 * MINUTE, told_by_mail) == 0


def test_what_could_not_be_told_is_told_later(ada: Reader, told_by_mail: Config) -> None:
    keep_in_step(LATE, told_by_mail)
    assert tell_what_is_due(LATE, told_by_mail, away) == 0
    assert Telling.objects.get().last_error == "The mail server is away."
    post = RememberingPost()
    assert tell(post, LATE, told_by_mail) == 0, "not before its wait is over"
    assert tell(post, LATE + MINUTE, told_by_mail) == 1


def test_an_alarm_can_ring_again(told_by_mail: Config) -> None:
    key = ("mail server", "mail")
    assert raise_alarm(key, "It is away.", NIGHT, told_by_mail)
    assert not raise_alarm(key, "It is away.", NIGHT + MINUTE, told_by_mail)
    assert clear_alarm(key, NIGHT + MINUTE, told_by_mail)
    assert not clear_alarm(key, NIGHT + MINUTE, told_by_mail)
    assert raise_alarm(key, "It is away.", NIGHT + 2 * MINUTE, told_by_mail)
    assert Alarm.objects.count() == 2


def test_what_a_clock_ahead_of_its_time_raised_is_over_when_it_is_right_again(
    ada: Reader, told_by_mail: Config
) -> None:
    week, post = dt.timedelta(days=7), RememberingPost()
    keep_in_step(LATE + week, told_by_mail)
    tell_what_is_due(LATE + week, told_by_mail, away)
    assert Alarm.objects.filter(cleared_at=None).exists()
    assert keep_in_step(NIGHT, told_by_mail)[1] == 1
    assert not Alarm.objects.filter(cleared_at=None).exists()
    tell(post, NIGHT, told_by_mail)
    assert [parsed(message)["Subject"].split(":")[0] for _, message in post.taken] == ["Over"]


def test_a_message_that_a_clock_ahead_of_its_time_put_off_is_told_soon(told_by_mail: Config) -> None:
    ahead = NIGHT + dt.timedelta(days=7)
    raise_alarm(("mail server", "mail"), "It is away.", ahead, told_by_mail)
    tell_what_is_due(ahead, told_by_mail, away)
    assert out_of_step(NIGHT)
    assert tell(RememberingPost(), NIGHT, told_by_mail) == 1


def test_what_another_process_raised_a_moment_later_is_not_cleared(told_by_mail: Config) -> None:
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT + MINUTE, told_by_mail)
    assert not clear_alarm(("mail server", "mail"), NIGHT, told_by_mail)


def test_a_doubt_is_not_over_because_its_morning_is(ben: Reader, told_by_mail: Config) -> None:
    edition = printed()
    plan(edition, NIGHT)
    Delivery.objects.update(state="in_doubt", run=edition.press_runs.get())
    keep_in_step(BERLIN_SIX, told_by_mail)
    later = BERLIN_SIX + dt.timedelta(days=3)
    keep_in_step(later, told_by_mail)
    alarm = Alarm.objects.get(kind="doubts")
    assert (alarm.subject, alarm.cleared_at) == ("edition 2022-05-06", None)
    assert alarm.sentence in [line.sentence for line in house_lines(later)]
    settle_all(edition, "arrived", by="Ines", at=later)
    keep_in_step(later + MINUTE, told_by_mail)
    assert Alarm.objects.get(kind="doubts").cleared_at == later + MINUTE


def test_the_board_leaves_the_mail_servers_alarm_alone(told_by_mail: Config) -> None:
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT, told_by_mail)
    assert keep_in_step(NIGHT + MINUTE, told_by_mail) == (0, 0)


def test_an_alarm_is_taken_by_name_and_once(client: Client, told_by_mail: Config) -> None:
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT, told_by_mail)
    alarm = Alarm.objects.get()
    with pytest.raises(Misused):
        see(alarm.pk, by=" ", at=NIGHT)
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    assert client.get(f"/desk/board/alarms/{alarm.pk}/").status_code == 405
    assert "Taken: It is away." in client.post(
        f"/desk/board/alarms/{alarm.pk}/", follow=True
    ).content.decode().replace("&#x27;", "'")
    with pytest.raises(Refused, match="Ines has taken"):
        see(alarm.pk, by="Ben", at=NIGHT)


class Hook(BaseHTTPRequestHandler):
    """A chat service: keeps what it is told, answers what it is told to answer."""

    heard: list[dict[str, Any]]
    letters: list[tuple[dict[str, str], bytes]]
    endpoint: str
    answer = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append(json.loads(body))
        self.letters.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.answer)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[type[Hook]]:
    kind: type[Hook] = type("OneHook", (Hook,), {"heard": [], "letters": [], "answer": 200})
    server = HTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kind.endpoint = f"127.0.0.1:{server.server_port}"
    yield kind
    server.shutdown()
    server.server_close()


def by_hook(hook: Any, *, allowed: bool = True) -> Config:
    config: Config = replace(
        django_settings.CONFIG,
        alarm_mail="",
        alarm_webhook=f"http://{hook.endpoint}/night",
        wire_allow=(hook.endpoint,) if allowed else (),
    )
    return config


def test_a_webhook_is_told_as_json(hook: Any) -> None:
    config = by_hook(hook)
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT, config)
    assert tell_what_is_due(NIGHT, config, away) == 1
    (said,) = hook.heard
    assert said["text"] == "It is away."
    assert (said["kind"], said["subject"], said["news"]) == ("mail server", "mail", "raised")
    assert said["board"].endswith("/desk/board/")


def is_sealed(letter: tuple[dict[str, str], bytes], key: str) -> bool:
    """As a receiver verifies it (Standard Webhooks), written from the specification."""
    headers, body = letter
    secret = base64.b64decode(key.removeprefix("whsec_"))
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return headers["webhook-signature"].split() == [f"v1,{digest}"]


def test_its_receiver_can_tell_that_an_alarm_is_ours_and_new(hook: Any) -> None:
    key = CliRunner().invoke(deliver_command, ["alarm-key"]).output.strip()
    assert len(base64.b64decode(key.removeprefix("whsec_"))) == 32
    config = by_hook(hook)
    hook.answer = 503
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT, config)
    tell_what_is_due(NIGHT, config, away)
    hook.answer = 200
    tell_what_is_due(NIGHT + MINUTE, config, away)
    first, second = hook.letters
    assert is_sealed(first, key)
    assert is_sealed(second, key)
    assert not is_sealed((first[0], first[1].replace(b"away", b"here")), key)
    assert not is_sealed(({**first[0], "webhook-timestamp": second[0]["webhook-timestamp"]}, first[1]), key)
    assert first[0]["webhook-id"] == second[0]["webhook-id"] == hook.heard[0]["id"]
    assert int(first[0]["webhook-timestamp"]) == NIGHT.timestamp()


def test_a_webhook_that_fails_is_tried_again(hook: Any) -> None:
    config = by_hook(hook)
    hook.answer = 503
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT, config)
    assert tell_what_is_due(NIGHT, config, away) == 0
    assert "answered 503" in Telling.objects.get().last_error
    hook.answer = 204
    assert tell_what_is_due(NIGHT + MINUTE, config, away) == 1


def test_what_is_over_is_not_raised_afterwards(hook: Any) -> None:
    config = by_hook(hook)
    hook.answer = 503
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT, config)
    tell_what_is_due(NIGHT, config, away)
    clear_alarm(("mail server", "mail"), NIGHT + MINUTE / 2, config)
    hook.answer = 200
    for minutes in (1, 2, 30):
        tell_what_is_due(NIGHT + minutes * MINUTE, config, away)
    assert [said["news"] for said in hook.heard] == ["raised", "cleared"], "the first was not taken"


def test_a_private_webhook_that_is_not_named_is_not_asked(hook: Any) -> None:
    config = by_hook(hook, allowed=False)
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT, config)
    assert tell_what_is_due(NIGHT, config, away) == 0
    assert hook.heard == []
    assert "name it in DAYBREAK_WIRE_ALLOW" in Telling.objects.get().last_error


def test_the_board_says_who_could_not_be_told(client: Client, hook: Any) -> None:
    config = by_hook(hook)
    hook.answer = 404
    raise_alarm(("mail server", "mail"), "It is away.", NIGHT, config)
    tell_what_is_due(NIGHT, config, away)
    client.force_login(User.objects.create(email="ines@example.org", name="Ines"))
    words = "Not told by webhook yet: The webhook answered 404"
    assert words in client.get("/desk/board/").content.decode()
    hook.answer = 200
    tell_what_is_due(NIGHT + MINUTE, config, away)
    assert words not in client.get("/desk/board/").content.decode()
