"""Asking other people's servers, politely and without a way into anybody's own network.

Read `fetching.py` first: every request goes through its guard.
"""
