"""The manuscript: an edition as plain values, free of database and request.

An edition file is parsed into it, an approved edition is frozen as it, the checker reads it and every
renderer is a function of it. It can be stored as JSON and read back without loss.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

Role = Literal["lead", "briefs", "discovery"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that a brief rests on: its address and the words that name it ("Bloomberg")."""

    url: str
    source: str


@dataclass(frozen=True, slots=True)
class BriefCopy:
    """One brief: `body` is CommonMark limited to links, emphasis, block quotations and lists.

    `places` are ISO 3166-1 alpha-2 codes, `sources` the cited articles in order of appearance.
    """

    slug: str
    headline: str
    body: str
    places: tuple[str, ...] = ()
    author: str = ""
    sources: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class StandingSection:
    """A section that the paper always has; which briefs it holds changes with the edition."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class SectionCopy:
    """A section of the edition in running order, its `role` deciding how it is set."""

    name: str
    role: Role
    briefs: tuple[BriefCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A whole edition; `date` is the day printed on it."""

    date: dt.date
    title: str = ""
    standfirst: str = ""
    sections: tuple[SectionCopy, ...] = ()

    def briefs(self) -> Iterator[BriefCopy]:
        """Every brief in running order."""
        for section in self.sections:
            yield from section.briefs

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dictionary; `from_json` is its inverse."""
        return {**asdict(self), "date": self.date.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Manuscript:
        """Rebuild a manuscript from what `to_json` gave."""
        return cls(
            date=dt.date.fromisoformat(data["date"]),
            title=data["title"],
            standfirst=data["standfirst"],
            sections=tuple(
                SectionCopy(
                    name=section["name"],
                    role=section["role"],
                    briefs=tuple(_brief_from_json(brief) for brief in section["briefs"]),
                )
                for section in data["sections"]
            ),
        )


def _brief_from_json(data: dict[str, Any]) -> BriefCopy:
    return BriefCopy(
        **{
            **data,
            "places": tuple(data["places"]),
            "sources": tuple(Citation(**source) for source in data["sources"]),
        }
    )
