"""The wire room: feeds and files come in, articles (joined with their copies) and stories (articles on one
event, ranked) are left behind for the desk.

Read `reading.py` (bytes to items), then `filing.py` (items to articles), `grouping.py` (articles to stories)
and `ranking.py` (stories to the news budget). Items come through `polling.py` or `wirefiles.py`; what the desk
calls is in `stories.py`. `grouping.py`, `evidence.py` (how likely an article
is part of a story), `dividing.py`, `copies.py`, `ranking.py`, `wording.py` and `commonness.py` know no database.
"""
