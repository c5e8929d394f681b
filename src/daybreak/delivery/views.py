"""Delivery as staff see it: who has it, who has not, and why; and the built-in outbox."""

from __future__ import annotations

import datetime as dt
import math
import time
import uuid
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Literal, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from daybreak.accounts.models import User
from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.delivery import outbox
from daybreak.delivery.mending.correcting import correction_lines, readers_with_the_error
from daybreak.delivery.mending.holding import (
    hold_of,
    pause,
    resume,
    something_to_hold,
    stop,
    take_back_stop,
)
from daybreak.delivery.mending.settling import Answer, settle, settle_all
from daybreak.delivery.mending.tryingagain import again_for_reader, again_for_reason, prices
from daybreak.delivery.models import Delivery
from daybreak.delivery.progress import Progress, progress_of, waves
from daybreak.delivery.status import STATES, UNPLANNED, ReaderLine, ReaderLines, status_of, summary
from daybreak.delivery.watch.rehearsing import seeds_of
from daybreak.desk.models import Edition
from daybreak.press.renditions import current_run

View = Callable[..., HttpResponse]
PAGE = 50
EDITIONS = 30
REASONS = 12  # of refused mails that are offered to be tried again together
SOON, SELDOM = 4, 30  # seconds until a page that looks on looks again
# A mail is shown as a mailbox would: its own styles, nothing from anywhere else, no script, no way out of its frame.
MAIL_POLICY = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


def for_outbox_readers(view: View) -> View:
    """Staff only, because the outbox holds sign-in codes; anyone when DAYBREAK_OPEN_OUTBOX says so."""
    behind_sign_in = login_required(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        chosen = view if settings.CONFIG.open_outbox else behind_sign_in
        return chosen(request, *args, **kwargs)

    return guarded


@require_GET
@never_cache
@login_required
def deliveries(request: HttpRequest) -> HttpResponse:
    """GET: the latest printed editions, each with its numbers."""
    at = now()
    printed = Edition.objects.filter(press_runs__isnull=False).distinct()[:EDITIONS]
    return render(request, "delivery/editions.html", {"editions": [status_of(each, at) for each in printed]})


@require_GET
@never_cache
@login_required
def edition_deliveries(request: HttpRequest, date: dt.date) -> HttpResponse:
    """GET: one edition's numbers, waves and readers; `?state=` shows one state, `?page=` the next readers."""
    at = now()
    edition = get_object_or_404(Edition, date=date)
    sending = _progress(edition, at, request)
    state = cast(str, sending["state"])
    readers = ReaderLines(edition, at, state)
    lines: Page[ReaderLine] = Paginator(readers, PAGE).get_page(request.GET.get("page"))
    counted = readers.more if state == UNPLANNED else None
    context = {
        **sending,
        "status": status_of(edition, at, cast(Progress, sending["progress"]), counted),
        "corrections": correction_lines(edition),
        "seeds": seeds_of(run) if (run := current_run(edition)) else (),
        "lines": lines,
        "prices": prices(edition, at)[:REASONS] if state == Delivery.State.REFUSED else (),
    }
    return render(request, "delivery/edition.html", context)


@require_GET
@never_cache
@login_required
def edition_progress(request: HttpRequest, date: dt.date) -> HttpResponse:
    """GET: how far the sending has come, a fragment that asks for itself again.

    With it come the numbers of the states and, when it is not the `?hold=` that the page shows, the hold.
    """
    at = now()
    edition = get_object_or_404(Edition, date=date)
    context = _progress(edition, at, request)
    # Only then: a reason that somebody is typing must not be taken from under the hand.
    changed = request.GET.get("hold", context["held_as"]) != context["held_as"]
    return render(request, "delivery/progress.html", {**context, "swap": True, "hold_changed": changed})


def _progress(edition: Edition, at: dt.datetime, request: HttpRequest) -> dict[str, object]:
    started = time.perf_counter()
    progress = progress_of(edition, at)
    hold, state = hold_of(edition), request.GET.get("state", "")
    to_hold = something_to_hold(edition, at)
    context = {
        "edition": edition,
        "at": at,
        "state": state if state in STATES else "",
        "hold": hold,
        "something_to_hold": to_hold,
        "held_as": str(hold.pk) if hold else "free" if to_hold else "over",
        "progress": progress,
        "summary": summary(edition, at, progress),
        "waves": waves(edition, progress),
    }
    # However large the paper, a page that looks on takes a twentieth of a processor at most.
    at_most = math.ceil(20 * (time.perf_counter() - started))
    return {**context, "again_in": max(SOON if progress.moving else SELDOM, at_most)}


@require_GET
@never_cache
@login_required
def edition_summary(request: HttpRequest, date: dt.date) -> HttpResponse:
    """GET: the edition's state in one sentence, a fragment for the desk."""
    edition = get_object_or_404(Edition, date=date)
    return render(request, "delivery/summary.html", {"edition": edition, "summary": summary(edition, now())})


@require_GET
@never_cache
@login_required
def who_has_the_error(request: HttpRequest, date: dt.date) -> HttpResponse:
    """GET `?slug=`: what mailing a correction of that brief would cost, a fragment for the desk."""
    edition = get_object_or_404(Edition, date=date)
    slug = request.GET.get("slug", "")[:80]
    context = {"readers": readers_with_the_error(edition, slug).count(), "slug": slug}
    return render(request, "delivery/error.html", context)


@require_POST
@never_cache
@login_required
def hold(request: HttpRequest, date: dt.date) -> HttpResponse:
    """POST `act` = pause, resume, stop or unstop, and `reason`: the hand on the send, by the name of who is signed in."""
    edition = get_object_or_404(Edition, date=date)
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")
    by, at = cast(User, request.user).name, now()
    try:
        messages.success(request, _held(edition, act, reason, by, at))
    except Refused as error:
        messages.error(request, str(error))
    return redirect("delivery-edition", date)


def _held(edition: Edition, act: str, reason: str, by: str, at: dt.datetime) -> str:
    if act == "pause":
        pause(edition, by=by, at=at, reason=reason)
        return "Paused: nothing more leaves until it is resumed."
    if act == "resume":
        resume(edition, by=by, at=at)
        return "Resumed: what is due leaves now."
    if act == "stop":
        withdrawn = stop(edition, by=by, at=at, reason=reason)
        return f"Stopped: {withdrawn:,} readers will not get this edition by mail."
    if act == "unstop":
        back = take_back_stop(edition, by=by, at=at)
        wait = "1 mail waits" if back == 1 else f"{back:,} mails wait"
        return f"The stop is taken back, and the edition paused: {wait} until you resume it."
    raise Refused("Choose to pause, resume or stop.")


@require_POST
@never_cache
@login_required
def settle_doubt(request: HttpRequest, date: dt.date, delivery_id: uuid.UUID) -> HttpResponse:
    """POST `answer` = arrived or again: settle a mail in doubt."""
    edition = get_object_or_404(Edition, date=date)
    answer = request.POST.get("answer", "")
    if answer not in ("arrived", "again"):
        messages.error(request, "Say whether it arrived or is to be sent again.")
    else:
        user = cast(User, request.user)
        try:
            state = settle(
                edition, delivery_id, cast(Literal["arrived", "again"], answer), by=user.name, at=now()
            )
            whom = Delivery.objects.values_list("reader__email", flat=True).get(pk=delivery_id)
            messages.success(request, f"Settled: the mail to {whom} is now {state.replace('_', ' ')}.")
        except Refused as error:
            messages.error(request, str(error))
    return redirect(reverse("delivery-edition", args=[date]) + "?state=in_doubt#readers")


@require_POST
@never_cache
@login_required
def settle_all_doubt(request: HttpRequest, date: dt.date) -> HttpResponse:
    """POST `answer` = arrived or again, and `correction`, an id, for a correction's: settle all in doubt alike."""
    edition = get_object_or_404(Edition, date=date)
    answer, wanted = request.POST.get("answer", ""), request.POST.get("correction", "")
    correction = get_object_or_404(edition.corrections, pk=wanted) if wanted.isdecimal() else None
    if answer not in ("arrived", "again"):
        messages.error(request, "Say whether they arrived or are to be sent again.")
        return redirect("delivery-edition", date)
    by = cast(User, request.user).name
    try:
        counts = settle_all(edition, cast(Answer, answer), by=by, at=now(), correction=correction)
        said = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in counts.items() if number)
        messages.success(request, f"Settled: now {said}.")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("delivery-edition", date)


