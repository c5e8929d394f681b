"""The front matter of an edition file: its date, title and standfirst, as YAML between two lines `---`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from daybreak.common.clock import parse_day
from daybreak.common.refusal import Misused
from daybreak.desk.manuscript import Manuscript
from daybreak.desk.prose import tidy_line

FRONT_LIMIT = 20_000  # characters
FRONT_FIELDS = ("date", "title", "standfirst")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something to mend in a file; `line` counts from 1."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


class _PlainLoader(yaml.BaseLoader):
    """YAML in which every value is text and nothing refers to anything else, so that a few bytes stay few."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed here", problem_mark=mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def read_front_matter(lines: list[str], problems: list[Problem]) -> tuple[Manuscript | None, int]:
    """The date, title and standfirst as an edition without sections, and the index of the first line after."""
    if lines[0].rstrip() != "---":
        problems.append(
            Problem(1, "the file must begin with front matter: a line ---, date: 2022-05-06, a line ---")
        )
        return None, 0
    end = next((n for n, line in enumerate(lines[1:], start=1) if line.rstrip() in ("---", "...")), 0)
    if not end:
        problems.append(Problem(1, "the front matter has no end: close it with a line ---"))
        return None, len(lines)
    values = _yaml_values("\n".join(lines[1:end]), problems)
    if values is None:
        return None, end + 1
    places = {name: _line_of(lines[:end], name) for name in values}
    for name in values.keys() - set(FRONT_FIELDS):
        problems.append(
            Problem(
                places[name], f"“{name[:40]}” is no field of the front matter: use {in_words(FRONT_FIELDS)}"
            )
        )
    date = _date(values.get("date"), places.get("date", 1), problems)
    title = tidy_line(values.get("title", ""))
    if len(title) > 200:
        problems.append(Problem(places["title"], "the title is longer than 200 characters"))
    standfirst = tidy_line(values.get("standfirst", ""))
    return (Manuscript(date, title, standfirst) if date else None), end + 1


def _yaml_values(text: str, problems: list[Problem]) -> dict[str, str] | None:
    if len(text) > FRONT_LIMIT:
        problems.append(Problem(1, "the front matter is longer than 20,000 characters"))
        return None
    try:
        values = _PlainLoader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        problems.append(Problem(line, f"the front matter is no YAML ({error.problem or error.context})"))
        return None
    except (yaml.YAMLError, RecursionError, ValueError):
        problems.append(Problem(1, "the front matter is no YAML: write lines such as date: 2022-05-06"))
        return None
    if values is None or values == "":
        return {}
    if not isinstance(values, dict) or not all(isinstance(v, str) for pair in values.items() for v in pair):
        problems.append(
            Problem(2, "the front matter holds plain lines only, such as title: Terms of Disengagement")
        )
        return None
    return values


def _date(value: str | None, line: int, problems: list[Problem]) -> dt.date | None:
    if not value:
        problems.append(Problem(line, "the front matter has no date: write date: 2022-05-06"))
        return None
    try:
        return parse_day(value)
    except Misused as error:
        problems.append(Problem(line, str(error).rstrip(".")))
        return None


def _line_of(lines: list[str], name: str) -> int:
    return next((n for n, line in enumerate(lines, start=1) if line.strip("\"' ").startswith(name)), 2)


def in_words(words: Sequence[str]) -> str:
    """Words as a list in a sentence: “a, b and c”."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
