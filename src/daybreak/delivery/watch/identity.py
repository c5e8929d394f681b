"""Who the mail says it is from, as the world's servers check it: SPF, DKIM, DMARC, the relay's name and its TLS.

Sources: RFC 7208 (SPF), 6376 (DKIM), 7489 (DMARC), and what Gmail, Yahoo and Microsoft ask of bulk senders since 2024.
Each check yields sentences.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence

from daybreak.common.relays import MailServer
from daybreak.delivery.watch.names import Check, Names, NoAnswer, Record
from daybreak.delivery.watch.spfrecord import spf

RENEW_BEFORE = dt.timedelta(days=14)
_DMARC = re.compile(r"\s*v\s*=\s*DMARC1\s*(;|$)", re.IGNORECASE)


def identity_checks(
    mail_from: str,
    bounce_domain: str,
    keys: list[Record],
    relays: Sequence[MailServer],
    names: Names,
    at: dt.datetime,
    by_provider: bool = False,
) -> Iterator[Check]:
    """Everything that a receiving server asks of our mail's identity. `keys` are the DKIM records that should stand.

    A provider sends from its own servers with its own return path and signs itself: then only DMARC is ours to check.
    """
    domain = mail_from.rpartition("@")[2].lower()
    looks = [("SPF", spf(bounce_domain, names)), ("DKIM", dkim(keys, names))] if not by_provider else []
    looks.append(("DMARC", dmarc(domain, domain if by_provider else bounce_domain, names)))
    for server in relays:
        looks += [("relay name", relay_name(server, names)), ("relay TLS", relay_tls(server, at))]
    for name, checks in looks:
        try:
            yield from checks
        except NoAnswer as error:
            yield Check(name, None, str(error))


def dkim(keys: list[Record], names: Names) -> Iterator[Check]:
    """Whether the keys that we sign with stand in the DNS (RFC 6376, 3.6.1)."""
    if not keys:
        yield Check("DKIM", False, "Mails are not signed: make the keys with `daybreak mail keys`.")
    for key in keys:
        wanted = _tags(key.value)
        found = [tags for text in names.texts(key.name) if "p" in (tags := _tags(text))]
        ours = any(tags["p"] == wanted["p"] for tags in found)
        if len(found) > 1:
            sentence = f"{key.name} has {len(found)} keys, and servers may take either: keep ours alone."
            yield Check("DKIM", False, sentence, None if ours else key)
        elif ours:
            yield Check("DKIM", True, f"{key.name} has our key.")
        elif found:
            yield Check("DKIM", False, f"{key.name} has another key than ours: replace the record.", key)
        else:
            yield Check("DKIM", False, f"{key.name} is not there: add the record.", key)


def dmarc(domain: str, bounce_domain: str, names: Names) -> Iterator[Check]:
    """Whether the domain says what is to be done with mail that is not its own (RFC 7489), and ours is its own."""
    records, at_domain = _dmarc_records(domain, names)
    record = records[0] if records else ""
    if len(records) > 1:
        sentence = f"{at_domain} has {len(records)} policies, and so none that counts: keep one."
        yield Check("DMARC", False, sentence)
        return
    if not record and (near := names.texts(f"_dmarc.{domain}")):
        sentence = (
            f"_dmarc.{domain} says “{near[0][:80]}”, and a policy begins with “v=DMARC1;”: mend that record."
        )
        yield Check("DMARC", False, sentence)
        return
    if not record:
        add = Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}")
        yield Check(
            "DMARC", False, f"{domain} has no policy, which bulk senders must have: add the record.", add
        )
        return
    policy = _tags(record).get("p", "")
    if policy.lower() not in ("none", "quarantine", "reject"):
        what = f"is “{policy}”" if policy else "says nothing"
        yield Check(
            "DMARC", False, f"The policy of {at_domain} {what}: write p=none, p=quarantine or p=reject."
        )
        return
    yield Check("DMARC", True, f"{at_domain}: {record}")
    if not _aligned(domain, bounce_domain):
        sentence = f"Bounces go to {bounce_domain}, which is not of {domain}: only DKIM can prove the mail ours. Set DAYBREAK_BOUNCE_DOMAIN to a name under {domain}."
        yield Check("alignment", False, sentence)


def _dmarc_records(domain: str, names: Names) -> tuple[list[str], str]:
    """The policies of a domain, or of its nearest parent of two labels or more that has any, and whose they are."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = ".".join(labels[start:])
        texts = names.texts(f"_dmarc.{name}")
        if found := [text for text in texts if _DMARC.match(text)]:
            return found, name
    return [], ""


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