@require_POST
@never_cache
@login_required
def try_again(request: HttpRequest, date: dt.date) -> HttpResponse:
    """POST `reader`, an address, or `reason`, words: make refused mails due again."""
    edition = get_object_or_404(Edition, date=date)
    reader, reason = request.POST.get("reader", ""), request.POST.get("reason", "")
    by, at = cast(User, request.user).name, now()
    try:
        if reader:
            again_for_reader(edition, reader, by=by, at=at)
            messages.success(request, f"The mail to {reader} is due again.")
        else:
            made = again_for_reason(edition, reason, by=by, at=at, exactly=True)
            messages.success(request, f"Due again: {made:,}.")
    except Refused as error:
        messages.error(request, str(error))
    return redirect(reverse("delivery-edition", args=[date]) + "?state=refused#readers")


@require_GET
@never_cache
@for_outbox_readers
def outbox_list(request: HttpRequest) -> HttpResponse:
    """GET: the mails of the outbox, newest first; only the headers of one page of them are read."""
    page = Paginator(outbox.names(_folder()), PAGE).get_page(request.GET.get("page"))
    mails = [line for name in page.object_list if (line := _line_or_none(name))]
    return render(
        request, "delivery/outbox.html", {"page": page, "mails": mails, "server": settings.CONFIG.mail}
    )


@require_GET
@never_cache
@for_outbox_readers
def outbox_mail(request: HttpRequest, name: str) -> HttpResponse:
    """GET: one mail; `?show=` html, text, headers or source."""
    mail = _mail_or_404(name)
    tabs = [tab for tab in ("html", "text", "headers", "source") if getattr(mail, tab)]
    show = request.GET.get("show", "")
    context = {"mail": mail, "name": name, "tabs": tabs, "show": show if show in tabs else tabs[0]}
    return render(request, "delivery/mail.html", context)


@require_GET
@never_cache
@xframe_options_sameorigin
@for_outbox_readers
def outbox_mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """GET: the HTML part alone, under a policy of its own that lets it do nothing but be seen."""
    # A link in a frame would open inside it: <base> sends each to a tab, which the policy lets out of the sandbox.
    # It stands in the head, because anything before the doctype would change how the mail is laid out.
    html = _mail_or_404(name).html
    response = HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
    response["Content-Security-Policy"] = MAIL_POLICY
    return response


def _folder() -> Path:
    return Path(settings.CONFIG.data) / "outbox"


def _line_or_none(name: str) -> outbox.OutboxLine | None:
    """None for a mail that somebody deleted between the listing and the reading."""
    try:
        return outbox.line(_folder(), name)
    except FileNotFoundError:
        return None


def _mail_or_404(name: str) -> outbox.OutboxMail:
    try:
        return outbox.mail(_folder(), name)
    except (ValueError, FileNotFoundError) as error:
        raise Http404("There is no such mail in the outbox.") from error
