"""The desk: stories come in, an approved edition of ordered, attributed briefs is left behind for the press.

Read `manuscript.py` (an edition as values), `editions.py` and `briefs.py` (their lives), `editionfile.py` (Markdown
in and out), `checking.py` over `matching.py` (what each sentence rests on) and `citing.py` (the wire's words for it);
the editor's pages are in `views.py`, what they show in `board.py`.
"""
