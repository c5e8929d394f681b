"""The forms of `common/clock.py` as filters of every template: `{{ edition.date|long_date }}`; nothing stays nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import template

from daybreak.common import clock

register = template.Library()
FORMS: tuple[Callable[[Any], str], ...] = (
    clock.long_date,
    clock.weekday_date,
    clock.short_date,
    clock.list_date,
    clock.list_day,
    clock.moment,
    clock.moment_and_seconds,
    clock.moment_and_year,
)


def _or_nothing(form: Callable[[Any], str]) -> Callable[[dt.date | None], str]:
    return lambda value: form(value) if value else ""


for form in FORMS:
    register.filter(form.__name__, _or_nothing(form), expects_localtime=True)
