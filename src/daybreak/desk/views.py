"""The editor's pages. Reading is GET, every act is a POST; how they answer is in `answering.py`."""

from __future__ import annotations

import datetime as dt
import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from daybreak.common.clock import long_date, now, parse_day
from daybreak.common.refusal import Refused
from daybreak.desk import briefs, editions
from daybreak.desk.answering import (
    do,
    message_alone,
    name_of,
    page_of,
    parts_of,
    to_edition,
)
from daybreak.desk.briefs import Draft
from daybreak.desk.calendar import moved
from daybreak.desk.correcting import Erratum
from daybreak.desk.editionfile import SIZE_LIMIT, write_edition
from daybreak.desk.models import Brief, Edition, Section
from daybreak.desk.storyviews import story_at
from daybreak.wire.models import Article

# -- pages -----------------------------------------------------------------------------------------------


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The edition in hand: the earliest open one from today on, else the next to be started."""
    at = now()
    edition = Edition.objects.filter(state=Edition.State.OPEN, date__gte=at.date()).order_by("date").first()
    date = edition.date if edition else editions.next_date(at)
    edition = edition or Edition.objects.filter(date=date).first()
    if edition:
        return page_of(request, edition)
    context = {"date": date, "dateline": long_date(date), "closes_at": editions.first_morning(date)}
    return render(request, "desk/start.html", {**context, "recent": Edition.objects.all()[:5]})


@require_safe
def edition_list(request: HttpRequest) -> HttpResponse:
    """All editions, and the two ways to begin one."""
    return render(
        request, "desk/editions.html", {"editions": Edition.objects.all(), "next": editions.next_date(now())}
    )


@require_safe
def edition_page(request: HttpRequest, date: dt.date) -> HttpResponse:
    """One edition: budget, rundown and, with `?brief=`, an open brief."""
    return page_of(request, get_object_or_404(Edition, date=date))


@require_safe
def export(request: HttpRequest, date: dt.date) -> HttpResponse:
    """The edition file."""
    edition = get_object_or_404(Edition, date=date)
    response = HttpResponse(
        write_edition(editions.manuscript_of(edition)), content_type="text/markdown; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{date}.md"'
    return response


@require_safe
def brief_page(request: HttpRequest, key: int) -> HttpResponse:
    """A brief opened in its edition: the whole page, or for a part the brief and the rundown."""
    brief = get_object_or_404(Brief.objects.select_related("edition"), pk=key)
    if "HX-Request" not in request.headers:
        return page_of(request, brief.edition, brief.pk)
    return parts_of(request, brief.edition, brief.pk, "", ["brief", "rundown"])


@require_safe
def earlier(request: HttpRequest, key: int) -> HttpResponse:
    """What a brief said before."""
    brief = get_object_or_404(Brief, pk=key)
    return render(request, "desk/parts/earlier.html", {"versions": brief.earlier.all()[:20]})


# -- acts on an edition ----------------------------------------------------------------------------------


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Start the edition of a date."""
    try:
        edition = editions.start(parse_day(request.POST.get("date", "")), now(), name_of(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("desk-editions")
    if sentence := moved(edition.date):
        messages.info(request, sentence)
    return to_edition(edition)


@require_POST
def import_(request: HttpRequest) -> HttpResponse:
    """Take in an edition file."""
    upload = request.FILES.get("file")
    try:
        if upload is None or upload.size is None or upload.size > SIZE_LIMIT:
            raise Refused("Choose an edition file of at most 2 MB.")
        edition = editions.import_file(upload.read().decode("utf-8"), now(), name_of(request))
    except UnicodeDecodeError:
        messages.error(request, "The file is not in UTF-8: save it as UTF-8.")
        return redirect("desk-editions")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("desk-editions")
    messages.success(request, " ".join(filter(None, (f"Imported {upload.name}.", moved(edition.date)))))
    return to_edition(edition)


@require_POST
def set_head(request: HttpRequest, date: dt.date) -> HttpResponse:
    """Save the edition's title and standfirst."""
    edition = get_object_or_404(Edition, date=date)

    def act(at: dt.datetime) -> str:
        title, standfirst = request.POST.get("title", ""), request.POST.get("standfirst", "")
        editions.set_head(edition, title, standfirst, at, name_of(request))
        return f"Saved {at:%H:%M:%S} UTC."

    return do(request, edition, act, ["status"])


@require_POST
def approve(request: HttpRequest, date: dt.date) -> HttpResponse:
    """Approve the edition in the name given."""
    edition = get_object_or_404(Edition, date=date)

    def act(at: dt.datetime) -> str:
        done = editions.approve(edition, request.POST.get("by", ""), at, _erratum(request))
        return f"Approved by {done.approved_by}. The press may take it."

    return do(request, edition, act, ["status", "rundown", "brief"])


@require_POST
def reopen(request: HttpRequest, date: dt.date) -> HttpResponse:
    """Open the edition again."""
    edition = get_object_or_404(Edition, date=date)

    def act(at: dt.datetime) -> str:
        editions.reopen(edition, name_of(request), at)
        return "Open again. What was printed stays printed until it is approved anew."

    return do(request, edition, act, ["status", "rundown", "brief"])


@require_POST
def add(request: HttpRequest, date: dt.date) -> HttpResponse:
    """A new brief, from a story when one is named; into the lead while that is empty, unless a section is named."""
    edition = get_object_or_404(Edition, date=date)
    named = request.POST.get("story", "")
    origin = story_at(named) if re.fullmatch(r"[0-9a-f-]{32,36}", named) else None
    section = _section(edition, request.POST.get("section", ""))
    made: list[Brief] = []

    def act(at: dt.datetime) -> str:
        if origin:
            made.append(briefs.add_brief_from_story(edition, section, origin, at, name_of(request)))
        else:
            made.append(briefs.add_brief(edition, section, at=at, by=name_of(request)))
        return f"A new brief in {section}."

    return do(
        request, edition, act, ["status", "rundown", "brief", "budget"], lambda: made[-1].pk if made else None
    )


# -- acts on a brief -------------------------------------------------------------------------------------


@require_POST
def save(request: HttpRequest, key: int) -> HttpResponse:
    """Save the open brief over the revision it was read at; a stale save is refused and the text stays on screen."""
    brief = _brief(key)
    places, wrong = _places(request.POST.get("places", ""))
    draft = Draft(
        headline=request.POST.get("headline", ""),
        body=request.POST.get("body", ""),
        places=tuple(brief.places) if wrong else places,
        author=request.POST.get("author", ""),
    )
    revision = request.POST.get("revision", "")

    def act(at: dt.datetime) -> str:
        read_at = int(revision) if revision.isdecimal() and len(revision) < 10 else 0
        over = bool(request.POST.get("over"))
        briefs.save_brief(brief, draft, revision=read_at, at=at, by=name_of(request), keep_theirs=over)
        return f"Saved {at:%H:%M:%S} UTC.{' ' + wrong if wrong else ''}"

    return do(request, brief.edition, act, ["status", "rundown", "ledger"], brief.pk)


@require_POST
def move(request: HttpRequest, key: int) -> HttpResponse:
    """Move a brief one place up or down."""
    brief = _brief(key)
    step = -1 if request.POST.get("step") == "-1" else 1

    def act(at: dt.datetime) -> str:
        briefs.move_brief(brief, step, at, name_of(request))
        return f"Moved “{brief}” {'up' if step < 0 else 'down'}."

    return do(request, brief.edition, act, ["status", "rundown"], _open_key(request))


@require_POST
def remove(request: HttpRequest, key: int) -> HttpResponse:
    """Take a brief out; the answer offers to put it back."""
    brief = _brief(key)

    def act(at: dt.datetime) -> str:
        briefs.remove_brief(brief, at, name_of(request))
        return f"Took “{brief}” out."

    undo = {"undo": reverse("desk-restore", args=[brief.pk])}
    open_key = _open_key(request)
    parts = ["status", "rundown", "budget", *(["brief"] if open_key == brief.pk else [])]
    return do(request, brief.edition, act, parts, None if open_key == brief.pk else open_key, undo)


@require_POST
def restore(request: HttpRequest, key: int) -> HttpResponse:
    """Put a brief back."""
    brief = get_object_or_404(Brief.kept.select_related("edition", "section"), pk=key)

    def act(at: dt.datetime) -> str:
        briefs.restore_brief(brief, at, name_of(request))
        return f"Put “{brief}” back."

    return do(request, brief.edition, act, ["status", "rundown", "brief", "budget"], brief.pk)


@require_POST
def sign(request: HttpRequest, key: int) -> HttpResponse:
    """Answer for a sentence, or with `unsign` take the answer back."""
    brief = _brief(key)
    number = request.POST.get("number", "")

    def act(at: dt.datetime) -> str:
        wanted = int(number) if number.isdecimal() and len(number) < 6 else 0
        if "unsign" in request.POST:
            briefs.unsign(brief, wanted, by=name_of(request), at=at)
            return f"Nobody answers for sentence {wanted} now."
        briefs.sign(brief, wanted, by=name_of(request), because=request.POST.get("because", ""), at=at)
        return f"You answer for sentence {wanted}."

    return do(request, brief.edition, act, ["status", "rundown", "ledger"], brief.pk)


@require_POST
def cite(request: HttpRequest) -> HttpResponse:
    """List an article among the sources of the open brief."""
    open_key, wanted = _open_key(request), request.POST.get("article", "")
    if open_key is None:
        return message_alone(request, "Open a brief first, then cite the article in it.", status=422)
    brief = _brief(open_key)
    article = get_object_or_404(Article, pk=wanted if wanted.isdecimal() else 0)

    def act(at: dt.datetime) -> str:
        briefs.cite(brief, article, at, name_of(request))
        return f"{article.source} is among the sources of “{brief}”."

    return do(request, brief.edition, act, ["status", "rundown", "ledger"], brief.pk)


@require_POST
def uncite(request: HttpRequest, key: int) -> HttpResponse:
    """Take an address off the open brief's list of sources."""
    brief = _brief(key)

    def act(at: dt.datetime) -> str:
        briefs.uncite(brief, request.POST.get("url", ""), at, name_of(request))
        return "Took the source off the list."

    return do(request, brief.edition, act, ["status", "rundown", "ledger"], brief.pk)


@require_POST
def put_aside(request: HttpRequest, date: dt.date, key: str) -> HttpResponse:
    """Put a story aside for everybody, or with `back` return it to the budget."""
    edition = get_object_or_404(Edition, date=date)
    aside = story_at(key)
    back = "back" in request.POST

    def act(at: dt.datetime) -> str:
        editions.put_aside(aside, None if back else at, at=at, by=name_of(request))
        return f"“{aside}” is {'back in the budget' if back else 'put aside'}."

    undo = None if back else {"undo": request.path, "undo_field": "back"}
    return do(request, edition, act, ["budget"], _open_key(request), undo)


# -- what a request says ---------------------------------------------------------------------------------


def _brief(key: int) -> Brief:
    return get_object_or_404(Brief.objects.select_related("edition", "section"), pk=key)


def _open_key(request: HttpRequest) -> int | None:
    text = request.POST.get("open", "")
    return int(text) if text.isdecimal() and len(text) < 15 else None


def _erratum(request: HttpRequest) -> Erratum | None:
    """What was wrong, when the editor says so: silently is the other choice."""
    if request.POST.get("change", "silently") == "silently":
        return None
    slug, note = request.POST.get("slug", ""), request.POST.get("note", "")
    return Erratum(slug, note, by_mail=request.POST["change"] == "mail")


def _section(edition: Edition, wanted: str) -> Section:
    if wanted.isdecimal():
        return get_object_or_404(Section, pk=wanted)
    taken = edition.briefs.filter(section__role=Section.Role.LEAD).exists()
    role = Section.Role.BRIEFS if taken else Section.Role.LEAD
    return Section.objects.filter(role=role).first() or Section.objects.all()[0]


def _places(text: str) -> tuple[tuple[str, ...], str]:
    """The country codes typed, and a sentence when one is none."""
    places = tuple(dict.fromkeys(place.upper() for place in re.split(r"[,\s]+", text) if place))
    wrong = [place for place in places if not re.fullmatch(r"[A-Z]{2}", place)]
    sentence = (
        f"“{wrong[0][:20]}” is no place: write two-letter country codes such as ML, FR." if wrong else ""
    )
    return places, sentence
