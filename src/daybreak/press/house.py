"""The press of this house: the paper's name and address, and its voice, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from daybreak.press.pages import Paper

if TYPE_CHECKING:
    from daybreak.press.voice import EspeakVoice


def paper() -> Paper:
    """The paper as the settings name it."""
    return Paper(name=settings.CONFIG.paper_name, site_url=settings.CONFIG.site_url)


def voice() -> EspeakVoice:
    """The built-in voice. Imported when it is to speak: every page of the site needs the paper and none the voice."""
    from daybreak.press.voice import EspeakVoice

    return EspeakVoice()
