"""What every living page needs: the paper's words with today's price, and who is reading."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from daybreak.circulation.plans import current_plan, monthly_label, price_label, trial_label
from daybreak.press.house import paper
from daybreak.press.pages import Paper
from daybreak.site.visitors import visitor


def paper_today() -> Paper:
    """The paper with the price it has now."""
    plan = current_plan()
    return replace(paper(), price=price_label(plan), monthly=monthly_label(plan), trial=trial_label(plan))


def frame(request: HttpRequest, at: dt.datetime) -> dict[str, Any]:
    """The context that `site/base.html` needs."""
    return {"paper": paper_today(), "reader": visitor(request, at).reader}
