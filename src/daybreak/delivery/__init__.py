"""Delivery: press runs and entitled readers come in; one mail per reader per edition, in that reader's morning,
and its outcome are left behind.

Read `mornings.py` (when), `planning.py` (a row per reader), then `sending.py` (claim, hand over, record).
The row is the truth: nobody is mailed twice, nobody is forgotten.
"""
