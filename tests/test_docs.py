"""The documents tell the truth: what is missing in them is named here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps

from daybreak.cli import ROOMS, daybreak

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "daybreak"
ROOMS_OF_THE_HOUSE = ("wire", "desk", "press", "circulation", "delivery", "site")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    read = set(
        re.findall(r'"((?:DAYBREAK|DATABASE)_[A-Z_]+)"', (SOURCE / "common" / "config.py").read_text())
    )
    documented = set(
        re.findall(r"^\| `((?:DAYBREAK|DATABASE)_[A-Z_]+)`", text("docs/settings.md"), re.MULTILINE)
    )
    assert read == documented


@pytest.mark.parametrize("room", ROOMS_OF_THE_HOUSE)
def test_every_room_has_a_sign_on_its_door_and_a_line_in_the_architecture(room: str) -> None:
    sign = (SOURCE / room / "__init__.py").read_text()
    assert "Read `" in sign
    for file in re.findall(r"`([a-z]+\.py)`", sign):
        assert (SOURCE / room / file).exists(), f"the sign of {room} names {file}"
    assert f"| `{room}` |" in text("ARCHITECTURE.md")
    for closet in (path.parent for path in (SOURCE / room).glob("*/__init__.py")):
        if closet.name in ("migrations", "templatetags"):
            continue
        sign = (closet / "__init__.py").read_text()
        assert "Read `" in sign, f"{room}/{closet.name} has no sign on its door"
        assert f"`{closet.name}`" in text("ARCHITECTURE.md")
        for file in re.findall(r"`([a-z]+\.py)`", sign):
            assert (closet / file).exists(), f"the sign of {room}/{closet.name} names {file}"


def test_files_that_the_documents_name_exist() -> None:
    for name in ("README.md", "ARCHITECTURE.md", "docs/running.md"):
        for path in re.findall(r"`((?:tests|docs|src)/[\w/.]+\.\w+)`", text(name)):
            assert (ROOT / path).exists(), f"{name} names {path}"
        for room, file in re.findall(rf"`({'|'.join(ROOMS_OF_THE_HOUSE)})/(\w+\.py)`", text(name)):
            assert (SOURCE / room / file).exists(), f"{name} names {room}/{file}"


def test_every_state_of_every_row_is_in_the_glossary() -> None:
    glossary = text("docs/glossary.md").lower()
    for model in apps.get_models():
        if not model.__module__.startswith("daybreak."):
            continue
        for field in model._meta.get_fields():
            for value, _ in getattr(field, "choices", None) or ():
                assert str(value).replace("_", " ").replace("handed over", "hand-over") in glossary, (
                    f"{model.__name__}.{field.name}: {value}"
                )


def test_every_verb_says_in_one_line_what_it_does() -> None:
    for _, line in ROOMS.values():
        assert line.endswith(".")
    for command in daybreak.commands.values():
        assert command.help


def test_no_document_or_lock_carries_a_download_address() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert "://" not in lock.read_text()
