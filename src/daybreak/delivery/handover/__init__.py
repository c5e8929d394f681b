"""A claim's mails handed over on many lines, with the marks that prove it.

Read `claims.py` (who holds a row), `handing.py` (the turns of the lines), `ledger.py` (marks and outcomes).
"""
