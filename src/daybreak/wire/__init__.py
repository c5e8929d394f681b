"""The wire room: feeds and files come in, articles (joined with their copies) and stories (articles on one
event, ranked) are left behind for the desk.

Read `reading.py` (bytes to items), then `filing.py` (items to articles), `grouping.py` (articles to stories)
and `ranking.py` (stories to the news budget).
"""
