"""What every room may lean on: the refusal, the clock, the configuration, the journal and the post.

Nothing here knows of any room. Read `refusal.py` first, then `config.py`.
"""
