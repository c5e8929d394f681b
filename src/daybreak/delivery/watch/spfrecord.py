"""Whether a domain says which servers may send for it, in a record that holds (SPF, RFC 7208)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from daybreak.delivery.watch.names import Check, Names, Record

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
_MECHANISMS = ("all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists")
_ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")  # terms of SPF that cost a look-up


def spf(domain: str, names: Names) -> Iterator[Check]:
    """Whether the domain of the return path says which servers may send for it (RFC 7208)."""
    records = _spf_records(domain, names)
    if not records and (near := [text for text in names.texts(domain) if "spf1" in text.lower()]):
        yield Check(
            "SPF", False, f"{domain} says “{near[0][:80]}”, and SPF begins with “v=spf1 ”: mend that record."
        )
        return
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
    if mistake := next(_spf_mistakes(terms, names), ""):
        yield Check("SPF", False, f"The record of {domain} {mistake}.")
        return
    if _lookups(domain, names) > MOST_LOOKUPS:
        sentence = f"The record of {domain} costs more than {MOST_LOOKUPS} look-ups, where servers stop: take includes out, and what includes itself."
        yield Check("SPF", False, sentence)
        return
    yield Check("SPF", True, f"{domain}: {records[0]}")


def _spf_mistakes(terms: list[str], names: Names) -> Iterator[str]:
    """What makes a record void (“permerror”, RFC 7208, 4.6 and 5.2) or of no use, to go on after its domain's name."""
    passing = 0
    for term in terms:
        bare = term.lstrip("+-~?")
        kind, value = re.match(r"([^:/=]*)[:/=]?(.*)", bare).groups()  # type: ignore[union-attr]
        if re.match(r"[a-z][a-z0-9_.-]*=", bare):
            passing += kind == "redirect"
            continue
        passing += term[0] not in "-~?"
        if kind not in _MECHANISMS:
            yield f"says “{term}”, which is no word of SPF and makes all of it void: mend or remove it"
        if kind in ("ip4", "ip6") and not _is_network(value):
            yield f"says “{term}”, which is no address and makes all of it void: mend it"
        if kind == "include" and "%" not in value and not _spf_records(value, names):
            yield f"includes {value}, which has no SPF record, and that makes all of it void: mend the name or remove it"
    if not passing:
        yield "allows nobody to send: add your relay’s include before its end"


def _spf_records(domain: str, names: Names) -> list[str]:
    return [text for text in names.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]


def _lookups(domain: str, names: Names, path: tuple[str, ...] = ()) -> int:
    """How many look-ups an SPF record costs, those of its includes too; counted on until they are too many.

    `path` leads to it: what includes itself costs more than any server pays (RFC 7208, 4.6.4).
    """
    if domain in path:
        return MOST_LOOKUPS + 1
    count = 0
    for text in names.texts(domain):
        words = text.lower().split()
        for term in words[1:] if words[:1] == ["v=spf1"] else []:
            kind, _, value = term.lstrip("+-~?").replace("=", ":", 1).partition(":")
            if kind.split("/")[0] in _ASKING:
                count += 1
            if kind in ("include", "redirect") and value:
                count += _lookups(value, names, (*path, domain))
            if count > MOST_LOOKUPS:
                return count
    return count


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
