"""Articles to copies and stories: values in, decision out.

Read `grouping.py` first, then `evidence.py`; `copies.py` stands beside them.
"""
