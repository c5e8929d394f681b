"""The sources on the desk: how each fares, and what an editor does about it. Reading is GET, every act a POST."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from typing import IO, Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.desk.answering import name_of
from daybreak.wire.facts.tongues import language_tag
from daybreak.wire.formats.wirefiles import Imported, add_listed, import_stream
from daybreak.wire.models import Source
from daybreak.wire.network.discovery import Asking, Found, find_feeds
from daybreak.wire.network.fetching import agent_of
from daybreak.wire.outlets import tending
from daybreak.wire.outlets.health import SORTS, STATES, choose, health, state_of
from daybreak.wire.outlets.opml import bundled, bundled_regions, write_list
from daybreak.wire.outlets.sources import About, add_source

LARGEST_UPLOAD = 50_000_000  # bytes
_MOST_COMPLAINTS = 5
_CHOICES = ("words", "state", "kind", "language", "sort")
_ACTS: dict[str, tuple[Callable[..., None], str]] = {
    "pause": (tending.pause, "{} is paused: nobody asks it until you resume it."),
    "resume": (tending.resume, "{} is polled again, from the next round on."),
    "ask": (tending.ask_now, "{} is due: the next round asks it, within a minute."),
    "remove": (tending.remove_feed, "The feed of {} is removed; its articles stay."),
}


@require_safe
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source with a feed, filtered and sorted by what the address says."""
    at = now()
    everything = health(at)
    chosen = {name: request.GET.get(name, "")[:100] for name in _CHOICES}
    languages = {one.source.language.partition("-")[0].lower() for one in everything} - {""}
    context = {
        "sources": choose(everything, **chosen),
        "all": len(everything),
        "tally": [(state, sum(one.state == state for one in everything)) for state in STATES],
        "items": sum(one.items for one in everything),
        "chosen": chosen,
        "query": urlencode({name: value for name, value in chosen.items() if value}),
        "states": STATES,
        "kinds": Source.Kind.choices[:-1],
        "languages": sorted(languages),
        "sorts": list(
            zip(SORTS, ("name", "what needs a look", "oldest answer", "next due", "most items"), strict=True)
        ),
        "regions": bundled_regions().items(),
    }
    return render(request, "desk/sources.html", context)


