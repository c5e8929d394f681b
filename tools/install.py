"""Makes `.venv` from the lock: with uv when it is there, else with venv and pip. Runs before anything is installed.

usage: python3 tools/install.py [--tests]
Says what it does, does nothing when nothing changed, and ends with one sentence when it cannot go on.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST, TOO_NEW = (3, 11), (3, 14)


def main() -> None:
    use_a_fitting_python()
    tests = "--tests" in sys.argv[1:]
    lock = ROOT / ("requirements-test.lock" if tests else "requirements.lock")
    stamp, wanted = VENV / ("installed-tests" if tests else "installed"), fingerprint(lock)
    if is_done(stamp, wanted) or (not tests and is_done(VENV / "installed-tests", fingerprint_of_tests())):
        return
    if not os.access(ROOT, os.W_OK):
        give_up("the folder %s cannot be written: make it yours, or copy the project elsewhere." % ROOT)
    began = time.monotonic()
    # A crash half-way must not look like an environment that is ready.
    stamp.unlink(missing_ok=True)
    install(lock)
    stamp.write_text(wanted)
    say("The environment is ready (%.0f s)." % (time.monotonic() - began))


def use_a_fitting_python() -> None:
    """Go on in a Python of 3.11 to 3.13: this one, or another that is on the path."""
    if OLDEST <= sys.version_info[:2] < TOO_NEW:
        return
    for name in ("python3.13", "python3.12", "python3.11"):
        other = shutil.which(name)
        if other and subprocess.run([other, "-c", "import venv"], capture_output=True).returncode == 0:
            os.execv(other, [other, *sys.argv])
    give_up(
        "Python 3.11 to 3.13 is needed and this is %d.%d (%s): install one, or name it, as in "
        "`make demo PYTHON=python3.12`." % (*sys.version_info[:2], sys.executable)
    )


def fingerprint(lock: Path) -> str:
    text = lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()
    return hashlib.sha256(text + sys.version.encode()).hexdigest()


def fingerprint_of_tests() -> str:
    return fingerprint(ROOT / "requirements-test.lock")


def is_done(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted and (VENV / "bin" / "daybreak").exists()


def install(lock: Path) -> None:
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith(" "))
    say("Installing %d packages into .venv; the first time takes a minute ..." % count)
    uv = shutil.which("uv")
    if uv and with_uv(uv, lock):
        return
    with_pip(lock)


def with_uv(uv: str, lock: Path) -> bool:
    """True when uv did it all; else pip tries, which says better what is wrong."""
    environ = {"UV_SYSTEM_CERTS": "1", **os.environ}
    if not (VENV / "pyvenv.cfg").exists():
        made = subprocess.run(
            [uv, "venv", "-q", "--seed", "--python", sys.executable, str(VENV)], env=environ
        )
        if made.returncode:
            return False
    # Compiled now, as pip does: else each process would compile what it imports until one may write it down.
    pip = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(VENV / "bin" / "python")]
    return not any(
        subprocess.run([*pip, *more], env=environ, cwd=ROOT).returncode
        for more in (["--require-hashes", "-r", str(lock)], ["--no-deps", "--no-build-isolation", "-e", "."])
    )


def with_pip(lock: Path) -> None:
    python = VENV / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-m", "pip", "-V"], capture_output=True).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        run(
            [sys.executable, "-m", "venv", str(VENV)],
            "this Python cannot make environments: install its venv module (Debian: apt install python3-venv).",
        )
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run(
        [*pip, "--require-hashes", "-r", str(lock)],
        "the packages could not be installed: is the package index reachable, is there room on the disk?",
    )
    run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], "the project itself could not be installed.")


def run(command: "list[str]", otherwise: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        last = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()][-1:]
        give_up(otherwise + (" (" + last[0].strip()[:200] + ")" if last else ""))


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def give_up(sentence: str) -> None:
    say("daybreak: " + sentence)
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        give_up("interrupted; run it again to go on.")
    except OSError as error:
        give_up("%s: %s." % (error.strerror, error.filename))
