from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.cli import ROOMS
from tests.journeys.newsroom import Newsroom


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def test_help_lists_every_verb_without_opening_the_newsroom(newsroom: Newsroom) -> None:
    listed = newsroom.run("--help").stdout
    for verb in (*ROOMS, "demo", "serve"):
        assert verb in listed
    assert not (newsroom.folder / "var").exists()


@pytest.mark.parametrize(
    "words",
    [
        "wire import",
        "edition check",
        "edition press",
        "deliver status",
        "readers import",
        "backup",
        "staff add",
    ],
)
def test_every_verb_has_help(newsroom: Newsroom, words: str) -> None:
    for flag in ("--help", "-h"):
        assert "Usage" in newsroom.run(*words.split(), flag).stdout
    assert not (newsroom.folder / "var/daybreak.sqlite3").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing",), "nothing"),
        (("edition", "new"), "DATE"),
        (("edition", "new", "6 May"), "2022-05-06"),
        (("deliver", "run", "--at", "noon"), "no instant"),
        (("serve", "--port", "99999"), "99999"),
        (("edition", "print"), "See `daybreak edition --help`"),
        (("deliver", "run", "--at", "0001-01-01"), "1900"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_2(newsroom: Newsroom, words: tuple[str, ...], says: str) -> None:
    done = newsroom.run(*words, status=2)
    assert len(done.stderr.strip().splitlines()) == 1
    assert says in done.stderr


@pytest.mark.parametrize("words", [(), ("wire",)])
def test_without_a_verb_the_verbs_are_listed(newsroom: Newsroom, words: tuple[str, ...]) -> None:
    done = newsroom.run(*words, status=2)
    assert "Commands:" in done.stdout
    assert done.stderr == "daybreak: name one of the commands above.\n"


def test_a_wrong_setting_stops_the_start_with_a_sentence(newsroom: Newsroom) -> None:
    newsroom.settings["DAYBREAK_MAIL_URL"] = "mail.example"
    assert "DAYBREAK_MAIL_URL" in newsroom.refused("edition", "list")


def test_a_data_folder_that_cannot_be_made_is_a_sentence(newsroom: Newsroom) -> None:
    (newsroom.folder / "file").write_text("")
    newsroom.settings["DAYBREAK_DATA"] = str(newsroom.folder / "file" / "var")
    assert "DAYBREAK_DATA" in newsroom.refused("edition", "list")


def test_many_that_start_together_on_an_empty_folder_all_work(newsroom: Newsroom) -> None:
    import subprocess

    processes = [
        subprocess.Popen(
            newsroom.command("edition", "list", "--json"), env=newsroom.environment, cwd=newsroom.folder
        )
        for _ in range(4)
    ]
    assert [process.wait(60) for process in processes] == [0] * 4
