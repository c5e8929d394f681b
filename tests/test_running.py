from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.newsroom import Newsroom, free_port, wait_until_healthy

pytestmark = pytest.mark.journey


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    newsroom, port = Newsroom(tmp_path), free_port()
    output = tmp_path / "served.txt"
    with output.open("w") as out:
        process = subprocess.Popen(
            newsroom.command("serve", "--port", str(port)),
            env=newsroom.environment,
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    wait_until_healthy(port, process, output)
    yield process, port
    if process.poll() is None:
        process.terminate()  # not kill(), which would leave the web server and the workers behind
        process.wait(30)


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in listed.split()]


def family_of(pid: int) -> list[int]:
    return [relative for child in children_of(pid) for relative in (child, *family_of(child))]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0]


def test_sigterm_ends_the_whole_group(served: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = served
    family = family_of(process.pid)
    assert len(family) >= 4  # the web server (with its worker) and three workers
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not [pid for pid in family if is_alive(pid)]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_part_that_is_killed_is_started_again(
    served: tuple[subprocess.Popen[bytes], int], tmp_path: Path
) -> None:
    process, port = served
    before = children_of(process.pid)
    for pid in family_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(set(children_of(process.pid)) - set(before)) < len(before):
        time.sleep(0.2)
    wait_until_healthy(port, process, tmp_path / "served.txt")
    assert len(set(children_of(process.pid)) - set(before)) == len(before)


def wait_until_dead(pids: list[int]) -> None:
    deadline = time.monotonic() + 5
    while [pid for pid in pids if is_alive(pid)] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in pids if is_alive(pid)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_a_killed_newsroom_leaves_nobody_behind_and_starts_again_at_once(
    served: tuple[subprocess.Popen[bytes], int], tmp_path: Path
) -> None:
    process, port = served
    family = family_of(process.pid)
    process.kill()
    process.wait()
    wait_until_dead(family)
    output = tmp_path / "served-again.txt"
    with output.open("w") as out:
        newsroom = Newsroom(tmp_path)
        again = subprocess.Popen(
            newsroom.command("serve", "--port", str(port)),
            env=newsroom.environment,
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_healthy(port, again, output)
    finally:
        again.terminate()
        again.wait(30)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_no_worker_of_a_killed_web_server_keeps_the_port(served: tuple[subprocess.Popen[bytes], int]) -> None:
    process, _ = served
    (server,) = [child for child in children_of(process.pid) if children_of(child)]
    workers = children_of(server)
    os.kill(server, signal.SIGKILL)
    wait_until_dead(workers)


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for verb in ("serve", "demo"):
            said = Newsroom(tmp_path).refused(verb, "--port", str(port))
            assert f"Port {port}" in said
            assert "PORT=" in said


def test_a_taken_port_of_the_door_for_returned_mail_is_named_by_its_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        door = taken.getsockname()[1]
        newsroom = Newsroom(tmp_path, {"DAYBREAK_BOUNCE_SMTP": f"127.0.0.1:{door}"})
        said = newsroom.refused("serve", "--port", str(free_port()))
    assert f"Port {door}" in said and "name another in DAYBREAK_BOUNCE_SMTP" in said
    assert "DAYBREAK_BOUNCE_SMTP too" in newsroom.refused("serve", "--port", str(door))


def test_the_site_address_in_the_env_file_is_the_one_that_is_served(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DAYBREAK_SITE_URL=https://paper.example\n")
    port = free_port()
    address = f"http://127.0.0.1:{port}/sitemap.xml"
    with Newsroom(tmp_path).running("serve", port=port), urllib.request.urlopen(address) as answer:
        assert b"https://paper.example/archive/" in answer.read()
