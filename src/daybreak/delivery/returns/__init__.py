"""What comes back: bounces, complaints, notes of absence, replies; and who gets no more mail for it.

Read `incoming.py` first.
"""
