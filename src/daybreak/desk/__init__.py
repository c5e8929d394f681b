"""The desk: stories come in, an approved edition of ordered, attributed briefs is left behind for the press.

Read `editions.py` (the edition's life), `manuscript.py` (an edition as values), `editionfile.py` (Markdown in
and out), `checking.py` (what each sentence rests on); the editor's pages are in `views.py`.
"""
