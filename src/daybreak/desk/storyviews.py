"""The page of one story and the editor's hand on it. Reading is GET, every act is a POST that leads back to the page."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from daybreak.common.clock import now
from daybreak.common.refusal import Refused
from daybreak.desk import editions
from daybreak.desk.answering import name_of
from daybreak.desk.models import Edition
from daybreak.desk.storypage import StoryPage, page_of_story
from daybreak.wire.lives import editing
from daybreak.wire.lives.regrouping import living
from daybreak.wire.models import Regrouping, Story


def story_at(key: uuid.UUID | str) -> Story:
    """The story at an address; an old address leads to the story it was merged into. Raises Http404."""
    found = living(key)
    if found is None:
        raise Http404(f"There is no story {key}.")
    return found


@require_safe
def story(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The page of a story; for a part of the budget its articles alone, copies beneath their originals."""
    found = story_at(key)
    if found.pk != key:
        return redirect("desk-story", found.pk)
    if "HX-Request" in request.headers and "HX-Boosted" not in request.headers:
        articles = found.articles.filter(original=None).select_related("source")
        return render(
            request,
            "desk/parts/story.html",
            {"articles": articles.prefetch_related("copies__source", "versions")},
        )
    find = request.GET.get("find", "").strip()[:200]
    page = page_of_story(found, find)
    return render(request, "desk/story.html", {"page": page, "find": find, "edition": _in_hand(page)})


def _in_hand(page: StoryPage) -> Edition | None:
    """The edition that a brief on the story would go into; None where none is open, or it has one."""
    edition = (
        Edition.objects.filter(state=Edition.State.OPEN, date__gte=now().date()).order_by("date").first()
    )
    return edition if all(brief.edition_id != (edition and edition.pk) for brief in page.briefs) else None


@require_POST
def merge(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take another story in."""
    into = story_at(key)
    other = _posted_story(request, "other")

    def act(at: dt.datetime) -> str:
        editing.merge_stories(other.pk, into.pk, by=name_of(request), at=at)
        return f"Took “{other}” in."

    return _do(request, into, act)


@require_POST
def split(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Make a story of its own of the chosen articles."""
    origin = story_at(key)

    def act(at: dt.datetime) -> str:
        done = editing.split_story(origin.pk, _chosen(request), by=name_of(request), at=at)
        return f"“{done.into}” is a story of its own."

    return _do(request, origin, act)


@require_POST
def move(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Move the chosen articles into another story."""
    origin = story_at(key)

    def act(at: dt.datetime) -> str:
        if not request.POST.get("into"):
            raise Refused("Choose the story that they should go to.")
        into = _posted_story(request, "into")
        done = editing.move_articles(origin.pk, _chosen(request), into.pk, by=name_of(request), at=at)
        count = len(done.articles)
        return f"Moved {count} article{'' if count == 1 else 's'} to “{done.into}”."

    return _do(request, origin, act)


@require_POST
def pin(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Pin a story, or with `off` let it go again."""
    found = story_at(key)

    def act(at: dt.datetime) -> str:
        pinned = editing.pin(found.pk, "off" not in request.POST, by=name_of(request), at=at).pinned_at
        return "Pinned: the machine adds to it and changes nothing else." if pinned else "No longer pinned."

    return _do(request, found, act)


@require_POST
def put_aside(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Put a story aside for everybody, or with `back` return it to the budget."""
    found, back = story_at(key), "back" in request.POST

    def act(at: dt.datetime) -> str:
        editions.put_aside(found, None if back else at, at=at, by=name_of(request))
        return "Back in the budget." if back else "Put aside: it is in nobody’s budget."

    return _do(request, found, act)


@require_POST
def link(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Say which earlier story it goes on with, or without one that it goes on with none."""
    found = story_at(key)
    earlier = _posted_story(request, "earlier") if request.POST.get("earlier") else None

    def act(at: dt.datetime) -> str:
        editing.link(found.pk, earlier.pk if earlier else None, by=name_of(request), at=at)
        return f"It goes on with “{earlier}”." if earlier else "It goes on with no earlier story."

    return _do(request, found, act)


@require_POST
def undo(request: HttpRequest, key: uuid.UUID, number: int) -> HttpResponse:
    """Take a merge, split or move back."""
    found = story_at(key)

    def act(at: dt.datetime) -> str:
        done = editing.undo(number, by=name_of(request), at=at)
        return f"{_UNDONE[Regrouping.Act(done.undoes.act)] if done.undoes else 'Undone'}: as it was before."

    return _do(request, found, act)


_UNDONE = {
    Regrouping.Act.MERGE: "Merge taken back",
    Regrouping.Act.SPLIT: "Split taken back",
    Regrouping.Act.MOVE: "Move taken back",
}


def _do(request: HttpRequest, found: Story, act: Callable[[dt.datetime], str]) -> HttpResponse:
    """Do an act and lead back to the story, with the sentence that tells of it or refuses it."""
    try:
        messages.success(request, act(now()))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("desk-story", story_at(found.pk).pk)


def _posted_story(request: HttpRequest, field: str) -> Story:
    try:
        return story_at(uuid.UUID(request.POST.get(field, "")))
    except ValueError as error:
        raise Http404("There is no such story.") from error


def _chosen(request: HttpRequest) -> list[int]:
    chosen = [int(key) for key in request.POST.getlist("article") if key.isdecimal() and len(key) < 15]
    if not chosen:
        raise Refused("Nothing is ticked: tick the articles in the timeline, then press the button again.")
    return chosen
