"""Bytes to items: what feeds, sitemaps, agencies and files say, whatever their form.

Read `reading.py` first: it tells the forms apart.
"""
