"""Sources: outlets by name, and the feeds that are polled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from daybreak.wire.addresses import AddressError, canonical, country_of, host_of
from daybreak.wire.formats.reading import Item
from daybreak.wire.models import Source

LONGEST_FEED_URL = 1000  # characters


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an outlet beside its feed; "" where nothing is. The fields are those of `Source`."""

    site_url: str = ""
    language: str = ""
    country: str = ""
    kind: str = ""
    owner: str = ""
    full_text: bool = False
    terms: str = ""


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


def add_source(name: str, feed_url: str, about: About | None = None) -> tuple[Source, bool]:
    """The source that polls this feed, made when there is none; the flag says whether anything was added.

    A known outlet without a feed gets this one; a name that already polls another feed gets the host beside it. What
    a held source does not say of itself yet is filled in from `about`.
    Raises AddressError when `feed_url` is no web address or too long.
    """
    feed_url = checked_feed_url(feed_url)
    about = about or About()
    held = Source.objects.filter(feed_url=feed_url).first()
    if held:
        _fill_in(held, about)
        return held, False
    name = " ".join(name.split())[:200] or host_of(feed_url)
    namesake = Source.objects.filter(name=name).first()
    if namesake and not namesake.feed_url:
        namesake.feed_url, namesake.next_due_at, namesake.active = feed_url, None, True
        namesake.save(update_fields=["feed_url", "next_due_at", "active"])
        _fill_in(namesake, about)
        return namesake, True
    if namesake:
        name = _unlike_any(f"{name[:150]} ({host_of(feed_url)[:30]})")
    source = Source(name=name, feed_url=feed_url, full_text=about.full_text)
    _set(source, about)
    source.country = source.country or country_of(feed_url)
    source.save()
    return source, True


def checked_feed_url(text: str) -> str:
    """The address of a feed as it was written. Raises AddressError when it is no web address or too long."""
    text = text.strip()
    canonical(text)
    if len(text) > LONGEST_FEED_URL:
        raise AddressError(
            f"“{text[:60]}…” is longer than {LONGEST_FEED_URL} characters: check the feed's address."
        )
    return text


def _fill_in(source: Source, about: About) -> None:
    """A held source keeps what it says; and whether its pages may be kept whole is not for a list to decide."""
    changed = _set(source, about)
    if changed:
        source.save(update_fields=changed)


def _set(source: Source, about: About) -> list[str]:
    """Fill the empty fields of text; answers which were filled."""
    changed = []
    for field in fields(About):
        value = getattr(about, field.name)
        if isinstance(value, str) and value and not getattr(source, field.name):
            longest = Source._meta.get_field(field.name).max_length  # type: ignore[union-attr]
            setattr(source, field.name, value[:longest])
            changed.append(field.name)
    return changed


def _unlike_any(name: str) -> str:
    number, candidate = 1, name
    while Source.objects.filter(name=candidate).exists():
        number += 1
        candidate = f"{name} {number}"
    return candidate
