"""Figures of a sending as people read them."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def thousands(number: int) -> str:
    """1204 → “1,204”."""
    return f"{number:,}"


@register.filter
def per_minute(rate: float) -> str:
    """A rate in mails a second → whole mails a minute, “1,204”."""
    return f"{max(1, round(rate * 60)):,}"


@register.filter
def full_stop(words: str) -> str:
    """Somebody's words → a sentence that another may follow: “relay looks odd” → “relay looks odd.”"""
    words = words.rstrip()
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


@register.filter
def lasting(seconds: float) -> str:
    """Seconds → “under a minute”, “12 min” or “2 h 5 min”, rounded up."""
    minutes = -int(-seconds // 60)
    hours, rest = divmod(minutes, 60)
    if hours:
        return f"{hours} h {rest} min"
    return f"{minutes} min" if minutes > 1 else "under a minute"
