"""A child process that does not outlive the process that started it."""

from __future__ import annotations

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone, however that one ended.

    Nobody tidies up after a SIGKILL, and a web server without a parent would keep the port from the next start. On
    a system other than Linux this does nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
