"""Mail that came, read from where it lies: .eml and mbox files, maildir folders, and a mailbox over IMAP."""

from __future__ import annotations

import datetime as dt
import imaplib
import logging
import mailbox
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import DatabaseError

from daybreak.common.refusal import Refused
from daybreak.common.returnedmail import BounceMailbox
from daybreak.delivery.returns.incoming import take_in
from daybreak.delivery.returns.reportparts import LARGEST

log = logging.getLogger(__name__)

A_LOOK = 500  # mails taken in one look: the next look takes the next
A_LOOK_LASTS = 300.0  # seconds
PATIENCE = 20.0  # seconds for one answer of the IMAP server


def mails_in(path: Path) -> Iterator[bytes]:
    """The mails of a .eml file, an mbox file or a maildir folder. Raises Refused when the path is none."""
    if path.is_dir():
        if not (path / "new").is_dir() and not (path / "cur").is_dir():
            raise Refused(f"{path} is no maildir: it has no folder “new”.")
        for file in _maildir_files(path):
            yield _start_of(file)
    elif not path.is_file():
        raise Refused(f"There is no file {path}: name a .eml or mbox file, or a maildir folder.")
    elif path.open("rb").read(5) == b"From ":
        box = mailbox.mbox(path, create=False)
        for key in box.keys():  # noqa: SIM118 - its iterator would parse each mail at full length
            yield box.get_bytes(key)[:LARGEST]
    else:
        yield _start_of(path)


def take_in_mailbox(box: BounceMailbox, at: dt.datetime) -> Counter[str]:
    """Take in what lies in the mailbox of the settings, at most A_LOOK mails; how many of each kind.

    A mail is moved (maildir: to `cur`) or marked as seen (IMAP) only once it is recorded. Raises Refused when the
    mailbox cannot be reached.
    """
    return _take_in_maildir(Path(box.path), at) if box.kind == "maildir" else _take_in_imap(box, at)


def _take_in_maildir(folder: Path, at: dt.datetime) -> Counter[str]:
    counted: Counter[str] = Counter()
    new, done = folder / "new", folder / "cur"
    if not new.is_dir():
        raise Refused(f"The mailbox {folder} is no maildir: it has no folder “new”.")
    done.mkdir(exist_ok=True)
    for file in sorted(new.iterdir())[:A_LOOK]:
        if file.is_file() and (what := _recorded(_start_of(file), at, file.name)):
            counted[what] += 1
            file.replace(done / (file.name if ":2," in file.name else f"{file.name}:2,S"))
    return counted


def _recorded(data: bytes, at: dt.datetime, name: str) -> str:
    """What a mail was; "" for one that nobody foresaw, which stays where it is and keeps no other one waiting."""
    try:
        return take_in(data, at)
    except DatabaseError:
        raise  # the next one would fare no better
    except Exception:
        log.exception("The returned mail %s cannot be read: it stays where it is.", name)
        return ""


def _take_in_imap(box: BounceMailbox, at: dt.datetime) -> Counter[str]:
    counted: Counter[str] = Counter()
    try:
        with _opened(box) as imap, _no_longer_than(A_LOOK_LASTS, imap):
            _, found = imap.uid("SEARCH", "UNSEEN")
            for uid in (found[0] or b"").split()[:A_LOOK]:
                name = uid.decode("ascii")
                data = _fetched(imap, name)
                if data is not None:
                    what = _recorded(data, at, name)
                    if not what:
                        continue
                    counted[what] += 1
                imap.uid("STORE", name, "+FLAGS", r"(\Seen)")
    except (OSError, imaplib.IMAP4.error) as error:
        words = " ".join(re.sub(re.escape(box.password) or "$^", "…", str(error)).split())[:200]
        raise Refused(
            f"The mailbox at {box.host} cannot be read: {words or type(error).__name__}."
        ) from error
    return counted


def _opened(box: BounceMailbox) -> imaplib.IMAP4:
    imap = (
        imaplib.IMAP4_SSL(box.host, box.port, ssl_context=ssl.create_default_context(), timeout=PATIENCE)
        if box.kind == "imaps"
        else imaplib.IMAP4(box.host, box.port, timeout=PATIENCE)
    )
    imap.login(box.username, box.password)
    answer, words = imap.select(f'"{box.path}"')
    if answer != "OK":
        raise imaplib.IMAP4.error(f"it has no folder {box.path} ({words!r})")
    return imap


@contextmanager
def _no_longer_than(seconds: float, imap: imaplib.IMAP4) -> Iterator[None]:
    """A limit for each answer does not bound a server that drips: the line is cut when the time is over."""
    # Its own shutdown() would first wait for the reading to end.
    timer = threading.Timer(seconds, imap.sock.shutdown, [socket.SHUT_RDWR])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _fetched(imap: imaplib.IMAP4, uid: str) -> bytes | None:
    _, parts = imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)")
    return next((part[1] for part in parts if isinstance(part, tuple)), None)


def _maildir_files(folder: Path) -> list[Path]:
    return sorted(
        file for part in ("new", "cur") if (folder / part).is_dir() for file in (folder / part).iterdir()
    )


def _start_of(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST)
