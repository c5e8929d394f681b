"""`daybreak board`: how far the editions are from their first morning, and what is late; `daybreak deliver alarm-key`."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

import click

from daybreak.common.commandline import at_option, json_option, print_json
from daybreak.common.refusal import Refused
from daybreak.delivery.watch.board import boards, house_lines
from daybreak.delivery.watch.boardline import Line
from daybreak.delivery.watch.sealing import webhook_key


@click.command()
@at_option
@json_option
def board(at: dt.datetime, as_json: bool) -> None:
    """The T-minus board; exit 1 when a line is late."""
    shown, house = boards(at), house_lines(at)
    if as_json:
        editions = [each.to_json() for each in shown]
        print_json({"at": at, "editions": editions, "house": [asdict(line) for line in house]})
    else:
        for each in shown:
            first = f", first readers {each.first.there}" if each.first else ""
            click.echo(f"{each.date} {each.t_minus}{first}")
            _print(each.lines)
        click.echo("The house")
        _print(house)
    late = [line for each in shown for line in each.late] + [line for line in house if line.state == "late"]
    if late:
        raise Refused(f"{len(late)} line{'s are' if len(late) > 1 else ' is'} late: {late[0].sentence}")


@click.command("alarm-key")
def alarm_key() -> None:
    """The key that proves an alarm to be ours. The receiver of DAYBREAK_ALARM_WEBHOOK checks it."""
    click.echo(webhook_key())


def _print(lines: list[Line] | tuple[Line, ...]) -> None:
    for line in lines:
        click.echo(f"  {line.name:<14} {line.state:<5} {line.sentence}")
