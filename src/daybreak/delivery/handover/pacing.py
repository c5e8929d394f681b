"""Not faster than a receiver likes: mails a minute by relay and by domain, and the ceiling of a new sender's days.

The count is shared by all sending processes of this machine. Method: the generic cell rate algorithm (ITU-T I.371),
which needs one number a key, the instant at which the next mail is expected.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import struct
import zlib
from pathlib import Path

from django.db.models import Q

from daybreak.common.config import Config
from daybreak.delivery.models import Delivery

SLOTS = 65_536  # two keys that fall into one slot share its pace: slower than asked, never faster
BURST = 2.0  # seconds' worth of mails that may leave at once
# Seconds, more than a mail a minute is ever put off: what is expected beyond this, a clock that was set back expects.
FAR = 60.0 + 2 * BURST


class Paces:
    """Counts mails by key against a number a minute."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.by_domain = bool(config.paces)  # whether any receiving domain has a pace
        self._file: int | None = None

    def wait(self, key: str, per_minute: int, now: float) -> float:
        """0.0, and the mail is counted, when one more may leave at `now` (Unix seconds); else seconds to wait."""
        slot = 8 * (zlib.crc32(key.encode("utf-8", "replace")) % SLOTS)
        file = self._open()
        fcntl.lockf(file, fcntl.LOCK_EX, 8, slot)
        try:
            (expected,) = struct.unpack("d", os.pread(file, 8, slot).ljust(8, b"\0"))
            expected = now if expected > now + FAR else max(expected, now)
            if expected > now + BURST:
                return float(expected - now - BURST)
            os.pwrite(file, struct.pack("d", expected + 60 / per_minute), slot)
            return 0.0
        finally:
            fcntl.lockf(file, fcntl.LOCK_UN, 8, slot)

    def wait_for_domain(self, domain: str, now: float) -> float:
        """The same for a receiving domain, by its pace or that of “*”; 0.0 when it has none."""
        paces = self._config.paces
        if not paces:
            return 0.0
        pace = paces.get(domain) or paces.get("*")
        return self.wait(domain, pace, now) if pace else 0.0

    def close(self) -> None:
        """Close the file of counts."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        if self._file is None:
            path = Path(self._config.data) / "paces"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._file


def left_today(config: Config, at: dt.datetime) -> int | None:
    """How many mails the warm-up lets leave on the day of `at` (UTC) still; None without a warm-up."""
    if config.warm_up is None:
        return None
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    today = Q(handed_over_at__gte=midnight) | Q(state="in_doubt", claimed_at__gte=midnight)
    gone = Delivery.objects.filter(today | Q(state="claimed")).count()
    return max(config.warm_up.ceiling(at.date()) - gone, 0)
