"""Dates in addresses."""

from __future__ import annotations

import datetime as dt


class DayConverter:
    """An edition's date in a staff address: 2022-05-06."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> dt.date:
        return dt.date.fromisoformat(value)

    def to_url(self, value: dt.date) -> str:
        return value.isoformat()


class PathDayConverter(DayConverter):
    """An edition's date in a reader's address: 2022/05/06."""

    regex = r"\d{4}/\d{2}/\d{2}"

    def to_python(self, value: str) -> dt.date:
        return dt.datetime.strptime(value, "%Y/%m/%d").date()  # noqa: DTZ007 - a date has no zone

    def to_url(self, value: dt.date) -> str:
        return f"{value:%Y/%m/%d}"
