"""The sample night: a wire of invented outlets for 2 to 6 May 2022 and the edition written from it.

`wire.jsonl` and `feeds/` are what the wire room takes in, `labels.json` says which items tell one story and
which are copies, and `2022-05-06.md` is the finished edition, in the format that `edition import` reads.
"""

from __future__ import annotations

from pathlib import Path

SAMPLE = Path(__file__).parent
