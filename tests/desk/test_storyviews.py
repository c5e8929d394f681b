"""The page of one story: what it tells, and that each act of the editor is done, told of, and can be undone."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from daybreak.common.clock import list_day, now
from daybreak.desk import briefs, editions
from daybreak.desk.budget import budget_of
from daybreak.desk.models import Brief
from daybreak.desk.storypage import page_of_story
from daybreak.wire.lives.editing import merge_stories
from daybreak.wire.models import Article, Story
from tests.desk.world import FRIDAY, NIGHT, ines, make_article, make_story, section

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(ines())
    return client


def titles(story: Story) -> set[str]:
    return set(story.articles.values_list("title", flat=True))


def page(desk: Client, story: Story | uuid.UUID, **query: str) -> str:
    key = story.pk if isinstance(story, Story) else story
    response = desk.get(reverse("desk-story", args=[key]), query, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_tells_who_had_it_first_who_reports_it_and_who_copies() -> None:
    story = make_story("Mali ends its accords", articles=0)
    first = make_article(
        "https://a.example/1", "Reuters", story=story, title="Mali ends accords", places=["ML"]
    )
    copy = make_article("https://b.example/1", "Paper", story=story, title="Mali ends accords", places=["ML"])
    later = make_article(
        "https://c.example/1", "Courier", story=story, title="Paris regrets", places=["FR", "ML"]
    )
    Article.objects.filter(pk=copy.pk).update(original=first)
    Article.objects.filter(pk=later.pk).update(published_at=NIGHT + dt.timedelta(days=1), language="fr")
    told = page_of_story(story)
    assert told.first is not None
    assert (told.first.name, [voice.name for voice in told.voices]) == ("Reuters", ["Reuters", "Courier"])
    assert told.carriers == ("Paper",)
    assert [(day.date.day, len(day.reports)) for day in told.days] == [(5, 1), (6, 1)]
    assert told.days[0].reports[0].copies == (copy,)
    assert (told.places, told.languages) == (("ML", "FR"), ("fr",))


def test_the_bar_says_that_a_story_belongs_to_the_desk(desk: Client) -> None:
    shown = page(desk, make_story("Mali ends its accords"))
    assert '<a href="/desk/" aria-current="true">Desk</a>' in shown
    assert shown.count('aria-current="true"') == 1


def test_a_headline_that_was_rewritten_stays_in_the_timeline(desk: Client) -> None:
    story = make_story("Mali ends its accords", articles=0)
    article = make_article("https://a.example/1", "Reuters", story=story, title="Third")
    for hours, (title, summary) in enumerate([("First", "a"), ("Second", "a"), ("Second", "b")], start=1):
        article.versions.create(
            title=title, summary=summary, seen_at=NIGHT, replaced_at=NIGHT + dt.timedelta(hours=hours)
        )
    (report,) = page_of_story(story).days[0].reports
    assert [(was.title, was.replaced_at.hour - NIGHT.hour) for was in report.before] == [
        ("Second", 3),
        ("First", 1),
    ]
    shown = page(desk, story)
    assert shown.index("Was “Second” until") < shown.index("Was “First” until")


def test_the_number_of_queries_does_not_grow_with_the_story(django_assert_max_num_queries: object) -> None:
    for count in (3, 40):
        story = make_story("Mali ends its accords", articles=count)
        with django_assert_max_num_queries(9):  # type: ignore[operator]
            page_of_story(story)


def test_an_old_link_leads_to_the_living_story(desk: Client) -> None:
    old, new = make_story("France regrets"), make_story("Mali ends its accords")
    merge_stories(old.pk, new.pk, by="Ines", at=NIGHT)
    response = desk.get(reverse("desk-story", args=[old.pk]))
    assert (response.status_code, response.headers["Location"]) == (302, reverse("desk-story", args=[new.pk]))
    part = desk.get(reverse("desk-story", args=[old.pk]), headers={"HX-Request": "true"}, follow=True)
    assert part.status_code == 200
    assert desk.get(reverse("desk-story", args=[uuid.uuid4()])).status_code == 404


def test_the_budget_opens_the_articles_alone(desk: Client) -> None:
    story = make_story("Mali ends its accords")
    answer = desk.get(reverse("desk-story", args=[story.pk]), headers={"HX-Request": "true"}).content.decode()
    assert "Outlet 1" in answer
    assert "<html" not in answer


def test_another_story_is_found_and_taken_in_and_let_go_again(desk: Client) -> None:
    mali, other = make_story("Mali ends its accords"), make_story("Bamako: accords with France over")
    assert "Bamako: accords" in page(desk, mali), "it is offered for its words"
    assert "Bamako: accords" in page(desk, mali, find="bamako over")
    assert "try fewer" in page(desk, mali, find="bamako yoghurt")
    done = desk.post(reverse("desk-story-merge", args=[mali.pk]), {"other": str(other.pk)}, follow=True)
    assert "Took “Bamako: accords with France over” in." in done.content.decode()
    assert mali.articles.count() == 4
    number = page_of_story(mali).undoable
    done = desk.post(reverse("desk-story-undo", args=[mali.pk, number]), follow=True)
    assert "Merge taken back" in done.content.decode()
    assert (mali.articles.count(), other.articles.count()) == (2, 2)
    assert "taken back" in page(desk, mali)


def test_chosen_articles_become_a_story_or_go_to_another(desk: Client) -> None:
    story, other = make_story("Mali ends its accords", articles=3), make_story("Mali accords: France leaves")
    one, two, _ = story.articles.all()
    desk.post(reverse("desk-story-move", args=[story.pk]), {"article": str(one.pk), "into": str(other.pk)})
    assert (story.articles.count(), other.articles.count()) == (2, 3)
    done = desk.post(reverse("desk-story-split", args=[story.pk]), {"article": str(two.pk)}, follow=True)
    assert "is a story of its own" in done.content.decode()
    assert story.articles.count() == 1
    for sentence, data in {
        "Nothing is ticked": {"article": "nonsense"},
        "Choose the story that they should go to": {"into": "", "article": str(two.pk)},
    }.items():
        refused = desk.post(
            reverse("desk-story-move", args=[story.pk]), {"into": str(other.pk)} | data, follow=True
        )
        assert sentence in refused.content.decode()
    assert desk.post(reverse("desk-story-move", args=[story.pk]), {"into": "x"}).status_code == 404


@pytest.mark.parametrize("act", ["split", "move"])
def test_without_a_choice_the_editor_is_told_to_make_one(desk: Client, act: str) -> None:
    found, other = make_story(), make_story("Quito buries its dead")
    address = reverse(f"desk-story-{act}", args=[found.pk])
    assert "Nothing is ticked" in desk.post(address, {"into": other.pk}, follow=True).content.decode()


def test_a_story_is_pinned_and_let_go(desk: Client) -> None:
    story = make_story("Mali ends its accords")
    address = reverse("desk-story-pin", args=[story.pk])
    assert "Unpin" in desk.post(address, follow=True).content.decode()
    assert "Unpin" not in desk.post(address, {"off": "1"}, follow=True).content.decode()


def test_a_story_is_put_aside_and_back_from_its_page(desk: Client) -> None:
    found = make_story()
    page = reverse("desk-story", args=[found.pk])
    shown = desk.post(reverse("desk-story-aside", args=[found.pk]), follow=True).content.decode()
    assert "it is in nobody’s budget" in shown and "Put back" in shown
    found.refresh_from_db()
    assert found.spiked_at
    desk.post(reverse("desk-story-aside", args=[found.pk]), {"back": "1"})
    found.refresh_from_db()
    assert found.spiked_at is None
    assert "Put back" not in desk.get(page).content.decode()


def test_hostile_words_stay_words(desk: Client) -> None:
    story = make_story("<script>alert(1)</script> & co")
    assert "<script>alert(1)" not in page(desk, story, find='"><script>alert(2)')


def test_a_brief_follows_its_story_when_it_is_merged_away() -> None:
    edition = editions.start(FRIDAY, NIGHT, "Ines")
    old, new = make_story("France regrets"), make_story("Mali ends its accords")
    brief = briefs.add_brief_from_story(edition, section("lead"), old, NIGHT, "Ines")
    merge_stories(old.pk, new.pk, by="Ines", at=NIGHT)
    (item,) = budget_of(edition, NIGHT).items
    assert (item.line.id, item.brief) == (new.pk, brief)
    assert page_of_story(new).briefs == (brief,)
    with pytest.raises(Exception, match="already has a brief on this story"):
        briefs.add_brief_from_story(edition, section("lead"), new, NIGHT, "Ines")


def test_a_brief_opened_from_a_stale_budget_is_about_the_living_story(desk: Client) -> None:
    editions.start(FRIDAY, NIGHT, "Ines")
    old, new = make_story("France regrets"), make_story("Mali ends its accords")
    merge_stories(old.pk, new.pk, by="Ines", at=NIGHT)
    desk.post(reverse("desk-add", args=[FRIDAY]), {"story": str(old.pk)})
    assert [brief.story for brief in page_of_story(new).briefs] == [new]


def test_background_reading_says_what_our_editions_told_and_can_be_refused(desk: Client) -> None:
    earlier, story = make_story("France leaves Gossi"), make_story("Mali ends its accords")
    Story.objects.filter(pk=earlier.pk).update(first_seen_at=NIGHT - dt.timedelta(days=9))
    edition = editions.start(dt.date(2022, 4, 27), NIGHT, "Ines")
    told = briefs.add_brief_from_story(edition, section("lead"), earlier, NIGHT, "Ines")
    Brief.objects.filter(pk=told.pk).update(body="The last convoy has **left**. Nobody waved.\n\nMore.")
    address = reverse("desk-story-link", args=[story.pk])
    assert (
        "It goes on with “France leaves Gossi”."
        in desk.post(address, {"earlier": str(earlier.pk)}, follow=True).content.decode()
    )
    shown = page(desk, story)
    assert "The last convoy has left. Nobody waved." in shown
    assert "Wed, Apr 27, 2022" in shown
    brief = briefs.add_brief_from_story(
        editions.start(FRIDAY, NIGHT, "Ines"), section("lead"), story, NIGHT, "Ines"
    )
    assert "Nobody waved." in desk.get(f"/desk/editions/2022-05-06/?brief={brief.pk}").content.decode()
    assert "no earlier story" in desk.post(address, follow=True).content.decode()
    assert "Nobody waved." not in page(desk, story)


def test_a_brief_is_opened_from_the_page_once(desk: Client) -> None:
    story = make_story("Mali ends its accords")
    assert "Brief for" not in page(desk, story), "no edition is open"
    tomorrow = now().date() + dt.timedelta(days=1)
    editions.start(tomorrow, now(), "Ines")
    assert f"Brief for {list_day(tomorrow)}" in page(desk, story)
    desk.post(reverse("desk-add", args=[tomorrow]), {"story": str(story.pk)})
    shown = page(desk, story)
    assert "Brief for" not in shown
    assert "In our paper" in shown
