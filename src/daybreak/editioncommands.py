"""The verbs of `daybreak edition`, which span two rooms: the desk writes an edition, the press prints it."""

from daybreak.desk.commands import edition
from daybreak.press.commands import press_edition

edition.add_command(press_edition)

__all__ = ["edition"]
