"""What is told of an article from its words: places, names, language, dateline, and what it said before.

Read `particulars.py` first.
"""
