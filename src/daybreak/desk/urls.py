"""The desk's addresses. Every one but the sign-in itself is for staff: they are wrapped here, so none is forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path, register_converter

from daybreak.accounts.views import sign_in, sign_out
from daybreak.desk import budgetviews, calendarpage, sourcing, storyviews, views
from daybreak.desk.answering import staff_only


class EditionDay:
    """A date in an address, YYYY-MM-DD."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> dt.date:
        return dt.date.fromisoformat(value)  # a ValueError here is a 404

    def to_url(self, value: dt.date) -> str:
        return value.isoformat()


register_converter(EditionDay, "edition_day")


def _staff(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
    return path(f"desk/{route}", staff_only(view), name=name)


urlpatterns = [
    path("desk/sign-in/", sign_in, name="desk-sign-in"),
    path("desk/sign-out/", sign_out, name="desk-sign-out"),
    _staff("", views.home, "desk-home"),
    _staff("editions/", views.edition_list, "desk-editions"),
    _staff("editions/start/", views.start, "desk-start"),
    _staff("editions/import/", views.import_, "desk-import"),
    _staff("editions/<edition_day:date>/", views.edition_page, "desk-edition"),
    _staff("editions/<edition_day:date>/edition.md", views.export, "desk-export"),
    _staff("editions/<edition_day:date>/budget/", budgetviews.budget, "desk-budget"),
    _staff("editions/<edition_day:date>/budget/news/", budgetviews.budget_news, "desk-budget-news"),
    _staff("editions/<edition_day:date>/head/", views.set_head, "desk-head"),
    _staff("editions/<edition_day:date>/approve/", views.approve, "desk-approve"),
    _staff("editions/<edition_day:date>/reopen/", views.reopen, "desk-reopen"),
    _staff("editions/<edition_day:date>/add/", views.add, "desk-add"),
    _staff("editions/<edition_day:date>/aside/<uuid:key>/", views.put_aside, "desk-aside"),
    _staff("calendar/", calendarpage.calendar, "desk-calendar"),
    _staff("calendar/<edition_day:date>/remove/", calendarpage.remove, "desk-calendar-remove"),
    _staff("editions/<edition_day:date>/coverage/", budgetviews.coverage, "desk-coverage"),
    _staff("stories/<uuid:key>/", storyviews.story, "desk-story"),
    _staff("stories/<uuid:key>/merge/", storyviews.merge, "desk-story-merge"),
    _staff("stories/<uuid:key>/split/", storyviews.split, "desk-story-split"),
    _staff("stories/<uuid:key>/move/", storyviews.move, "desk-story-move"),
    _staff("stories/<uuid:key>/pin/", storyviews.pin, "desk-story-pin"),
    _staff("stories/<uuid:key>/aside/", storyviews.put_aside, "desk-story-aside"),
    _staff("stories/<uuid:key>/link/", storyviews.link, "desk-story-link"),
    _staff("stories/<uuid:key>/undo/<int:number>/", storyviews.undo, "desk-story-undo"),
    _staff("sources/", sourcing.source_list, "desk-sources"),
    _staff("sources/find/", sourcing.find, "desk-source-find"),
    _staff("sources/add/", sourcing.add, "desk-source-add"),
    _staff("sources/bundled/", sourcing.add_bundled, "desk-source-bundled"),
    _staff("sources/import/", sourcing.import_, "desk-source-import"),
    _staff("sources/sources.opml", sourcing.export, "desk-source-export"),
    _staff("sources/<int:key>/", sourcing.source_page, "desk-source"),
    _staff("sources/<int:key>/edit/", sourcing.edit, "desk-source-edit"),
    _staff("sources/<int:key>/<slug:verb>/", sourcing.tend, "desk-source-tend"),
    _staff("cite/", views.cite, "desk-cite"),
    _staff("briefs/<int:key>/", views.brief_page, "desk-brief"),
    _staff("briefs/<int:key>/earlier/", views.earlier, "desk-earlier"),
    _staff("briefs/<int:key>/save/", views.save, "desk-save"),
    _staff("briefs/<int:key>/move/", views.move, "desk-move"),
    _staff("briefs/<int:key>/remove/", views.remove, "desk-remove"),
    _staff("briefs/<int:key>/restore/", views.restore, "desk-restore"),
    _staff("briefs/<int:key>/sign/", views.sign, "desk-sign"),
    _staff("briefs/<int:key>/uncite/", views.uncite, "desk-uncite"),
]
