"""The editor's pages: who may see them, what each act answers, and that no text is ever lost."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from daybreak.desk import briefs, editions, urls
from daybreak.desk.models import Brief, Edition
from tests.desk.world import (
    FRIDAY,
    NIGHT,
    SAMPLE_TEXT,
    ines,
    make_article,
    make_story,
    sample_edition,
    section,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]
HX = {"HX-Request": "true"}


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(ines())
    return client


@pytest.fixture
def edition() -> Edition:
    return editions.start(FRIDAY, NIGHT, "Ines")


@pytest.fixture
def brief(edition: Edition) -> Brief:
    return briefs.add_brief(edition, section("lead"), at=NIGHT, by="Ines", headline="Of Their Own Accord")


def address_of(pattern: object) -> str:
    samples = {
        "<edition_day:date>": "2022-05-06",
        "<uuid:key>": "0" * 8 + "-0000-0000-0000-" + "0" * 12,
        "<int:key>": "1",
        "<int:number>": "1",
        "<slug:verb>": "pause",
    }
    route = str(pattern.pattern)  # type: ignore[attr-defined]
    for part, sample in samples.items():
        route = route.replace(part, sample)
    return "/" + route


STAFF = [pattern for pattern in urls.urlpatterns if pattern.name not in ("desk-sign-in", "desk-sign-out")]


@pytest.mark.parametrize("pattern", STAFF, ids=lambda pattern: pattern.name)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_led_to_the_sign_in_from_every_address(pattern: object, method: str) -> None:
    response = getattr(Client(), method)(address_of(pattern))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/desk/sign-in/?next=/desk/")


@pytest.mark.parametrize("pattern", STAFF, ids=lambda pattern: pattern.name)
def test_somebody_who_left_the_staff_is_a_stranger(pattern: object) -> None:
    client, user = Client(), ines()
    client.force_login(user)
    user.is_active = False
    user.save()
    assert client.get(address_of(pattern)).status_code == 302


def test_a_part_of_a_page_says_that_the_session_ended_and_leaves_the_text_alone(brief: Brief) -> None:
    response = Client().post(reverse("desk-save", args=[brief.pk]), headers=HX)
    assert response.status_code == 401
    assert "You have been signed out" in response.content.decode()


@pytest.mark.parametrize("pattern", STAFF, ids=lambda pattern: pattern.name)
def test_no_address_acts_on_a_get(desk: Client, brief: Brief, pattern: object) -> None:
    before = (list(Edition.objects.values()), list(Brief.kept.values()))
    assert desk.get(address_of(pattern)).status_code in (200, 204, 404, 405)
    assert (list(Edition.objects.values()), list(Brief.kept.values())) == before


def test_an_act_without_the_forms_token_is_refused(brief: Brief) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(ines())
    client.post(reverse("desk-remove", args=[brief.pk]))
    assert Brief.objects.filter(pk=brief.pk).exists()


def test_the_page_of_an_edition_shows_budget_rundown_and_brief(desk: Client) -> None:
    make_story("Mali & France")
    edition = sample_edition()
    lead = edition.briefs.get(section__role="lead")
    page = desk.get(f"/desk/editions/2022-05-06/?brief={lead.pk}").content.decode()
    assert "Mali &amp; France" in page
    assert len(re.findall(r'class="row( current)?"', page)) == 6
    assert f'id="s-{lead.pk}-1"' in page
    assert "Nothing in the way of approval" in page


def test_pages_carry_no_inline_script_or_style(desk: Client, brief: Brief) -> None:
    make_story()
    for address in (f"/desk/editions/2022-05-06/?brief={brief.pk}", "/desk/editions/", "/desk/"):
        page = desk.get(address).content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|hx-on|\"js:", page)


def test_hostile_words_are_shown_and_not_obeyed(desk: Client, brief: Brief) -> None:
    draft = briefs.Draft(
        "<script>alert(1)</script>", "Hello <img src=x onerror=alert(1)> [x](javascript:alert(1))."
    )
    briefs.save_brief(brief, draft, revision=1, at=NIGHT, by="<b>Ines</b>")
    page = desk.get(f"/desk/editions/2022-05-06/?brief={brief.pk}").content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page


def test_starting_an_edition_leads_to_it(desk: Client) -> None:
    response = desk.post("/desk/editions/start/", {"date": "2022-05-06"})
    assert response.headers["Location"] == "/desk/editions/2022-05-06/"
    again = desk.post("/desk/editions/start/", {"date": "2022-05-06"}, follow=True)
    assert "There already is an edition of 2022-05-06" in again.content.decode()
    wrong = desk.post("/desk/editions/start/", {"date": "soon"}, follow=True)
    assert "is no date" in wrong.content.decode()


def test_a_file_is_imported_and_given_back(desk: Client) -> None:
    upload = SimpleUploadedFile("may.md", SAMPLE_TEXT.encode())
    assert (
        desk.post("/desk/editions/import/", {"file": upload}).headers["Location"]
        == "/desk/editions/2022-05-06/"
    )
    exported = desk.get("/desk/editions/2022-05-06/edition.md")
    assert exported.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert (
        exported.content.decode().partition("# Need to Know")[2] == SAMPLE_TEXT.partition("# Need to Know")[2]
    )


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"\xff\xfe", "not in UTF-8"), (b"# Sport", "Mend the edition file")]
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(
    desk: Client, content: bytes, sentence: str
) -> None:
    response = desk.post("/desk/editions/import/", {"file": SimpleUploadedFile("x.md", content)}, follow=True)
    assert sentence in response.content.decode()
    assert not Edition.objects.exists()


def test_a_brief_made_from_a_story_opens_in_the_lead_and_the_next_one_below(
    desk: Client, edition: Edition
) -> None:
    for headline, role in (("First", "lead"), ("Second", "briefs")):
        story = make_story(headline)
        answer = desk.post(
            "/desk/editions/2022-05-06/add/", {"story": str(story.pk)}, headers=HX
        ).content.decode()
        assert 'id="brief"' in answer
        assert f'value="{headline}"' in answer
        assert edition.briefs.get(story=story).section.role == role


def save(desk: Client, brief: Brief, **fields: str) -> tuple[int, str]:
    data = {"revision": "1", "headline": "H", "body": "It is so.", "places": "", "author": "", **fields}
    response = desk.post(reverse("desk-save", args=[brief.pk]), data, headers=HX)
    return response.status_code, response.content.decode()


def test_saving_answers_with_the_time_the_verdicts_and_the_next_revision(desk: Client, brief: Brief) -> None:
    status, answer = save(desk, brief, places="ml fr")
    assert status == 200
    assert re.search(r"Saved \d\d:\d\d:\d\d UTC\.", answer)
    assert 'name="revision" value="2"' in answer
    assert "<strong>unexplained</strong>" in answer
    assert 'name="body"' not in answer  # the text being typed is never replaced
    assert Brief.objects.get().places == ["ML", "FR"]


def test_a_half_typed_place_keeps_the_old_ones_and_saves_the_text(desk: Client, brief: Brief) -> None:
    save(desk, brief, places="ML")
    status, answer = save(desk, brief, revision="2", places="ML, Fra", body="Newer.")
    assert status == 200
    assert "“FRA” is no place" in answer
    assert (Brief.objects.get().places, Brief.objects.get().body) == (["ML"], "Newer.")


def test_a_stale_save_is_refused_shows_theirs_and_replaces_nothing(desk: Client, brief: Brief) -> None:
    briefs.save_brief(brief, briefs.Draft("Theirs", "Their text."), revision=1, at=NIGHT, by="Tomas")
    status, answer = save(desk, brief, body="My text.")
    assert status == 409
    assert "Tomas saved this brief" in answer
    assert "Their text." in answer
    assert 'name="body"' not in answer
    assert Brief.objects.get().body == "Their text."
    status, _ = save(desk, brief, body="My text.", revision="2", over="theirs")
    assert status == 200
    assert [version.body for version in brief.earlier.all()] == ["Their text.", ""]


def test_without_scripts_a_stale_save_gives_the_text_back(desk: Client, brief: Brief) -> None:
    briefs.save_brief(brief, briefs.Draft("Theirs", "Their text."), revision=1, at=NIGHT, by="Tomas")
    response = desk.post(reverse("desk-save", args=[brief.pk]), {"revision": "1", "body": "My text."})
    assert response.status_code == 409
    assert "My text." in response.content.decode()


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 30])
def test_a_revision_that_is_none_is_stale(desk: Client, brief: Brief, revision: str) -> None:
    assert save(desk, brief, revision=revision)[0] == 409


def test_what_was_taken_out_can_be_put_back_from_the_message(desk: Client, brief: Brief) -> None:
    answer = desk.post(
        reverse("desk-remove", args=[brief.pk]), {"open": brief.pk}, headers=HX
    ).content.decode()
    assert f'hx-post="/desk/briefs/{brief.pk}/restore/"' in answer
    assert "No brief is open" in answer
    desk.post(reverse("desk-restore", args=[brief.pk]), headers=HX)
    assert Brief.objects.get() == brief


def test_what_was_taken_out_or_put_aside_is_listed_long_after_the_message(desk: Client, brief: Brief) -> None:
    story = make_story("Quito buries its dead")
    desk.post(reverse("desk-remove", args=[brief.pk]))
    desk.post(reverse("desk-aside", args=[FRIDAY, story.pk]))
    address = reverse("desk-edition", args=[FRIDAY])
    desk.get(address)  # the messages are told
    page = desk.get(address).content.decode()
    assert "1 taken out" in page and f'action="{reverse("desk-restore", args=[brief.pk])}"' in page
    assert "1 put aside" in page and "Quito buries its dead" in page
    desk.post(reverse("desk-restore", args=[brief.pk]))
    desk.post(reverse("desk-aside", args=[FRIDAY, story.pk]), {"back": "1"})
    page = desk.get(address).content.decode()
    assert "1 taken out" not in page and "1 put aside" not in page


def test_a_story_put_aside_leaves_the_budget_and_comes_back(desk: Client, edition: Edition) -> None:
    story = make_story("Ferries late")
    address = reverse("desk-aside", args=[FRIDAY, story.pk])
    assert ">Ferries late</a></h3>" not in desk.post(address, headers=HX).content.decode()
    assert ">Ferries late</a></h3>" in desk.post(address, {"back": "1"}, headers=HX).content.decode()


def test_an_article_is_cited_in_the_open_brief(desk: Client, brief: Brief) -> None:
    article = make_article("https://a.example/1", "The Agency")
    assert desk.post("/desk/cite/", {"article": article.pk, "open": ""}, headers=HX).status_code == 422
    assert desk.post("/desk/cite/", {"article": article.pk, "open": brief.pk}, headers=HX).status_code == 200
    assert brief.citations.get().source == "The Agency"
    desk.post(reverse("desk-uncite", args=[brief.pk]), {"url": article.url}, headers=HX)
    assert not brief.citations.exists()


def test_a_sentence_is_signed_in_the_editors_own_name(desk: Client, brief: Brief) -> None:
    save(desk, brief)
    answer = desk.post(
        reverse("desk-sign", args=[brief.pk]), {"number": "1", "because": "I saw it."}, headers=HX
    )
    assert "Ines Calloway answers for it: I saw it." in answer.content.decode()
    assert brief.sign_offs.get().by == "Ines Calloway"


def test_approval_lists_hindrances_with_links_to_their_sentences(desk: Client, brief: Brief) -> None:
    save(desk, brief)
    response = desk.post("/desk/editions/2022-05-06/approve/", {"by": "Ines"}, headers=HX)
    assert response.status_code == 422
    assert f"#s-{brief.pk}-1" in response.content.decode()
    assert Edition.objects.get().state == "open"


def test_an_approved_edition_is_read_only_and_asks_press_and_delivery(desk: Client) -> None:
    edition = sample_edition()
    answer = desk.post("/desk/editions/2022-05-06/approve/", {"by": "Ines"}, headers=HX).content.decode()
    assert 'hx-get="/desk/press/2022-05-06/" hx-trigger="load, every 4s"' in answer
    assert 'hx-get="/desk/deliveries/2022-05-06/summary/"' in answer
    page = desk.get(f"/desk/editions/2022-05-06/?brief={edition.briefs.all()[0].pk}").content.decode()
    assert 'id="brief-form"' not in page
    desk.post("/desk/editions/2022-05-06/reopen/", headers=HX)
    assert Edition.objects.get().state == "open"


def test_a_plain_form_gets_the_same_act_and_a_way_back(desk: Client, brief: Brief) -> None:
    response = desk.post(reverse("desk-move", args=[brief.pk]), {"step": "1", "open": brief.pk})
    assert response.headers["Location"] == f"/desk/editions/2022-05-06/?brief={brief.pk}"
    brief.refresh_from_db()
    assert brief.section.role == "briefs"


@pytest.mark.parametrize(
    "address",
    ["/desk/editions/2022-02-31/", "/desk/editions/1999-01-01/", "/desk/briefs/99999999999999999999/"],
)
def test_what_is_not_there_is_not_found(desk: Client, address: str) -> None:
    assert desk.get(address).status_code == 404


def test_a_storys_articles_show_what_they_said_before_and_where_from(desk: Client) -> None:
    story = make_story(articles=1)
    article = story.articles.get()
    article.dateline, article.agency, article.places = "BAMAKO, Mali", "AP", ["ML", "FR"]
    article.save()
    article.versions.create(title="Mali <b>weighs</b> its accords", seen_at=NIGHT, replaced_at=NIGHT)
    page = desk.get(reverse("desk-story", args=[story.pk]), headers=HX).content.decode()
    assert "was: “Mali &lt;b&gt;weighs&lt;/b&gt; its accords”" in page
    assert "Reported from BAMAKO, Mali (AP) · Tells of ML, FR" in page
