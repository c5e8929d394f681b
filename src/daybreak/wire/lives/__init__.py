"""The life of a story: merged, split and pinned by editors, and going on from day to day.

Read `editing.py` first; what went where is a row (`regrouping.py`) that every filer hears of.
"""
