"""Daybreak: a newsroom in one program. Read ARCHITECTURE.md, then the docstring of each room."""

__version__ = "0.1.0"
