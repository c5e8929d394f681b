"""Circulation: sign-ups come in; readers, their periods of entitlement and the notices due to them are left behind.

Read `entitlement.py` first: the one function that decides who may read, on every surface. Then `joining.py`
(sign-up, confirmation, trial), `notices.py` (letters that are due) and `roll.py` (CSV in and out).
This room never knows what is printed.
"""
