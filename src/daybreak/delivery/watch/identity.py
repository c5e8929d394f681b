"""Who the mail says it is from, as the world's servers check it: SPF, DKIM, DMARC, the relay's name and its TLS.

Sources: RFC 7208 (SPF), 6376 (DKIM), 7489 (DMARC), and what Gmail, Yahoo and Microsoft ask of bulk senders since 2024.
Each check yields sentences; a name server that does not answer is said to be silent, not taken for a missing record.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.resolver
import dns.reversename

from daybreak.common.relays import MailServer

PATIENCE = 4.0  # seconds for one question, retries included
MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
RENEW_BEFORE = dt.timedelta(days=14)
_ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")  # terms of SPF that cost a look-up


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record that should be there: `name` without a dot at the end, `kind` such as TXT, its `value`."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, whether it is well (None: it could not be looked at), a sentence, and the record to add."""

    name: str
    well: bool | None
    sentence: str
    add: Record | None = None


class NoAnswer(Exception):
    """No name server answered in time."""


class Names:
    """The domain name system, asked with a deadline. `server` is HOST:PORT of a name server, or "" for the machine's."""

    def __init__(self, server: str = "") -> None:
        self._resolver = dns.resolver.Resolver(configure=not server)
        if server:
            host, _, port = server.rpartition(":")
            self._resolver.nameservers, self._resolver.port = [host], int(port)
        self._resolver.lifetime = PATIENCE

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, the strings of each joined. Raises NoAnswer."""
        return [
            b"".join(answer.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
            for answer in self._ask(name, "TXT")
        ]

    def addresses(self, host: str) -> list[str]:
        """The IP addresses of a host. Raises NoAnswer."""
        return [str(answer) for kind in ("A", "AAAA") for answer in self._ask(host, kind)]

    def names_of(self, address: str) -> list[str]:
        """The names that an IP address says it has. Raises NoAnswer."""
        reverse = dns.reversename.from_address(address).to_text()
        return [str(answer).rstrip(".").lower() for answer in self._ask(reverse, "PTR")]

    def _ask(self, name: str, kind: str) -> list[object]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise NoAnswer(
                f"No name server answered for {name}: look again when the network is there."
            ) from error


def identity_checks(
    mail_from: str,
    bounce_domain: str,
    keys: list[Record],
    server: MailServer | None,
    names: Names,
    at: dt.datetime,
) -> Iterator[Check]:
    """Everything that a receiving server asks of our mail's identity. `keys` are the DKIM records that should stand."""
    domain = mail_from.rpartition("@")[2].lower()
    looks = [
        ("SPF", spf(bounce_domain, names)),
        ("DKIM", dkim(keys, names)),
        ("DMARC", dmarc(domain, bounce_domain, names)),
    ]
    if server is not None:
        looks += [("relay name", relay_name(server, names)), ("relay TLS", relay_tls(server, at))]
    for name, checks in looks:
        try:
            yield from checks
        except NoAnswer as error:
            yield Check(name, None, str(error))


