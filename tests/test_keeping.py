from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.journeys.newsroom import Newsroom
from tests.world import SMALL_EDITION


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    (tmp_path / "one").mkdir()
    room = Newsroom(tmp_path / "one")
    (room.folder / "edition.md").write_text(SMALL_EDITION)
    room.run("edition", "import", "edition.md")
    return room


def elsewhere(newsroom: Newsroom) -> Newsroom:
    folder = newsroom.folder.parent / "two"
    folder.mkdir(exist_ok=True)
    return Newsroom(folder)


def test_what_was_backed_up_comes_back(newsroom: Newsroom) -> None:
    newsroom.run("backup", "../paper.tar")
    file = newsroom.folder.parent / "paper.tar"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    other = elsewhere(newsroom)
    other.run("restore", "../paper.tar")
    assert (
        other.run("edition", "export", "2022-05-06").stdout
        == newsroom.run("edition", "export", "2022-05-06").stdout
    )
    assert (other.folder / "var/keys/secret").read_text() == (newsroom.folder / "var/keys/secret").read_text()


def test_a_newsroom_in_use_is_never_overwritten(newsroom: Newsroom) -> None:
    newsroom.run("backup", "../paper.tar")
    assert "already holds a newsroom" in newsroom.refused("restore", "../paper.tar")


def test_an_empty_folder_has_nothing_to_back_up(newsroom: Newsroom) -> None:
    assert "nothing to back up" in elsewhere(newsroom).refused("backup", "../nothing.tar")
    assert not (newsroom.folder.parent / "nothing.tar").exists()


@pytest.mark.parametrize("file", ["", "nowhere/paper.tar"])
def test_a_backup_that_has_no_place_is_refused(newsroom: Newsroom, file: str) -> None:
    assert "name a file in a folder that is there" in newsroom.refused("backup", file)


def test_what_is_no_backup_is_refused(newsroom: Newsroom) -> None:
    other = elsewhere(newsroom)
    (other.folder / "junk.tar").write_text("junk")
    assert "no backup of Daybreak" in other.refused("restore", "junk.tar")
    (other.folder / "empty.tar").touch()
    assert "method" not in other.refused("restore", "empty.tar")
    with tarfile.open(other.folder / "foreign.tar", "w") as tar:
        tar.add(newsroom.folder / "edition.md", "edition.md")
    assert "no backup of Daybreak" in other.refused("restore", "foreign.tar")


def test_a_backup_without_its_database_is_refused_before_anything_is_written(newsroom: Newsroom) -> None:
    newsroom.run("backup", "../paper.tar")
    other = elsewhere(newsroom)
    whole, part = newsroom.folder.parent / "paper.tar", other.folder / "part.tar"
    with tarfile.open(whole) as source, tarfile.open(part, "w") as target:
        for member in source:
            if member.name != "daybreak.sqlite3":
                target.addfile(member, source.extractfile(member) if member.isfile() else None)
    assert "no database in it" in other.refused("restore", "part.tar")
    assert not (other.folder / "var" / "daybreak.sqlite3").exists()


def test_a_restoring_that_fails_leaves_no_newsroom_that_would_send(newsroom: Newsroom) -> None:
    (newsroom.folder / "var/press").mkdir(exist_ok=True)
    (newsroom.folder / "var/press/large").write_bytes(bytes(3_000_000))
    newsroom.run("backup", "../paper.tar")
    other, room = elsewhere(newsroom), 2_000_000  # bytes that a file may grow to, in the place of a full disk
    stopped = subprocess.run(
        other.command("restore", "../paper.tar"),
        env=other.environment,
        cwd=other.folder,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert (stopped.returncode, len(stopped.stderr.strip().splitlines())) == (1, 1)
    assert not (other.folder / "var/daybreak.sqlite3").exists()
    other.run("restore", "../paper.tar")


def test_a_backup_of_an_older_version_is_brought_up_to_date(newsroom: Newsroom) -> None:
    back = [sys.executable, "-m", "django", "migrate", "delivery", "0005", "--verbosity", "0"]
    environment = {**newsroom.environment, "DJANGO_SETTINGS_MODULE": "daybreak.settings"}
    subprocess.run(back, env=environment, cwd=newsroom.folder, check=True, timeout=120)
    newsroom.run("backup", "../old.tar")
    other = elsewhere(newsroom)
    other.run("restore", "../old.tar")
    with sqlite3.connect(other.folder / "var/daybreak.sqlite3") as database:
        assert database.execute("SELECT 1 FROM django_migrations WHERE name LIKE '0009_room%'").fetchall()


def test_a_backup_that_would_write_outside_its_folder_is_refused(newsroom: Newsroom) -> None:
    newsroom.run("backup", "../paper.tar")
    other = elsewhere(newsroom)
    with tarfile.open(newsroom.folder.parent / "paper.tar", "a") as tar:
        tar.add(newsroom.folder / "edition.md", "press/../../../escaped.md")
    assert "no backup of Daybreak" in other.refused("restore", "../paper.tar")
    assert not list(newsroom.folder.parent.rglob("escaped.md"))


def test_a_backup_from_before_the_planning_sends_nobody_a_second_mail(newsroom: Newsroom) -> None:
    (newsroom.folder / "readers.csv").write_text(
        "email,time_zone,kind\nben@example.org,Europe/Berlin,subscriber\nada@example.org,America/New_York,comp\n"
    )
    newsroom.run("readers", "import", "readers.csv", "--at", "2022-05-03T09:00:00Z")
    newsroom.run("edition", "approve", "2022-05-06", "--by", "Ines", "--at", "2022-05-06T01:00:00Z")
    newsroom.run("edition", "press", "2022-05-06", "--at", "2022-05-06T01:05:00Z")
    newsroom.run("backup", "../paper.tar")
    newsroom.run("deliver", "run", "--at", "2022-05-06T04:00:00Z")
    other = elsewhere(newsroom)
    assert (
        "1 mail that was due" in other.run("restore", "../paper.tar", "--at", "2022-05-06T05:00:00Z").stdout
    )
    other.run("deliver", "run", "--at", "2022-05-06T05:01:00Z")
    status = other.json("deliver", "status", "2022-05-06", "--at", "2022-05-06T05:01:00Z")
    assert {line["email"]: line["state"] for line in status["readers"]} == {
        "ben@example.org": "in_doubt",
        "ada@example.org": "due",
    }
