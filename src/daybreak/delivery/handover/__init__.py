"""A worker's mails handed over on many lines, with the marks that prove it.

Read `claims.py` (who holds a row), `supply.py` (what is taken next, and who is not owed it any more), `handing.py` (the
turns of the lines), `ledger.py` (marks and outcomes).
"""