@require_safe
def source_page(request: HttpRequest, key: int) -> HttpResponse:
    """One source: how it fares, what is known of it, its latest articles."""
    return _page_of(request, _source(key))


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The sources with a feed, as OPML."""
    text = write_list(Source.objects.exclude(feed_url=None), f"Sources of {settings.CONFIG.paper_name}")
    response = HttpResponse(text, content_type="text/x-opml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="sources.opml"'
    return response


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Look for the feeds of a site and let the editor choose."""
    address = request.POST.get("address", "").strip()
    config = settings.CONFIG
    asking = Asking(now(), user_agent=agent_of(config.site_url), allow=config.wire_allow)
    found: list[Found] = []
    try:
        if not address:
            raise Refused("Write the address of a site, such as rnz.co.nz.")
        found = find_feeds(address, asking)
    except Refused as refusal:
        messages.error(request, str(refusal))
    known = set(
        Source.objects.filter(feed_url__in=[one.feed_url for one in found]).values_list("feed_url", flat=True)
    )
    context = {"address": address, "found": [(one, one.feed_url in known) for one in found]}
    return render(request, "desk/found.html", context, status=200 if found else 422)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Poll a feed from now on, and show it, so that what is missing of it is filled in."""

    def act(at: dt.datetime) -> HttpResponse:
        said = {name: request.POST.get(name, "") for name in ("name", "feed_url", "site_url", "language")}
        about = About(site_url=said["site_url"], language=language_tag(said["language"]))
        source, new = add_source(said["name"], said["feed_url"], about)
        if new:
            tending.note_added(source, by=name_of(request), at=at)
        messages.success(
            request, f"{source} is {'added: the next round asks it' if new else 'known already'}."
        )
        return redirect("desk-source", source.pk)

    return _done(request, act)


@require_POST
def add_bundled(request: HttpRequest) -> HttpResponse:
    """Poll the bundled feeds of a region, or of all."""

    def act(_: dt.datetime) -> HttpResponse:
        region = request.POST.get("region", "")
        done = add_listed(bundled(region), lambda sentence: messages.error(request, sentence))
        messages.success(request, f"{done.added} sources added, {done.known} known already.")
        return redirect("desk-sources")

    return _done(request, act)


@require_POST
def import_(request: HttpRequest) -> HttpResponse:
    """Take in a file of sources, items or agency copy."""

    def act(at: dt.datetime) -> HttpResponse:
        upload = request.FILES.get("file")
        if upload is None or upload.size is None or upload.size > LARGEST_UPLOAD:
            raise Refused(f"Choose a file of at most {LARGEST_UPLOAD // 1_000_000} MB.")
        complaints: list[str] = []
        name = upload.name or "The file"
        done = import_stream(cast(IO[bytes], upload.file), name, at, complaints.append)
        for sentence in complaints[:_MOST_COMPLAINTS]:
            messages.error(request, f"{name}: {sentence}")
        messages.success(request, f"{name}: {_in_words(done)}")
        return redirect("desk-sources")

    return _done(request, act)


@require_POST
def edit(request: HttpRequest, key: int) -> HttpResponse:
    """Set what the paper says of a source; what is refused stays in the form."""
    source = _source(key)
    said = {
        name: request.POST.get(name, "").strip()
        for name in ("site_url", "language", "country", "kind", "owner", "terms")
    }
    said["country"], said["language"] = said["country"].upper(), language_tag(said["language"])
    about = About(**said, full_text="full_text" in request.POST)
    try:
        tending.edit(
            source,
            request.POST.get("name", ""),
            request.POST.get("feed_url", ""),
            about,
            by=name_of(request),
            at=now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        typed = {name: request.POST.get(name, "") for name in ("name", "feed_url")}
        for name, value in {**asdict(about), **typed}.items():
            setattr(source, name, value)
        return _page_of(request, source, status=422)
    messages.success(request, f"Saved {source}.")
    return redirect("desk-source", source.pk)


@require_POST
def tend(request: HttpRequest, key: int, verb: str) -> HttpResponse:
    """Pause, resume, ask or remove a source."""
    if verb not in _ACTS:
        raise Http404
    source, (do, sentence) = _source(key), _ACTS[verb]

    def act(at: dt.datetime) -> HttpResponse:
        do(source, by=name_of(request), at=at)
        messages.success(request, sentence.format(source))
        if request.POST.get("from") == "page" and verb != "remove":
            return redirect("desk-source", source.pk)
        return _to_list(request)

    return _done(request, act)


def _done(request: HttpRequest, act: Callable[[dt.datetime], HttpResponse]) -> HttpResponse:
    try:
        return act(now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _to_list(request)


def _to_list(request: HttpRequest) -> HttpResponse:
    """Back to the list as it was filtered."""
    kept = {name: value for name in _CHOICES if (value := request.POST.get(name, ""))}
    return redirect(f"{reverse('desk-sources')}?{urlencode(kept)}" if kept else reverse("desk-sources"))


def _source(key: int) -> Source:
    return get_object_or_404(Source, pk=key, feed_url__isnull=False)


def _page_of(request: HttpRequest, source: Source, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "source": source,
        "state": state_of(source),
        "minutes": round(source.interval / 60),
        "kinds": Source.Kind.choices,
        "articles": source.articles.order_by("-first_seen_at", "-pk")[:10],
    }
    return render(request, "desk/source.html", context, status=status)


def _in_words(done: Imported) -> str:
    if done.added or done.known:
        return f"{done.added} sources added, {done.known} known already."
    return f"{done.filed.taken} items taken, of them {done.filed.new} new; {done.skipped + done.filed.refused} left out."
