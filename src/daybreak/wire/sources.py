"""Sources: outlets by name, and the feeds that are polled."""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.wire.addresses import AddressError, canonical, country_of, host_of
from daybreak.wire.models import Source
from daybreak.wire.reading import Item


def name_of(item: Item) -> str:
    """The name an item's source is filed under: what it says, else the host of its address."""
    return " ".join(item.source.split())[:200] or host_of(item.url)[:200] or "Unnamed source"


def sources_named(wanted: Mapping[str, str]) -> dict[str, Source]:
    """The sources of these names; unknown ones are made, their country told by an article's address.

    `wanted` gives for each name the address of one of its articles.
    """
    held = Source.objects.in_bulk(list(wanted), field_name="name")
    missing = [Source(name=name, country=country_of(url)) for name, url in wanted.items() if name not in held]
    Source.objects.bulk_create(missing)
    return {**held, **{source.name: source for source in missing}}


def add_source(name: str, feed_url: str, *, site_url: str = "", language: str = "") -> tuple[Source, bool]:
    """The source that polls this feed, made when there is none; the flag says whether anything was added.

    A known outlet without a feed gets this one; a name that already polls another feed gets the host beside it.
    Raises AddressError when `feed_url` is no web address or too long.
    """
    feed_url = feed_url.strip()
    canonical(feed_url)  # refuses what is no address; the feed itself is asked for as it was written
    if len(feed_url) > 1000:
        raise AddressError(f"“{feed_url[:60]}…” is longer than 1000 characters: check the feed's address.")
    held = Source.objects.filter(feed_url=feed_url).first()
    if held:
        return held, False
    name = " ".join(name.split())[:150] or host_of(feed_url)
    namesake = Source.objects.filter(name=name).first()
    if namesake and not namesake.feed_url:
        namesake.feed_url, namesake.next_due_at, namesake.active = feed_url, None, True
        namesake.save(update_fields=["feed_url", "next_due_at", "active"])
        return namesake, True
    if namesake:
        name = _unlike_any(f"{name} ({host_of(feed_url)[:30]})")
    country = country_of(feed_url)
    fields = {"site_url": site_url[:500], "language": language[:16], "country": country}
    return Source.objects.create(name=name, feed_url=feed_url, **fields), True


def _unlike_any(name: str) -> str:
    number, candidate = 1, name
    while Source.objects.filter(name=candidate).exists():
        number += 1
        candidate = f"{name} {number}"
    return candidate
