"""How fast mails reach a provider that takes its time to answer: one by one, many requests at once, and in batches.

The provider is a process of its own that answers each request after `--latency` milliseconds. “Batches” is the bare
request alone, without ledger or letters: one text with placeholders for 500 addresses, as Mailgun takes it.

    python bench/provider.py [--readers 4000] [--latency 50] [--provider mailgun] [--size 60000] [--workers 1]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from ledger_world import LAST_SIX, NIGHT, make_readers, open_newsroom, print_edition

from delivery import send

ANSWER = b'{"id": "<1@p.example>", "message": "Queued", "ErrorCode": 0, "Message": "OK", "MessageID": "1", "messageId": "1", "To": "a@b.example"}'
ONE_BY_ONE = 200  # mails are enough to know its rate


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=4000)
    parser.add_argument("--latency", type=float, default=50.0, help="milliseconds")
    parser.add_argument("--provider", default="mailgun")
    parser.add_argument("--size", type=int, default=60_000, help="bytes of a mail")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.latency / 1000))
        return
    with tempfile.TemporaryDirectory(prefix="daybreak-provider-") as folder, fake(options.latency) as port:
        url = f"{options.provider}://KEY@paper.example?api=http://127.0.0.1:{port}"
        open_newsroom(Path(folder), DAYBREAK_MAIL_URL=url, DAYBREAK_MAIL_FROM="editions@paper.example")
        measure(options, port)


def measure(options: argparse.Namespace, port: int) -> None:
    from django.db import connection

    from daybreak.delivery.planning import plan
    from daybreak.desk.models import Edition

    edition = Edition.objects.get(pk=print_edition(options.size))
    make_readers(options.readers)
    plan(edition, NIGHT)
    print(f"{options.provider}, answers after {options.latency:.0f} ms, mails of {options.size:,} bytes")
    print(f"one by one    {one_by_one(edition):8.0f} mails/s")
    if options.provider == "mailgun":
        print(f"batches       {batches(options.readers, options.size):8.0f} mails/s")
    connection.close()
    started = time.perf_counter()
    memory, outcome = send(options.workers)
    took = time.perf_counter() - started
    assert outcome["handed_over"] == options.readers, outcome
    print(
        f"many at once  {options.readers / took:8.0f} mails/s with the start of {options.workers} processes"
    )
    print(f"memory        {memory / 1e6:8.0f} MB")


def seconds_at(port: int) -> float:
    """Seconds from the first to the last mail that the provider took since it was asked last."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        return float(answer.read())


def one_by_one(edition: object) -> float:
    """Mails a second on one connection, each after the answer to the one before."""
    from django.conf import settings

    from daybreak.circulation.models import Reader
    from daybreak.common.post import open_post
    from daybreak.delivery.letters import letter_of

    letter = letter_of(edition.press_runs.get(), settings.CONFIG)  # type: ignore[attr-defined]
    readers = list(Reader.objects.all()[:ONE_BY_ONE])
    with open_post(settings.CONFIG) as post:
        started = time.perf_counter()
        for number, reader in enumerate(readers):
            post.hand_over("x@paper.example", reader.email, letter.to(reader, f"{number:08}", LAST_SIX))
        return len(readers) / (time.perf_counter() - started)


def batches(readers: int, size: int) -> float:
    """Mails a second in requests of 500 addresses with values of their own for three placeholders."""
    from django.conf import settings
    from django.core.mail import EmailMessage

    from daybreak.common.providerpost import ProviderPost

    backend = ProviderPost(settings.CONFIG.provider)._opened()  # type: ignore[arg-type]
    started = time.perf_counter()
    for first in range(0, readers, 500):
        to = [f"reader{number}@example.org" for number in range(first, first + 500)]
        mail = EmailMessage("Terms", "word %recipient.stop% %recipient.note% " + "word " * (size // 5), to=to)
        mail.from_email = "editions@paper.example"
        mail.merge_data = {each: {"stop": each, "note": "", "date": "x"} for each in to}  # type: ignore[attr-defined]
        mail.merge_metadata = {each: {"mail": each} for each in to}  # type: ignore[attr-defined]
        backend.send_messages([mail])
    return readers / (time.perf_counter() - started)


@contextmanager
def fake(latency: float) -> Iterator[int]:
    """A provider in a process of its own; its port."""
    command = [sys.executable, __file__, "--serve", "--latency", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()


async def serve(latency: float) -> None:
    times: list[float] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            said = ANSWER
            if head.startswith(b"GET"):
                said = b"%.6f" % (times[-1] - times[0] if times else 0.0)
                times.clear()
            else:
                times.append(time.perf_counter())
                await asyncio.sleep(latency)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(said) + said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


if __name__ == "__main__":
    main()
