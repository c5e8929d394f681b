"""Background work of delivery."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django_tasks import task

from daybreak.common.clock import now
from daybreak.common.post import open_post
from daybreak.delivery.planning import plan_all
from daybreak.delivery.sending import deliver_due

log = logging.getLogger(__name__)


@task(queue_name="long")
def send_mornings() -> dict[str, Any]:
    """Plan what was printed and hand over what is due: the counts of both. Safe to run often, late or twice at once."""
    planned = plan_all(now())
    sent = deliver_due(lambda: open_post(settings.CONFIG), now)
    if sent.trouble:
        log.warning("Mornings: %s What was not handed over stays due.", sent.trouble)
    return {**asdict(planned), **asdict(sent)}
