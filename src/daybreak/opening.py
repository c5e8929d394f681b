"""Opening the newsroom: a database that is up to date, a port that is free."""

from __future__ import annotations

import contextlib
import fcntl
import socket
from collections.abc import Iterator
from pathlib import Path

from daybreak.common.refusal import Refused


def bring_up_to_date() -> None:
    """Apply the migrations that are missing. Any number of processes may call it at once; one does the work."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    def missing() -> bool:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))

    if missing():
        with _only_one(settings.CONFIG.data / "migrating.lock"):
            if missing():
                call_command("migrate", verbosity=0)


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def refuse_taken_port(host: str, port: int, instead: str = "") -> None:
    """Raises Refused when nobody could listen at `host`:`port`, saying why and what to do `instead`."""
    other = port + 1 if port < 65535 else port - 1
    by_flag = f"name another, as in `daybreak serve --port {other}` or `make demo PORT={other}`"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(
                f"Port {port} at {host} cannot be used ({error.strerror}): free it, or {instead or by_flag}."
            ) from error
