"""Background work of circulation. A task only says “look now”; the due rows are the truth."""

from __future__ import annotations

import logging
from dataclasses import asdict

from django.conf import settings
from django_tasks import task

from daybreak.circulation.joining import forget_old_ways_in
from daybreak.circulation.notices import send_due_notices
from daybreak.circulation.rates import forget_old_knocks
from daybreak.common.clock import now
from daybreak.common.dkim import signer
from daybreak.common.post import SigningPost, open_post

log = logging.getLogger(__name__)


@task()
def deliver_notices() -> dict[str, int]:
    """Hand over the letters that are due; how many were sent, put off and failed."""
    config = settings.CONFIG
    with open_post(config) as post:
        signed = SigningPost(post, signer(config, config.notices_from))
        counts = send_due_notices(signed, now(), config.site_url, config.notices_from, config.paper_name)
    if counts.put_off or counts.failed:
        log.warning("Letters to readers: %s sent, %s put off, %s failed.", *asdict(counts).values())
    return asdict(counts)


@task()
def forget_what_is_over() -> int:
    """Delete the ways in and the counted knocks whose time is over; how many rows."""
    at = now()
    return forget_old_ways_in(at) + forget_old_knocks(at)
