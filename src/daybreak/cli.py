"""The command `daybreak`: every room's verbs under one roof.

The newsroom (settings, database) is opened only when a verb of a room is called, so that `--help` is quick and a
verb that has to set the stage first (`demo`, `serve`) can.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from daybreak import __version__

# verb or group → where its click command is, and the one line that `daybreak --help` shows
ROOMS = {
    "wire": ("daybreak.wire.commands:wire", "Read the wire: poll feeds, import files, list stories."),
    "edition": (
        "daybreak.editioncommands:edition",
        "Make an edition: new, import, check, approve, press, export.",
    ),
    "calendar": ("daybreak.desk.calendarcommands:calendar", "Keep the days on which there is no paper."),
    "deliver": ("daybreak.delivery.commands:deliver", "Send editions, and say who has them."),
    "board": (
        "daybreak.delivery.watch.watchcommands:board",
        "How far the next edition is, and what is late.",
    ),
    "mail": ("daybreak.delivery.mailcommands:mail", "Signing keys for mail."),
    "readers": ("daybreak.circulation.commands:readers", "Import, export and list readers."),
    "staff": ("daybreak.accounts.commands:staff", "Add editors."),
    "doctor": ("daybreak.doctor:doctor", "Check the set-up and say what to mend."),
    "backup": ("daybreak.keeping:backup", "Write everything into one file."),
    "restore": ("daybreak.keeping:restore", "Bring everything back from a backup."),
}
WITHOUT_NEWSROOM = (
    "backup",
    "restore",
)  # they must not open, or migrate, the database they are about to replace


class Newsroom(click.Group):
    """The rooms' commands, imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*ROOMS, *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ROOMS:
            return super().get_command(ctx, cmd_name)
        open_newsroom(migrate=cmd_name not in WITHOUT_NEWSROOM and not {"-h", "--help"} & {*sys.argv})
        module, _, name = ROOMS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = {name: text for name, (_, text) in ROOMS.items()}
        rows |= {name: command.get_short_help_str(100) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


def open_newsroom(*, migrate: bool) -> None:
    """Load the settings and, when asked, bring the database up to date. A wrong setting ends the process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daybreak.settings")
    import django

    django.setup()
    if migrate:
        from daybreak.opening import bring_up_to_date

        bring_up_to_date()


@click.group(cls=Newsroom, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="daybreak")
def daybreak() -> None:
    """A newsroom in one program: the night's wire to a page, an inbox and a pair of ears."""


host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
port_option = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))


@daybreak.command()
@host_option
@port_option
def serve(host: str, port: int) -> None:
    """Run web, worker and clock together until interrupted."""
    _stage(port)
    open_newsroom(migrate=True)
    from daybreak.running import run_newsroom

    run_newsroom(host, port)


@daybreak.command()
@host_option
@port_option
@click.option("--no-serve", is_flag=True, help="Play the night and stop, without serving it.")
def demo(host: str, port: int, no_serve: bool) -> None:
    """Play one night on the sample wire end to end and serve the result."""
    _stage(port, DAYBREAK_OPEN_OUTBOX="yes")
    from daybreak.opening import refuse_taken_port

    if not no_serve:
        refuse_taken_port(host, port)
    open_newsroom(migrate=True)
    from daybreak.rehearsal import play_the_night

    play_the_night()
    if not no_serve:
        from daybreak.running import run_newsroom

        run_newsroom(host, port)


def _stage(port: int, **settings: str) -> None:
    """What the environment and `.env` leave open: the site's address is the port that is listened at."""
    from daybreak.common.config import settings_in

    named = settings_in(os.environ, Path.cwd())
    for name, value in {"DAYBREAK_SITE_URL": f"http://127.0.0.1:{port}", **settings}.items():
        os.environ[name] = named.get(name) or value


def main(argv: list[str] | None = None) -> None:
    """The entry point: runs one verb and exits with 0, 1 (the world refused) or 2 (the call was wrong)."""
    from daybreak.common.commandline import run

    sys.exit(run(daybreak, argv))
