"""`daybreak mail keys`: what receivers need to trust the paper's mail."""

from __future__ import annotations

import click
from django.conf import settings

from daybreak.common.commandline import json_option, print_json
from daybreak.common.dkim import dns_records, make_keys

DNS_STRING = 255  # octets that one string of a TXT record holds (RFC 1035, 3.3)


@click.group()
def mail() -> None:
    """The paper's standing with those who receive its mail."""


@mail.command()
@json_option
def keys(as_json: bool) -> None:
    """Make the keys that sign the mail (DKIM) where they are missing, and print the DNS records to publish."""
    made = make_keys(settings.CONFIG)
    records = dns_records(settings.CONFIG)
    if as_json:
        print_json([{"name": name, "type": kind, "value": value} for name, kind, value in records])
        return
    click.echo(f"{len(made)} made. Publish these records, then wait until the DNS has them:\n")
    for name, kind, value in records:
        click.echo(f"{name}. IN {kind} ( {quoted(value)} )")


def quoted(value: str) -> str:
    """The value of a TXT record as a zone file has it: in strings of at most 255 octets."""
    parts = (value[start : start + DNS_STRING] for start in range(0, len(value), DNS_STRING))
    return " ".join(f'"{part}"' for part in parts)
