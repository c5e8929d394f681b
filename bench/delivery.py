"""How fast signed mails are handed over, beside what the line and the signing allow and beside the plain way.

    python bench/delivery.py [--readers 20000] [--workers 2]
    python tools/postgres.py .venv/bin/python bench/delivery.py          the same on a PostgreSQL of its own

A mail is 60 kB, the server is `sink.py` in a process of its own. In the same run: (a) raw sockets that send prebuilt
bytes to the same server, (b) hashing and RSA-2048 signing alone, (c) email.message, dkimpy and smtplib, one message
addressed anew for each reader, and (d) the same with each reader's own links in the message, which is what ours has;
each with as many processes as the sending has. Bars: 60 % of the lower of (a) and (b), 40 times (c), under 250 MB.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from ledger_world import LAST_SIX, NIGHT, make_readers, open_newsroom, print_edition

HERE = Path(__file__).parent
ENVELOPE = b"MAIL FROM:<a@paper.example>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--connections", type=int, default=48, help="of each sending process")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="daybreak-delivery-") as folder, sink() as (port, count):
        url = f"smtp://127.0.0.1:{port}?connections={arguments.connections}"
        open_newsroom(Path(folder), DAYBREAK_MAIL_URL=url, DAYBREAK_MAIL_FROM="editions@paper.example")
        measure(arguments.readers, arguments.workers, port, count)
    return 0


def measure(readers: int, workers: int, port: int, count: Callable[[], tuple[int, float]]) -> None:
    from django.conf import settings
    from django.db import connection

    from daybreak.common.dkim import make_keys
    from daybreak.delivery.planning import plan
    from daybreak.desk.models import Edition

    for path in make_keys(settings.CONFIG):
        if "ed25519" in path.name:
            path.unlink()  # the bar is RSA's
    edition = Edition.objects.get(pk=print_edition())
    make_readers(readers)
    started = time.perf_counter()
    made = plan(edition, NIGHT).made
    planned = made / (time.perf_counter() - started)
    message = sample(edition)
    connection.close()
    print(f"{connection.vendor}, {readers:,} readers, {len(message):,} bytes a mail, {workers} processes")
    print(f"planned                 {planned:10,.0f} rows/s")
    # Peers before and after: on a busy machine a minute changes more than any of them.
    before = peers(workers, port, message)
    count()
    memory, outcome = send(workers)
    taken, took = count()  # the start of the interpreters is not sending
    assert outcome["handed_over"] == readers == taken, (outcome, taken)
    after = peers(workers, port, message)
    raw, signing, plain, own = ((one + other) / 2 for one, other in zip(before, after, strict=True))
    ours, limit = taken / took, min(raw, signing)
    for name, rate in (
        ("(a) raw socket", raw),
        ("(b) signing alone", signing),
        ("(c) the plain way", plain),
        ("(d) with own links", own),
        ("daybreak", ours),
    ):
        print(f"{name:23} {rate:10,.0f} mails/s")
    print(f"of the lower of a and b {ours / limit:10.0%}   (bar 60 %)")
    print(f"times the plain way     {ours / plain:10.1f}   (bar 40)")
    print(f"times that with links   {ours / own:10.1f}")
    print(f"memory of all senders   {memory / 1e6:10.0f} MB (bar 250)", flush=True)


def peers(workers: int, port: int, message: bytes) -> tuple[float, float, float, float]:
    """Mails a second of (a) raw sockets, (b) signing alone, (c) and (d) the plain way."""
    return (
        together(workers, send_raw, port, message, 1500),
        together(workers, sign_alone, message, 1500),
        together(workers, send_plainly, port, message, 50),
        together(workers, write_and_send_plainly, port, message, 50),
    )


def send(workers: int) -> tuple[float, dict[str, int]]:
    """Peak bytes of all sending processes together (shared pages counted once each), and the counts."""
    command = [
        "deliver",
        "run",
        "--json",
        "--planned",
        "--workers",
        str(workers),
        "--at",
        LAST_SIX.isoformat(),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "daybreak", *command], stdout=subprocess.PIPE, text=True
    )
    peak, stop = [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            peak[0] = max(peak[0], memory_of(process.pid))

    threading.Thread(target=watch, daemon=True).start()
    output, _ = process.communicate()
    stop.set()
    return peak[0], json.loads(output)


def memory_of(pid: int) -> float:
    """Proportional set size in bytes of a process and its children."""
    total = 0.0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return total
    return total + sum(memory_of(int(child)) for child in children)


def sample(edition: object) -> bytes:
    from django.conf import settings

    from daybreak.circulation.models import Reader
    from daybreak.delivery.letters import letter_of

    run = edition.press_runs.get()  # type: ignore[attr-defined]
    return letter_of(run, settings.CONFIG).to(Reader.objects.first(), "0", NIGHT)  # type: ignore[arg-type]


# -- the peers: each gets ready, and gives what is then timed ----------------------------------------------
Peer = Callable[..., Callable[[], None]]


def together(workers: int, peer: Peer, *arguments: object) -> float:
    """Mails a second of `workers` processes of a peer made with `arguments`, the last of which is how many mails."""
    start = multiprocessing.get_context("spawn")
    gate, ready = start.Event(), [start.Event() for _ in range(workers)]
    processes = [start.Process(target=_work, args=(peer, arguments, gate, one)) for one in ready]
    for process in processes:
        process.start()
    for one in ready:
        one.wait()
    started = time.perf_counter()
    gate.set()
    for process in processes:
        process.join()
    return workers * int(arguments[-1]) / (time.perf_counter() - started)  # type: ignore[call-overload]


def _work(peer: Peer, arguments: tuple[object, ...], gate: object, ready: object) -> None:
    act = peer(*arguments)  # imports and a new key are not what is measured
    ready.set()  # type: ignore[attr-defined]
    gate.wait()  # type: ignore[attr-defined]
    act()
    os._exit(0)


def send_raw(port: int, message: bytes, number: int) -> Callable[[], None]:
    import socket

    def act() -> None:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"EHLO a\r\n")
            lines = sock.makefile("rb")
            for mail in range(number):
                sock.sendall(ENVELOPE + message + b".\r\n")
                if mail % 100 == 99:  # so that its answers do not fill up
                    _read_until(lines, b"250 taken", 100)

    return act


def _read_until(lines: object, words: bytes, times: int) -> None:
    while times:
        times -= lines.readline().startswith(words)  # type: ignore[attr-defined]


def sign_alone(message: bytes, number: int) -> Callable[[], None]:
    import hashlib

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(65537, 2048)
    pad, digest = padding.PKCS1v15(), hashes.SHA256()

    def act() -> None:
        for _ in range(number):
            key.sign(hashlib.sha256(message).digest() * 30, pad, digest)

    return act


def send_plainly(port: int, message: bytes, number: int) -> Callable[[], None]:
    from email import message_from_bytes, policy

    mail = message_from_bytes(message, policy=policy.SMTP)

    def addressed(reader: str) -> bytes:
        del mail["To"]
        mail["To"] = reader
        return mail.as_bytes()

    return _plainly(port, number, addressed)


def write_and_send_plainly(port: int, message: bytes, number: int) -> Callable[[], None]:
    from email import message_from_bytes, policy
    from email.message import EmailMessage

    model = message_from_bytes(message, policy=policy.SMTP)
    texts = [part.get_content() for part in model.iter_parts()]
    link = model["List-Unsubscribe"].strip("<>")

    def written(reader: str) -> bytes:
        mail = EmailMessage(policy=policy.SMTP)
        own = f"{link}{reader}"
        for name in ("From", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe-Post"):
            mail[name] = str(model[name])
        mail["To"], mail["List-Unsubscribe"] = reader, f"<{own}>"
        text, page = (part.replace(link, own) for part in texts)
        mail.set_content(text)
        mail.add_alternative(page, subtype="html")
        return mail.as_bytes()

    return _plainly(port, number, written)


def _plainly(port: int, number: int, write: Callable[[str], bytes]) -> Callable[[], None]:
    import smtplib

    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    form = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    pem = rsa.generate_private_key(65537, 2048).private_bytes(serialization.Encoding.PEM, *form)
    relaxed = (b"relaxed", b"relaxed")

    def act() -> None:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            for each in range(number):
                reader = f"reader{each}@example.org"
                data = write(reader)
                signature = dkim.sign(data, b"daybreak", b"paper.example", pem, canonicalize=relaxed)
                smtp.sendmail("a@paper.example", [reader], signature + data)

    return act


@contextmanager
def sink() -> Iterator[tuple[int, Callable[[], tuple[int, float]]]]:
    """The server's port, and a function: mails taken since it was last asked, seconds from first to last."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "sink.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout
    asked, told = process.stdin, process.stdout

    def count() -> tuple[int, float]:
        asked.write("\n")
        asked.flush()
        number, seconds = told.readline().split()
        return int(number), float(seconds)

    try:
        yield int(told.readline()), count
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
