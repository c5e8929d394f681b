"""The wire on the command line: poll feeds, import files, list sources and stories."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from django.conf import settings

from daybreak.common.clock import moment
from daybreak.common.commandline import at_option, json_option, print_json
from daybreak.common.refusal import Refused
from daybreak.common.webaddresses import is_endpoint
from daybreak.wire.facts.particulars import describe_older
from daybreak.wire.facts.regions import REGIONS, region_named, region_of
from daybreak.wire.filing import Filed
from daybreak.wire.formats.wirefiles import import_file, import_folder
from daybreak.wire.network.fetching import agent_of
from daybreak.wire.pagetexts.pages import read_pages
from daybreak.wire.polling import poll
from daybreak.wire.sourcecommands import add_command, export_command, source_group, sources_group
from daybreak.wire.stories import BudgetLine, news_budget
from daybreak.wire.storycommands import EDITING, with_lives

LONGEST_LOOK = 366 * 24  # hours


@click.group()
def wire() -> None:
    """The night's wire: feeds and files in, articles and stories out."""


wire.add_command(add_command)
wire.add_command(source_group)
wire.add_command(sources_group)
wire.add_command(export_command)


for verb in EDITING:
    wire.add_command(verb)


def _endpoints(_: click.Context, __: click.Parameter, named: tuple[str, ...]) -> tuple[str, ...]:
    for endpoint in named:
        if not is_endpoint(endpoint):
            raise click.BadParameter(f"“{endpoint}” is no endpoint: write HOST:PORT, such as 10.0.0.5:8080.")
    return named


@wire.command("poll")
@at_option
@click.option(
    "--allow",
    multiple=True,
    metavar="HOST:PORT",
    callback=_endpoints,
    help="A private endpoint that may be asked (repeatable).",
)
@json_option
def poll_command(at: dt.datetime, allow: tuple[str, ...], as_json: bool) -> None:
    """Ask every feed that is due and file what is new."""
    agent = agent_of(settings.CONFIG.site_url)
    done = poll(at, user_agent=agent, allow=(*settings.CONFIG.wire_allow, *allow))
    for sentence in done.failed:
        click.echo(sentence, err=True)
    if as_json:
        print_json(
            {
                "asked": done.asked,
                "unchanged": done.unchanged,
                "failed": list(done.failed),
                **_counts(done.filed, done.skipped),
            }
        )
        return
    click.echo(
        f"{done.asked} feeds asked, {done.unchanged} unchanged, {len(done.failed)} failed. {_in_words(done.filed, done.skipped)}"
    )


@wire.command("read")
@at_option
@click.option(
    "--allow",
    multiple=True,
    metavar="HOST:PORT",
    callback=_endpoints,
    help="A private endpoint that may be asked (repeatable).",
)
@json_option
def read_command(at: dt.datetime, allow: tuple[str, ...], as_json: bool) -> None:
    """Read the pages of new articles for their text, where the source allows its full text."""
    agent = agent_of(settings.CONFIG.site_url)
    done = read_pages(at, user_agent=agent, allow=(*settings.CONFIG.wire_allow, *allow))
    for sentence in done.failed:
        click.echo(sentence, err=True)
    if as_json:
        print_json(asdict(done) | {"failed": list(done.failed)})
        return
    click.echo(
        f"{done.asked} pages asked for, {done.read} read, {done.longer} of them with a longer text than was held, "
        f"{done.joined} of which went into another story; {done.refused} refused by robots.txt, {len(done.failed)} failed."
    )


@wire.command("describe")
def describe_command() -> None:
    """Tell language, dateline, places and names of the articles that older rules, or none, described."""
    click.echo(f"{describe_older()} articles described.")


@wire.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@at_option
@json_option
def import_command(file: Path, at: dt.datetime, as_json: bool) -> None:
    """Take in FILE, or every file of a folder: OPML, JSON Lines of items, saved feeds and sitemaps, agency copy (ninjs,
    NewsML-G2); plain or gzipped.

    An item needs “url”, “title”, “source” and “published”; “summary”, “body” and “language” are welcome.
    """
    if file.is_dir():
        done = import_folder(file, at, lambda sentence: click.echo(sentence, err=True))
    elif file.is_file():
        done = import_file(file, at, lambda sentence: click.echo(f"{file.name}, {sentence}", err=True))
    else:
        raise Refused(f"{file} is {'no file' if file.exists() else 'not there'}: check the path.")
    skipped = done.skipped + done.filed.refused
    if as_json:
        print_json({"sources_added": done.added, "sources_known": done.known, **_counts(done.filed, skipped)})
        return
    if done.added or done.known:
        click.echo(f"{done.added} sources added, {done.known} known already, {skipped} skipped.")
    if done.filed.taken or not (done.added or done.known):
        click.echo(_in_words(done.filed, skipped))


def _hours(_: click.Context, __: click.Parameter, hours: float) -> float:
    if not 0 < hours <= LONGEST_LOOK:  # which “nan” is not either
        raise click.BadParameter(f"write a number of hours above 0, and at most {LONGEST_LOOK}.")
    return hours


def _region(_: click.Context, __: click.Parameter, named: str | None) -> str | None:
    if named and not region_named(named) and not region_of(named):
        known = ", ".join(REGIONS)
        raise click.BadParameter(f"“{named}” is none: write one of {known}, or a country's two letters.")
    return named


@wire.command("stories")
@at_option
@click.option(
    "--hours",
    type=float,
    callback=_hours,
    default=30.0,
    show_default=True,
    help="How far back to look.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=60, show_default=True, help="How many stories at most."
)
@click.option(
    "--region",
    callback=_region,
    metavar="NAME",
    help="Only stories about it: “Africa”, or a country such as ML.",
)
@click.option("--language", metavar="TAG", help="Only stories with an article in this language.")
@click.option("--text", metavar="WORDS", help="Only stories with all these words in a title.")
@json_option
def stories_command(
    at: dt.datetime, hours: float, limit: int, region: str | None, language: str | None, text: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """The news budget: the night's stories, best first, with the reasons."""
    budget = news_budget(at, hours=hours, limit=limit, region=region, language=language, text=text)
    if as_json:
        print_json(with_lives([_as_json(line) for line in budget]))
        return
    if not budget:
        click.echo(
            f"No story in the {hours:g} hours before {at:%Y-%m-%d %H:%M} UTC: import or poll first, or give --at."
        )
    for place, line in enumerate(budget, start=1):
        click.echo(f"{place:>3}  {line.score:5.2f}  {line.headline}")
        first = line.articles[0].published_at
        click.echo(f"            first {moment(first)} UTC; {'; '.join(line.reasons)}")


def _as_json(line: BudgetLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "headline": line.headline,
        "score": line.score,
        "reasons": list(line.reasons),
        "outlets": line.outlets,
        "places": list(line.places),
        "first_seen": line.first_seen_at,
        "last_seen": line.last_seen_at,
        "articles": [
            {
                "url": article.url,
                "source": article.source,
                "title": article.title,
                "published": article.published_at,
                "copy": article.copy,
            }
            for article in line.articles
        ],
    }


def _counts(filed: Filed, skipped: int) -> dict[str, int]:
    return {
        "taken": filed.taken,
        "new": filed.new,
        "copies": filed.copies,
        "updated": filed.updated,
        "unchanged": filed.unchanged,
        "skipped": skipped,
    }


def _in_words(filed: Filed, skipped: int) -> str:
    return (
        f"{filed.taken} items taken ({filed.new} new, of them {filed.copies} copies; {filed.updated} updated, "
        f"{filed.unchanged} as before), {skipped} skipped."
    )
