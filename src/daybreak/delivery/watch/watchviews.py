"""The board as staff see it: T-minus, line by line, and the alarms that ring."""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from daybreak.accounts.models import User
from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.delivery.models import Alarm
from daybreak.delivery.watch.alarms import see
from daybreak.delivery.watch.board import boards, house_lines
from daybreak.desk.answering import staff_only

REMEMBERED = dt.timedelta(days=1)  # how long an alarm that is over stays on the board


@require_safe
@staff_only
def board(request: HttpRequest) -> HttpResponse:
    """GET: the board; asked for as a part of a page, its lines alone, but after an act there the whole."""
    at = now()
    context: dict[str, object] = {
        "at": at,
        "boards": boards(at),
        "house": house_lines(at),
        "ringing": Alarm.objects.filter(cleared_at=None).prefetch_related("tellings"),
        "past": Alarm.objects.filter(cleared_at__gte=at - REMEMBERED),
    }
    part = context["part"] = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    return render(request, "delivery/board_lines.html" if part else "delivery/board.html", context)


@require_POST
@staff_only
def see_alarm(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """POST: the signed-in person sees to an alarm."""
    try:
        alarm = see(alarm_id, by=cast(User, request.user).name, at=now())
        messages.success(request, f"Taken: {alarm.sentence}")
    except Refused as error:
        messages.error(request, str(error))
    return redirect("delivery-board")
