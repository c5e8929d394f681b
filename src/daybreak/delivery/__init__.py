"""Delivery: press runs and entitled readers come in; one mail per reader per edition, in that reader's morning,
and its outcome are left behind.

Read `mornings.py` (when), `planning.py` (a row per reader), then `sending.py` (claim, hand over, record) with
`claims.py` (what a dead worker held), `handing.py` (many lines at once), `ledger.py` (marks and outcomes) and
`letters.py` (the mail itself); `status.py` says who has it.
What comes back is read by `bouncereading.py`, taken in by `incoming.py` and recorded by `outcomes.py`; `suppressing.py`
says who gets no more. `board.py` and `alarms.py` watch over it all.
The row is the truth: nobody is mailed twice, nobody is forgotten.
"""
