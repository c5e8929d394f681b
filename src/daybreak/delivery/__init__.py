"""Delivery: press runs and entitled readers come in; one mail per reader per edition, in that reader's morning,
and its outcome are left behind.

Read `mornings.py` (when), `planning.py` (a row per reader), `letters.py` (the mail itself), then `sending.py` with the
package `handover` (claims, lines, marks); `status.py` says who has it. `mending` is a person's hand on what is going
out, `returns` what comes back and who gets no more for it, `watch` sees to it that nobody's six o'clock is missed.
The row is the truth: nobody is mailed twice, nobody is forgotten.
"""
