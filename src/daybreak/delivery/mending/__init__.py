"""A person's hand on an edition that is going out: corrections, holds, and doubts settled.

Read `holding.py` and `correcting.py`.
"""
