"""A name server on this machine, for tests: answers from a table, by UDP, with dnspython's own messages."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = dict[tuple[str, str], list[str]]  # (name, kind) → values; a name in no key does not exist


@contextmanager
def name_server(zone: Zone) -> Iterator[str]:
    """Serve `zone` while the block runs; its HOST:PORT. What is put into the zone meanwhile is answered too."""

    class Answering(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, socket = self.request
            question = dns.message.from_wire(data)
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.RA
            asked = question.question[0]
            name, kind = asked.name.to_text().rstrip(".").lower(), asked.rdtype.name
            if values := zone.get((name, kind)):
                answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *values))
            elif not any(held == name for held, _ in zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            socket.sendto(answer.to_wire(), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
