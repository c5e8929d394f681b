"""What came back, as staff see it: readers' replies, and the readers to whom no mail goes."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from daybreak.accounts.models import User
from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.delivery.models import Reply, Suppression
from daybreak.delivery.returns.replydesk import (
    SHOWN,
    answer_link,
    briefs_to_choose,
    briefs_written_about,
    choose_brief,
    mark_done,
    replies,
    replies_about,
    take_up_again,
)
from daybreak.delivery.returns.suppressing import lift, suppressions
from daybreak.desk.answering import staff_only
from daybreak.desk.models import Brief

PAGE = 50


@require_GET
@never_cache
@login_required
def reply_list(request: HttpRequest) -> HttpResponse:
    """GET: replies, the latest first; `?show=` waiting, done or out of office, `?brief=` the key of one."""
    show = request.GET.get("show", "")
    show = show if show in SHOWN else SHOWN[0]
    brief = _brief_asked(request.GET.get("brief", ""))
    context = {
        "page": Paginator(replies(show, brief), PAGE).get_page(request.GET.get("page")),
        "show": show,
        "counts": [(each, replies(each, brief).count()) for each in SHOWN],
        "brief": brief,
        "briefs": briefs_written_about(),
    }
    return render(request, "delivery/replies.html", context)


def _brief_asked(key: str) -> Brief | None:
    is_key = key.isascii() and key.isdecimal() and len(key) < 15
    return get_object_or_404(Brief.kept.select_related("edition"), pk=int(key)) if is_key else None


@require_GET
@never_cache
@login_required
def reply_one(request: HttpRequest, reply_id: int) -> HttpResponse:
    """GET: one reply, as plain text."""
    reply = _reply(reply_id)
    context = {"reply": reply, "answer": answer_link(reply), "choices": briefs_to_choose(reply)}
    return render(request, "delivery/reply.html", context)


def _reply(reply_id: int) -> Reply:
    rows = Reply.objects.select_related("reader", "delivery__edition", "brief__edition")
    return get_object_or_404(rows, pk=reply_id)


@require_POST
@never_cache
@login_required
def reply_brief(request: HttpRequest, reply_id: int) -> HttpResponse:
    """POST `brief`, a key or "": say which brief a reply is about."""
    reply = _reply(reply_id)
    try:
        chosen = request.POST.get("brief", "")
        brief = choose_brief(reply, chosen, by=cast(User, request.user).name, at=now())
        messages.success(request, f"It is about “{brief}”." if brief else "It is about no one brief.")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("delivery-reply", reply_id=reply.pk)


@require_GET
@staff_only
def about_brief(request: HttpRequest, key: int) -> HttpResponse:
    """GET: how many replies a brief has, as a line of its page at the desk."""
    number, wait = replies_about(get_object_or_404(Brief.kept, pk=key))
    return render(request, "delivery/about_brief.html", {"key": key, "number": number, "wait": wait})


@require_POST
@never_cache
@login_required
def reply_done(request: HttpRequest, reply_id: int) -> HttpResponse:
    """POST `again` or nothing: mark a reply done, or take it up again."""
    reply = get_object_or_404(Reply, pk=reply_id)
    if request.POST.get("again"):
        take_up_again(reply)
        messages.success(request, "The reply waits again.")
        return redirect("delivery-reply", reply_id=reply.pk)
    try:
        mark_done(reply, by=cast(User, request.user).name, at=now())
        messages.success(request, f"Done: “{reply.subject or reply.address}”.")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("delivery-replies")


@require_GET
@never_cache
@login_required
def suppression_list(request: HttpRequest) -> HttpResponse:
    """GET: readers to whom no editions go; `?words=` part of an address or reason, `?lifted=1` those lifted."""
    words, lifted = request.GET.get("words", "")[:100], bool(request.GET.get("lifted"))
    page = Paginator(suppressions(words, lifted=lifted), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "words": words, "lifted": lifted}
    return render(request, "delivery/suppressions.html", context)


@require_POST
@never_cache
@login_required
def lift_one(request: HttpRequest, suppression_id: int) -> HttpResponse:
    """POST: send editions to the reader again, in the name of who is signed in."""
    suppression = get_object_or_404(Suppression, pk=suppression_id)
    try:
        lift(suppression, by=cast(User, request.user).name, at=now())
        messages.success(request, f"The editions go to {suppression.address} again.")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("delivery-suppressions")
