"""The press of this house: the paper's name and address, and its voice, as the settings say."""

from __future__ import annotations

from django.conf import settings

from daybreak.press.pages import Paper
from daybreak.press.voice import EspeakVoice


def paper() -> Paper:
    """The paper as the settings name it."""
    return Paper(name=settings.CONFIG.paper_name, site_url=settings.CONFIG.site_url)


def voice() -> EspeakVoice:
    """The built-in voice."""
    return EspeakVoice()
