"""Background work of the press."""

from __future__ import annotations

import logging

from django_tasks import task

from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.press.failing import note_failure
from daybreak.press.house import paper, voice
from daybreak.press.printing import editions_due, press
from daybreak.press.voice import VoiceError

log = logging.getLogger(__name__)


@task()
def press_what_is_approved() -> int:
    """Press every approved edition that has no run yet; how many were pressed. One that fails does not stop the rest."""
    done = 0
    for edition in editions_due(now()):
        try:
            press(edition, paper=paper(), voice=voice, at=now(), by="the clock")
            done += 1
        except (Refused, VoiceError, OSError) as error:
            note_failure(edition, error, now())
            log.error("The edition of %s was not pressed: %s", edition.date, error)
    return done
