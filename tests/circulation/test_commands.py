from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daybreak.circulation.commands import readers
from daybreak.circulation.models import Reader
from daybreak.common.refusal import Refused

pytestmark = pytest.mark.django_db
AT = "2022-05-06T10:00:00Z"


def call(*words: str) -> Result:
    return CliRunner().invoke(readers, [*words, "--at", AT])


def roll(folder: Path, content: bytes) -> str:
    file = folder / "readers.csv"
    file.write_bytes(content)
    return str(file)


def test_import_takes_good_rows_and_names_the_bad_ones_on_stderr(tmp_path: Path) -> None:
    file = roll(tmp_path, "\ufeffemail;kind;shoe\nada@example.org;comp;38\nnobody;comp;1\n".encode())
    result = call("import", file)
    assert result.exit_code == 0
    assert result.stdout == "1 new, 0 updated, 0 unchanged, 1 left out.\n"
    assert result.stderr.splitlines() == [
        "readers.csv: not used: shoe.",
        "readers.csv, line 3: “nobody” is no mail address: write it as name@example.org.",
    ]
    assert Reader.objects.get().email == "ada@example.org"


def test_import_reports_in_json(tmp_path: Path) -> None:
    result = call("import", roll(tmp_path, b"email\nada@example.org\n"), "--json")
    assert json.loads(result.stdout) == {
        "new": 1,
        "updated": 0,
        "unchanged": 0,
        "problems": [],
        "unused_columns": [],
        "taken": 1,
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"email,name\nada@example.org,Ren\xe9\n", "not UTF-8"),
        (b"email\nnobody\n", "No row of readers.csv could be taken"),
        (b"name\nAda\n", "no column “email”"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    result = call("import", roll(tmp_path, content))
    assert isinstance(result.exception, Refused)
    assert words in str(result.exception)
    assert not Reader.objects.exists()


def test_export_prints_what_import_takes(ada: Reader, ben: Reader, tmp_path: Path) -> None:
    Reader.objects.filter(pk=ben.pk).update(name="=Bén, “B”")
    result = call("export")
    assert result.stdout_bytes.decode() == (
        "email,name,time_zone,delivery_time,kind,ends_at,delivery_days,paused_until\r\n"
        "ada@example.org,Ada,Pacific/Auckland,06:00,subscriber,,Mon Tue Wed Thu Fri,\r\n"
        'ben@example.org,"=Bén, “B”",Europe/Berlin,06:00,subscriber,,Mon Tue Wed Thu Fri,\r\n'
    )
    again = call("import", roll(tmp_path, result.stdout_bytes))
    assert again.stdout == "0 new, 0 updated, 2 unchanged, 0 left out.\n"


def test_list_says_what_entitles_each_reader(ada: Reader, tmp_path: Path) -> None:
    [entry] = json.loads(call("list", "--json").stdout)
    assert entry["email"] == "ada@example.org"
    assert entry["delivery_time"] == "06:00"
    assert entry["entitlement"] == {"allowed": True, "reason": "subscription", "until": None}
    call(
        "import",
        roll(tmp_path, b"email,kind,ends_at\nben@example.org,lapsed,2022-01-31\ncy@example.org,trial,\n"),
    )
    assert call("list").stdout.splitlines() == [
        "ada@example.org  subscription",
        "ben@example.org  lapsed since 2022-01-31 00:00 UTC",
        "cy@example.org  trial until 2022-05-20 10:00 UTC",
    ]
