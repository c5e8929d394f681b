"""The sources on the command line: listed with their health, added one by one or from the bundled list, tended."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import click
from django.conf import settings

from daybreak.common.clock import now
from daybreak.common.commandline import at_option, json_option, print_json
from daybreak.common.refusal import Refused
from daybreak.wire.formats.wirefiles import add_listed
from daybreak.wire.models import Source
from daybreak.wire.network.discovery import Asking, Found, find_feeds
from daybreak.wire.network.fetching import agent_of
from daybreak.wire.outlets.health import Health, as_json, health
from daybreak.wire.outlets.opml import bundled, bundled_regions, write_list
from daybreak.wire.outlets.sources import add_source
from daybreak.wire.outlets.tending import ask_now, pause, remove_feed, resume, source_named

_BY = "the command line"


@click.command("add")
@click.argument("address")
@click.option("--name", default="", help="What the paper calls it; by default what the feed calls itself.")
@click.option("--list", "only_list", is_flag=True, help="Say what was found, and add nothing.")
@at_option
@json_option
def add_command(address: str, name: str, only_list: bool, at: dt.datetime, as_json: bool) -> None:
    """Find the feed of the site at ADDRESS and poll it from now on.

    ADDRESS is a site, a page or the feed itself. Of several feeds the first is taken; --list shows all of them.
    """
    config = settings.CONFIG
    found = find_feeds(address, Asking(at, user_agent=agent_of(config.site_url), allow=config.wire_allow))
    if only_list and as_json:
        print_json([_found_as_json(one) for one in found])
        return
    for one in found if only_list else ():
        click.echo(f"{one.feed_url}  {one.title}, {one.items} items")
    if only_list:
        return
    source, new = add_source(name or found[0].title, found[0].feed_url, found[0].about)
    if as_json:
        print_json({"name": source.name, "feed_url": source.feed_url, "added": new})
        return
    click.echo(f"{source.name} is {'added' if new else 'known already'}: {source.feed_url}")
    for other in found[1:]:
        click.echo(f"It has another feed: {other.feed_url}  {other.title}")


def _found_as_json(one: Found) -> dict[str, Any]:
    return {"feed_url": one.feed_url, "title": one.title, "items": one.items, "newest": one.newest}


@click.group("source")
def source_group() -> None:
    """The feeds that are polled."""


@source_group.command("add")
@click.argument("url")
@click.option("--name", default="", help="What the paper calls it; by default the feed's host.")
def source_add(url: str, name: str) -> None:
    """Poll the feed at URL from now on."""
    source, new = add_source(name, url)
    click.echo(f"{source.name} is {'added' if new else 'known already'}: {source.feed_url}")


@click.group("sources", invoke_without_command=True)
@at_option
@json_option
@click.pass_context
def sources_group(context: click.Context, at: dt.datetime, as_json: bool) -> None:
    """The sources with a feed: how each fares. With a verb, tend them."""
    if context.invoked_subcommand is None:
        _list(health(at), as_json)


def _list(found: list[Health], as_json_: bool) -> None:
    if as_json_:
        print_json([as_json(one) for one in found])
        return
    if not found:
        click.echo("No source yet: `daybreak wire add ADDRESS`, or `daybreak wire sources add-bundled`.")
    for one in found:
        click.echo(f"{one.source.name}  {one.source.feed_url}  {_fares(one)}")


def _fares(one: Health) -> str:
    if one.state == "new":
        return "not asked yet"
    tally = f"{one.state}, {one.items} items in 24 hours"
    return f"{tally}. {one.why}" if one.why else tally


@sources_group.command("add-bundled")
@click.option("--region", default="", help="Only this region's feeds; without it, all.")
@click.option("--list", "only_list", is_flag=True, help="Say which regions there are, and add nothing.")
def add_bundled(region: str, only_list: bool) -> None:
    """Poll the public world-news feeds that come with Daybreak."""
    if only_list:
        for name, count in bundled_regions().items():
            click.echo(f"{name}: {count} feeds")
        return
    done = add_listed(bundled(region), lambda sentence: click.echo(sentence, err=True))
    click.echo(f"{done.added} sources added, {done.known} known already.")


@sources_group.command("pause")
@click.argument("name")
def pause_command(name: str) -> None:
    """Stop asking the feed of NAME."""
    pause(source_named(name), by=_BY, at=now())
    click.echo(f"{name} is paused.")


@sources_group.command("resume")
@click.argument("name")
def resume_command(name: str) -> None:
    """Ask the feed of NAME again."""
    resume(source_named(name), by=_BY, at=now())
    click.echo(f"{name} is polled again.")


@sources_group.command("ask")
@click.argument("name")
@at_option
def ask_command(name: str, at: dt.datetime) -> None:
    """Make the feed of NAME due now; the next round asks it."""
    ask_now(source_named(name), by=_BY, at=at)
    click.echo(f"{name} is due: the next round asks it.")


@sources_group.command("remove")
@click.argument("name")
def remove_command(name: str) -> None:
    """Forget the feed of NAME; its articles stay."""
    remove_feed(source_named(name), by=_BY, at=now())
    click.echo(f"The feed of {name} is removed.")


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
def export_command(file: Path) -> None:
    """Write the sources with a feed into FILE as OPML."""
    sources = Source.objects.exclude(feed_url=None)
    if not sources:
        raise Refused("There is no source with a feed to export: add one first.")
    file.write_text(write_list(sources, f"Sources of {settings.CONFIG.paper_name}"), encoding="utf-8")
    click.echo(f"{len(sources)} sources written to {file}.")
