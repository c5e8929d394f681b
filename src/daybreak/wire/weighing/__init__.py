"""What a story weighs in the news budget, and what the wire covers.

Read `ranking.py` first.
"""
