"""Background work of the wire. A task only says “look now”; the sources that are due are the truth."""

from __future__ import annotations

from django.conf import settings
from django_tasks import task

from daybreak import __version__
from daybreak.common.clock import now
from daybreak.wire.polling import poll


@task(queue_name="long")
def poll_wire() -> int:
    """Ask every feed that is due and file what is new; how many were asked."""
    agent = f"Daybreak/{__version__} (+{settings.CONFIG.site_url})"
    return poll(now(), user_agent=agent, allow=settings.CONFIG.wire_allow).asked
