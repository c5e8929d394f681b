"""Background work of delivery."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django_tasks import task

from daybreak.common.clock import now
from daybreak.common.config import Config
from daybreak.common.post import PostError, SmtpPost, open_post
from daybreak.common.refusal import Refused
from daybreak.delivery.handover.crew import deliver_in_force
from daybreak.delivery.planning import plan_all
from daybreak.delivery.returns.mailfiles import take_in_mailbox
from daybreak.delivery.sending import sending_due
from daybreak.delivery.watch.alarms import MAIL_SERVER, clear_alarm, is_open, keep_in_step, raise_alarm
from daybreak.delivery.watch.board import boards
from daybreak.delivery.watch.rehearsing import seeds_due, send_seeds
from daybreak.delivery.watch.telling import tell_what_is_due

log = logging.getLogger(__name__)


@task(queue_name="mail")
def send_mornings() -> dict[str, Any]:
    """Plan what was printed and hand over what is due: the counts of both. Safe to run often, late or twice at once."""
    planned = plan_all(now())
    sent = deliver_in_force(now)
    if sent.trouble:
        log.warning("Mornings: %s What was not handed over stays due.", sent.trouble)
    return {**asdict(planned), **asdict(sent)}


@task(queue_name="mail")
def plan_mornings() -> dict[str, int]:
    """Plan what was printed, move and drop what readers changed: how many rows of each."""
    return asdict(plan_all(now()))


BEFORE_A_WAVE = dt.timedelta(hours=2)


@task()  # not behind the wire, which may take minutes: an alarm that waits is none
def keep_watch() -> dict[str, int]:
    """Raise and clear alarms as the board has it, and tell who is to be told: how many of each."""
    at = now()
    raised, cleared = keep_in_step(at, settings.CONFIG)
    told = tell_what_is_due(at, settings.CONFIG, lambda: open_post(settings.CONFIG))
    return {"raised": raised, "cleared": cleared, "told": told}


def mail_server_wanted(at: dt.datetime) -> bool:
    """Whether a wave is near, or mails wait, so that the mail server should answer; or it did not when it was asked."""
    if is_open(MAIL_SERVER):
        return True
    if settings.CONFIG.mail is None and settings.CONFIG.provider is None:
        return False
    near = (board for board in boards(at) if board.first and abs(board.first.at - at) <= BEFORE_A_WAVE)
    return any(near) or sending_due(at)


@task()
def ask_mail_server() -> str:
    """Greet the mail server, or ask the provider, before it is needed: an alarm when it does not answer or will have none
    of us; what it said."""
    config = settings.CONFIG
    if config.mail is None and config.provider is None:
        clear_alarm(MAIL_SERVER, now(), config)
        return "There is none."
    if trouble := _trouble_with_provider(config) if config.provider else _trouble_with_server(config):
        raise_alarm(MAIL_SERVER, trouble, now(), config)
        return trouble
    clear_alarm(MAIL_SERVER, now(), config)
    return "It answers."


def _trouble_with_server(config: Config) -> str:
    """Why the mail server takes nothing; "" when it greets us."""
    if config.mail is None:
        return ""
    post = SmtpPost(config.mail)
    try:
        post.greet()
    except PostError as error:
        return str(error)
    finally:
        post.close()
    return ""


def _trouble_with_provider(config: Config) -> str:
    """Why no mail leaves by the provider; "" when nothing that it tells says so. What is merely amiss, doctor says."""
    # Imported here: its library is heavy, and most papers ask no provider.
    from daybreak.common.providercheck import check

    if config.provider is None:
        return ""
    told = check(config.provider, config.mail_from, 1, now())  # one reader: is anything left at all?
    return " ".join(each.sentence for each in told if each.stops)


@task()
def seed() -> int:
    """Send the seeds what they are to see before the readers do; how many mails."""
    return send_seeds(now(), settings.CONFIG, lambda: open_post(settings.CONFIG))


def seeding_due(at: dt.datetime) -> bool:
    """Whether a seed waits."""
    return seeds_due(at, settings.CONFIG)


@task(queue_name="long")
def take_in_mail() -> dict[str, int]:
    """Look into the mailbox of the settings: how many mails of each kind were taken in."""
    box = settings.CONFIG.bounce_mailbox
    if box is None:
        return {}
    try:
        return dict(take_in_mailbox(box, now()))
    except Refused as error:
        log.warning("Bounces: %s The next look tries again.", error)
        return {}
