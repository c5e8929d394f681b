"""Background work of the wire. A task only says “look now”; the sources that are due are the truth."""

from __future__ import annotations

from django.conf import settings
from django_tasks import task

from daybreak.common.clock import now
from daybreak.wire.facts.particulars import describe_older
from daybreak.wire.filing import filer_of_this_process
from daybreak.wire.lives.memory import look_back
from daybreak.wire.network.fetching import agent_of
from daybreak.wire.pagetexts.pages import read_pages
from daybreak.wire.polling import poll


@task(queue_name="long")
def poll_wire() -> int:
    """Ask every feed that is due and file what is new; how many were asked."""
    agent = agent_of(settings.CONFIG.site_url)
    allow, filer = settings.CONFIG.wire_allow, filer_of_this_process()
    return poll(now(), user_agent=agent, allow=allow, filer=filer).asked


@task(queue_name="long")
def look_back_from_stories() -> int:
    """Find what the stories that have changed continue; from how many it was looked back."""
    return look_back(now())


@task(queue_name="long")
def describe_articles() -> int:
    """Tell language, dateline and places of articles that older rules described; how many."""
    return describe_older()


@task(queue_name="long")
def read_articles() -> int:
    """Read the pages of articles whose sources allow it; how many were read."""
    agent = agent_of(settings.CONFIG.site_url)
    allow, filer = settings.CONFIG.wire_allow, filer_of_this_process()
    return read_pages(now(), user_agent=agent, allow=allow, filer=filer).read
