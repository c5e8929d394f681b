"""The site: everything a reader can open, served as the press stored it, behind the one entitlement decision.

Read `doors.py` (who is asking and what may be handed out), then `pages.py`, `feeds.py`, `joining.py`.
"""
