"""`daybreak backup` and `daybreak restore`: the whole embedded newsroom in one file, and back.

A backup is a tar file: `manifest.json`, a consistent copy of the database made while it is in use, the press runs,
the outbox and the keys. It opens sessions and feeds, so it is written for its owner's eyes only (mode 0600).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from django.conf import settings
from django.db import connection

from daybreak import __version__
from daybreak.common.clock import now
from daybreak.common.commandline import at_option
from daybreak.common.refusal import Refused
from daybreak.delivery.mending.settling import doubt_after_restore
from daybreak.delivery.planning import plan_all
from daybreak.opening import bring_up_to_date

MANIFEST = "manifest.json"
DATABASE = "daybreak.sqlite3"
FOLDERS = ("keys", "outbox")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write everything into one FILE."""
    database = _embedded_database()
    if not database.exists():
        raise Refused(f"There is nothing to back up in {settings.CONFIG.data} yet.")
    if not file.name or not file.parent.is_dir():
        raise Refused(f"“{file}” cannot be written: name a file in a folder that is there.")
    draft = file.with_name(f".{file.name}.draft")
    try:
        with tempfile.TemporaryDirectory(dir=settings.CONFIG.data) as folder:
            copy = Path(folder) / DATABASE
            _copy_database(database, copy)
            draft.touch(mode=0o600)
            with tarfile.open(draft, "w") as tar:
                _add_bytes(
                    tar,
                    MANIFEST,
                    json.dumps({"daybreak": __version__, "made_at": now().isoformat()}).encode(),
                )
                tar.add(copy, DATABASE)
                for name, path in _folders():
                    if path.exists():
                        tar.add(path, name)
        os.replace(draft, file)  # noqa: PTH105 - only a whole backup ever has the name asked for
    finally:
        draft.unlink(missing_ok=True)
    click.echo(f"Backed up to {file} ({file.stat().st_size / 1e6:.1f} MB).")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--nothing-was-sent", is_flag=True, help="No mail left after the backup was made: what was due is due."
)
@at_option
def restore(file: Path, nothing_was_sent: bool, at: dt.datetime) -> None:
    """Bring everything back from FILE into an empty data folder; mails that may have left meanwhile are in doubt."""
    database = _embedded_database()
    if database.exists():
        raise Refused(
            f"{settings.CONFIG.data} already holds a newsroom: move it away, or set DAYBREAK_DATA to an empty folder."
        )
    doubtful = 0
    with _whole_or_not_at_all(database) as draft:
        try:
            with tarfile.open(file) as tar:
                made = _read_manifest(tar)
                for member in tar:
                    _bring_back(tar, member, draft)
        except (tarfile.TarError, KeyError, ValueError) as error:
            why = str(error).partition(":")[0]  # what comes after it tells of every packing that was tried
            raise Refused(f"{file} is no backup of Daybreak ({why}): choose another file.") from error
        bring_up_to_date()  # an older version may have made it
        if not nothing_was_sent:
            plan_all(at)  # what was printed by then and planned only since has left just as well
            doubtful = doubt_after_restore(at)
    click.echo(f"Restored the newsroom of {made['made_at']} into {settings.CONFIG.data}.")
    if doubtful:
        what, them = ("mail that was", "it") if doubtful == 1 else ("mails that were", "them")
        click.echo(f"{doubtful:,} {what} due may have left since: settle {them} under /desk/deliveries/.")


@contextlib.contextmanager
def _whole_or_not_at_all(database: Path) -> Iterator[Path]:
    """A path to restore the database to, which is the one in use within the block, and gets its name only at its end.

    A full disk or a kill leaves no newsroom behind then: one without its doubts would send everything again.
    """
    draft = database.with_name(f".{database.name}.draft")
    _remove_database(draft)
    connection.close()
    connection.settings_dict["NAME"] = draft
    try:
        yield draft
        connection.close()  # which brings its log into the file
        draft.replace(database)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = database
        _remove_database(draft)


def _remove_database(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _embedded_database() -> Path:
    if connection.vendor != "sqlite":
        raise Refused("This newsroom keeps its database in PostgreSQL: back it up with pg_dump.")
    return Path(connection.settings_dict["NAME"])


def _folders() -> list[tuple[str, Path]]:
    return [("press", settings.CONFIG.storage), *((name, settings.CONFIG.data / name) for name in FOLDERS)]


def _copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as live, sqlite3.connect(target) as copy:
        live.backup(copy)
    live.close()
    copy.close()


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))


def _read_manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    file = tar.extractfile(MANIFEST)
    if file is None:
        raise KeyError("no manifest")
    manifest: dict[str, Any] = json.loads(file.read())
    if "made_at" not in manifest:
        raise KeyError("no date in the manifest")
    if DATABASE not in tar.getnames():
        raise KeyError("no database in it")
    return manifest


def _bring_back(tar: tarfile.TarFile, member: tarfile.TarInfo, database: Path) -> None:
    """One member to its place. The `data` filter refuses paths that lead outside and anything but plain files."""
    top, _, rest = member.name.partition("/")
    places = dict(_folders())
    if member.name == DATABASE:
        member.name = database.name
        tar.extract(member, database.parent, filter="data")
    elif top in places and rest:
        member.name = rest
        tar.extract(member, places[top], filter="data")
