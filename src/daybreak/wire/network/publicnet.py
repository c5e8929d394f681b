"""Which addresses are on the public internet, and which lead into somebody's own network."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit


def addresses_of(endpoint: str) -> set[tuple[str, int]]:
    """The IP addresses, with the port, that HOST:PORT stands for now; none when the name is not known."""
    parts = urlsplit(f"//{endpoint}")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {(str(address[0]), int(address[1])) for *_, address in found}


def is_public(text: str) -> bool:
    """Whether an IP address is on the public internet; one that wraps an IPv4 address is judged by that."""
    address = ipaddress.ip_address(text.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        nat64 = address in ipaddress.ip_network("64:ff9b::/96")
        inner = (
            address.ipv4_mapped
            or address.sixtofour
            or (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if nat64 else None)
        )
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


def is_public_host(url: str) -> bool:
    """Whether every address that the host of `url` has now is on the public internet; False when it has none."""
    try:
        parts = urlsplit(url)
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return False
    return bool(found) and all(is_public(str(address[0])) for *_, address in found)
