"""The site: everything a reader can open, served as the press stored it, behind the one entitlement decision.

Read `visitors.py` (who is there and what they may read), then `reading.py`, `listening.py`, `feeds.py`, `joining.py`.
"""
