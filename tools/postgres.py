"""Runs a command against a PostgreSQL server of its own, made for it and thrown away afterwards.

usage: python3 tools/postgres.py COMMAND [ARG ...]
DATABASE_URL is set for the command. Without a PostgreSQL on this machine it says so and ends with 0, unless the
command must not be skipped (REQUIRE_POSTGRES=1).
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    programs = find_programs()
    if programs is None:
        print(
            "No PostgreSQL on this machine (Debian: apt install postgresql): its tests are skipped.",
            file=sys.stderr,
        )
        return 1 if os.environ.get("REQUIRE_POSTGRES") else 0
    folder = Path(tempfile.mkdtemp(prefix="daybreak-postgres-"))
    try:
        return with_server(programs, folder, sys.argv[1:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> "Path | None":
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    path = found[0] if found else shutil.which("initdb")
    return Path(path).resolve().parent if path else None


def with_server(programs: Path, folder: Path, command: "list[str]") -> int:
    port = free_port()
    data, log = folder / "data", folder / "log"
    give_to_server_user(folder)
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c full_page_writes=off"
    as_server(
        str(programs / "initdb"),
        "-D",
        str(data),
        "-A",
        "trust",
        "-U",
        "daybreak",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    )
    as_server(str(programs / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(log), "-w", "start")
    try:
        url = f"postgres://daybreak@127.0.0.1:{port}/postgres"
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}).returncode
    finally:
        as_server(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")


def as_server(*command: str) -> None:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    who = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **who)  # type: ignore[call-overload]


def give_to_server_user(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    raise SystemExit(main())
