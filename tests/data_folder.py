"""Loaded before anything else of the tests: gives this run a data folder of its own, so that none meets a real one."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="daybreak-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
for name in [name for name in os.environ if name.startswith("DAYBREAK_")]:
    del os.environ[name]
os.environ["DAYBREAK_DATA"] = _folder
os.environ.setdefault(
    "DJANGO_ALLOW_ASYNC_UNSAFE", "1"
)  # the browser driver runs its own loop in the test's thread
