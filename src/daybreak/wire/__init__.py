"""The wire room: feeds and files come in, articles (joined with their copies) and stories (articles on one
event, ranked) are left behind for the desk.

Read `polling.py` (the round of the feeds) and `filing.py` (items to articles, copies and stories), then the packages in the
order of the work: `outlets` (whom we ask), `network` (asking), `formats` (bytes to items), `joining` (articles to
stories), `facts` (places, names, language), `pagetexts` (whole texts), `weighing` (the budget) and `lives` (merging,
splitting, and what a story goes on with). `joining`, `weighing` and most of `facts` know no database. What the desk
calls is in `stories.py` and `lives/editing.py`.
"""
