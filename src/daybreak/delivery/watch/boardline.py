"""One line of the T-minus board: what a program, a person and an alarm read of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["well", "wait", "late"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the board: `kind` for programs, `name` and `sentence` for people."""

    kind: str
    name: str
    state: State
    sentence: str
