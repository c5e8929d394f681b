"""`daybreak deliver dry-run DATE` and `daybreak deliver test DATE --to ADDRESS`."""

from __future__ import annotations

import datetime as dt

import click
from django.conf import settings

from daybreak.common.clock import now
from daybreak.common.commandline import Day, at_option, json_option, print_json
from daybreak.common.post import PostError, open_post
from daybreak.common.refusal import Misused, Refused
from daybreak.delivery.letters import NoAddress
from daybreak.delivery.templatetags.sending import lasting
from daybreak.delivery.watch.rehearsing import Rehearsal, Seed, rehearse, specimen
from daybreak.desk.editions import edition_of
from daybreak.press.renditions import current_run

SHOWN = 3  # links to elsewhere that a dry run names


@click.command("dry-run")
@click.argument("date", type=Day())
@json_option
@at_option
def dry_run(date: dt.date, as_json: bool, at: dt.datetime) -> None:
    """What sending the edition of DATE would be. Nothing is changed; exit 1 when something stands in the way."""
    found = rehearse(edition_of(date), at, settings.CONFIG)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)
    if found.hindrances:
        raise Refused(found.hindrances[0])


@click.command("test")
@click.argument("date", type=Day())
@click.option("--to", "address", required=True, metavar="ADDRESS", help="Who gets it.")
def test_mail(date: dt.date, address: str) -> None:
    """Send the real mail of DATE to one address. It is outside the ledger, with [test] before its subject."""
    run = current_run(edition_of(date))
    if run is None:
        raise Refused(f"The edition of {date} is not printed: run `daybreak edition press {date}`.")
    config = settings.CONFIG
    try:
        mail = specimen(run, config, address, now(), "[test]")
    except NoAddress as error:
        raise Misused(f"“{address}” is no address: write one such as you@paper.example.") from error
    try:
        with open_post(config) as post:
            post.hand_over(config.mail_from, address, mail)
    except PostError as error:
        raise Refused(str(error)) from error
    click.echo(f"Handed over to {address}.")


def _print(found: Rehearsal) -> None:
    first = f", the first at {found.first.there}, {found.first.at:%Y-%m-%d %H:%M} UTC" if found.first else ""
    click.echo(f"{found.mails:,} mails in {found.waves} waves{first}.")
    if found.rate and found.minutes_largest_wave is not None:
        takes = lasting(found.minutes_largest_wave * 60)
        click.echo(
            f"The last editions went at {found.rate:g} mails a second in their busiest minute; the largest wave would take {takes}."
        )
    if found.printed:
        click.echo(
            f"The mail has {found.size:,} bytes, its page {found.html_size:,} bytes; {found.signatures} signatures."
        )
        click.echo(f"Head: {', '.join(found.headers)}.")
        if found.foreign_links:
            click.echo(_elsewhere(found.foreign_links))
        for seed in found.seeds:
            click.echo(_seed(seed))


def _elsewhere(links: tuple[str, ...]) -> str:
    """One line for all links to other sites: each source that is cited is one."""
    more = f" and {len(links) - SHOWN} more (--json lists them)" if len(links) > SHOWN else ""
    number = "1 link leads" if len(links) == 1 else f"{len(links)} links lead"
    return f"{number} elsewhere: {', '.join(links[:SHOWN])}{more}."


def _seed(seed: Seed) -> str:
    if seed.sent_at:
        return f"Seed {seed.address}: sent {seed.sent_at:%Y-%m-%d %H:%M} UTC."
    tries = "1 try" if seed.attempts == 1 else f"{seed.attempts} tries"
    return f"Seed {seed.address}: not sent after {tries}. {seed.trouble}".rstrip()
