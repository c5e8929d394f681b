"""Whole texts: the pages of articles, read where the source allows it.

Read `pages.py` first; `pageworker.py` is the process that may hang without harm.
"""