def spf(domain: str, names: Names) -> Iterator[Check]:
    """Whether the domain of the return path says which servers may send for it (RFC 7208)."""
    records = [text for text in names.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
    if not records:
        add = Record(domain, "TXT", "v=spf1 mx ~all")
        sentence = (
            f"{domain} names no servers that may send for it: add the record, with your relay's include."
        )
        yield Check("SPF", False, sentence, add)
        return
    if len(records) > 1:
        yield Check(
            "SPF", False, f"{domain} has {len(records)} SPF records, and so none that counts: keep one."
        )
        return
    terms = records[0].lower().split()[1:]
    if any(term.lstrip("+") == "all" for term in terms):
        yield Check("SPF", False, f"{domain} lets everybody send for it: end its record with ~all or -all.")
        return
    lookups = _lookups(domain, names, set())
    if lookups > MOST_LOOKUPS:
        sentence = f"The record of {domain} costs {lookups} look-ups, and servers stop at {MOST_LOOKUPS}: take includes out."
        yield Check("SPF", False, sentence)
        return
    yield Check("SPF", True, f"{domain}: {records[0]}")


def _lookups(domain: str, names: Names, seen: set[str]) -> int:
    """How many look-ups an SPF record costs, those of its includes too; a loop is counted once."""
    if domain in seen or len(seen) > 2 * MOST_LOOKUPS:
        return 0
    seen.add(domain)
    count = 0
    for text in names.texts(domain):
        words = text.lower().split()
        for term in words[1:] if words[:1] == ["v=spf1"] else []:
            kind, _, value = term.lstrip("+-~?").replace("=", ":", 1).partition(":")
            if kind.split("/")[0] in _ASKING:
                count += 1
            if kind in ("include", "redirect") and value:
                count += _lookups(value, names, seen)
    return count


def dkim(keys: list[Record], names: Names) -> Iterator[Check]:
    """Whether the keys that we sign with stand in the DNS (RFC 6376, 3.6.1)."""
    if not keys:
        yield Check("DKIM", False, "Mails are not signed: make the keys with `daybreak mail keys`.")
    for key in keys:
        wanted = _tags(key.value)
        found = [_tags(text) for text in names.texts(key.name)]
        if any(tags.get("p", "") == wanted["p"] for tags in found):
            yield Check("DKIM", True, f"{key.name} has our key.")
        elif found:
            yield Check("DKIM", False, f"{key.name} has another key than ours: replace the record.", key)
        else:
            yield Check("DKIM", False, f"{key.name} is not there: add the record.", key)


def dmarc(domain: str, bounce_domain: str, names: Names) -> Iterator[Check]:
    """Whether the domain says what is to be done with mail that is not its own (RFC 7489), and ours is its own."""
    record, at_domain = _dmarc_record(domain, names)
    if not record:
        add = Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}")
        yield Check(
            "DMARC", False, f"{domain} has no policy, which bulk senders must have: add the record.", add
        )
        return
    policy = _tags(record).get("p", "")
    if policy not in ("none", "quarantine", "reject"):
        yield Check(
            "DMARC", False, f"The policy of {at_domain} is “{policy}”: write p=none, quarantine or reject."
        )
        return
    yield Check("DMARC", True, f"{at_domain}: {record}")
    if not _aligned(domain, bounce_domain):
        sentence = f"Bounces go to {bounce_domain}, which is not of {domain}: only DKIM can prove the mail ours. Set DAYBREAK_BOUNCE_DOMAIN to a name under {domain}."
        yield Check("alignment", False, sentence)


def _dmarc_record(domain: str, names: Names) -> tuple[str, str]:
    """The policy that counts for a domain, its own or its nearest parent's of two labels or more, and whose it is."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = ".".join(labels[start:])
        for text in names.texts(f"_dmarc.{name}"):
            if text.replace(" ", "").lower().startswith("v=dmarc1"):
                return text, name
    return "", ""


def _aligned(one: str, other: str) -> bool:
    """Relaxed alignment, as far as it can be told without a list of public suffixes: one is the other, or under it."""
    one, other = one.lower(), other.lower()
    return one == other or one.endswith("." + other) or other.endswith("." + one)


def relay_name(server: MailServer, names: Names) -> Iterator[Check]:
    """Whether the relay's addresses have names that lead back to them, which big receivers ask of a sender."""
    addresses = [server.host] if _is_ip(server.host) else names.addresses(server.host)
    if not addresses:
        yield Check("relay name", False, f"{server.host} has no address: check DAYBREAK_MAIL_URL.")
    for address in addresses:
        if not ipaddress.ip_address(address).is_global:
            yield Check(
                "relay name", True, f"{address} is a private address; its own way out is what counts."
            )
        elif any(address in names.addresses(name) for name in names.names_of(address)):
            yield Check("relay name", True, f"{address} has a name that leads back to it.")
        else:
            sentence = f"{address} has no name that leads back to it: ask its owner for a PTR record."
            yield Check("relay name", False, sentence)


def relay_tls(server: MailServer, at: dt.datetime) -> Iterator[Check]:
    """Whether the line to the relay is encrypted, with a certificate in its name that lasts."""
    if server.security == "none":
        here = _is_ip(server.host) and not ipaddress.ip_address(server.host).is_global
        well = here or server.host == "localhost"
        yield Check(
            "relay TLS",
            well,
            "Not encrypted" + (", within the house." if well else ": use smtps:// or smtp+starttls://."),
        )
        return
    try:
        until = _certificate_end(server)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        yield Check(
            "relay TLS", False, f"{server.host}:{server.port} has no line that can be trusted: {error}."
        )
        return
    left = until - at
    soon = left < RENEW_BEFORE
    sentence = (
        f"The certificate of {server.host} lasts until {until:%Y-%m-%d}{': have it renewed' if soon else ''}."
    )
    yield Check("relay TLS", not soon, sentence)


def _certificate_end(server: MailServer) -> dt.datetime:
    context = ssl.create_default_context()
    if server.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=server.timeout, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    with smtp:
        if server.security == "starttls":
            smtp.starttls(context=context)
        assert isinstance(smtp.sock, ssl.SSLSocket)
        certificate = smtp.sock.getpeercert() or {}
    return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), dt.UTC)


def _tags(text: str) -> dict[str, str]:
    """The tag=value list of RFC 6376, 3.2, white space taken out of the values."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
