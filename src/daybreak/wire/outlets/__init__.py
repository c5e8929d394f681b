"""Sources: who they are, how they fare, and the lists they come from and go to.

Read `sources.py` first.
"""
