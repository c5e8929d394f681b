"""Sees to it that the browser tests have a Chromium: installs Debian's when this machine allows it.

Without one those tests are skipped and say why; this never fails.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    if any(shutil.which(name) for name in NAMES):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(
            "No Chromium here, and it cannot be installed without root: browser tests will be skipped.",
            file=sys.stderr,
        )
        return
    print("Installing Chromium for the browser tests ...", file=sys.stderr, flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        done = subprocess.run(command, env=environ, capture_output=True, text=True)
        if done.returncode:
            print("Chromium could not be installed: browser tests will be skipped.", file=sys.stderr)
            return


if __name__ == "__main__":
    main()
