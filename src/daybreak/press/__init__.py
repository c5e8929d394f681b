"""The press: an approved edition comes in, one press run is left behind with every rendition a reader opens.

Read `printing.py` (the run: all renditions or none), then `pages.py`, `mail.py`, `feeds.py` and `recording.py`
(each a function of the frozen manuscript). Nothing a reader opens renders an edition again.
"""
