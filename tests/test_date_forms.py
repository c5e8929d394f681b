"""Dates read alike on the desk, on the site and in mails: no page and no sentence makes up a form of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import daybreak

ROOT = Path(daybreak.__file__).parent
MACHINES = {"c", "Y-m-d", "Ymd", "Y/m/d"}  # in addresses, form fields and attributes
TIMES = {"H:i", "H:i:s"}


def templates() -> list[Path]:
    return sorted(path for path in ROOT.rglob("templates/**/*") if path.suffix in (".html", ".txt"))


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_write_dates_by_the_filters_of_common(path: Path) -> None:
    forms = set(re.findall(r"""\|date:["']([^"']*)["']""", path.read_text(encoding="utf-8")))
    assert forms <= MACHINES | TIMES, "use a filter of common/templatetags/dates.py"


def test_sentences_write_months_by_the_functions_of_common() -> None:
    own = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if re.search(r"%[Bb]\b", path.read_text(encoding="utf-8")) and path.name != "clock.py"
    ]
    assert own == [], "use a function of common/clock.py"
