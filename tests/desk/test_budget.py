from __future__ import annotations

import datetime as dt
import re

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from daybreak.common.clock import moment
from daybreak.desk import briefs, editions
from daybreak.desk.budget import Wanted, budget_of, latest_article, news_since, wanted_by
from daybreak.desk.models import Edition
from daybreak.wire.models import Article, Story
from tests.desk.world import FRIDAY, NIGHT, ines, make_article, make_story, section

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def edition() -> Edition:
    return editions.start(FRIDAY, NIGHT, "Ines")


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(ines())
    return client


def about(story: Story, *places: str) -> Story:
    Article.objects.filter(story=story).update(places=list(places))
    return story


def headlines(edition: Edition, wanted: Wanted | None = None) -> set[str]:
    return {item.line.headline for item in budget_of(edition, NIGHT, wanted).items}


def test_the_budget_is_narrowed_by_what_the_address_says(edition: Edition) -> None:
    about(make_story("Mali ends its accords"), "ML", "FR")
    about(make_story("Quito buries its dead"), "EC")
    assert headlines(edition, wanted_by(QueryDict("region=africa"))) == {"Mali ends its accords"}
    assert headlines(edition, wanted_by(QueryDict("text=quito+DEAD"))) == {"Quito buries its dead"}
    assert headlines(edition, wanted_by(QueryDict("language=fr"))) == set()
    assert len(headlines(edition, wanted_by(QueryDict("region=Atlantis&hours=7&language=%3Cb%3E")))) == 2


def test_an_address_and_its_filters_say_the_same() -> None:
    wanted = Wanted("Latin America", "30", "es", "minas & ríos")
    assert wanted_by(QueryDict(wanted.query())) == wanted
    assert not Wanted().anything
    assert Wanted().query(brief="7") == "brief=7"


def test_a_row_tells_its_times_in_one_zone(desk: Client, edition: Edition) -> None:
    story = make_story("Mali ends its accords")
    row = desk.get(reverse("desk-budget", args=[FRIDAY])).content.decode()
    times = re.findall(r'<time datetime="(\S+)" data-local>(.+?)</time>', row)
    first = min(article.published_at for article in story.articles.all())
    assert times[0] == (first.isoformat(), f"{moment(first)} UTC")
    assert "UTC" not in re.sub(r"<time .+?</time>", "", row)


def test_what_was_told_before_is_said_with_its_day_even_of_an_earlier_story(
    desk: Client, edition: Edition
) -> None:
    thursday = editions.start(FRIDAY - dt.timedelta(days=1), NIGHT - dt.timedelta(days=1), "Ines")
    earlier, later = make_story("Mali warns France"), make_story("Mali ends its accords")
    briefs.add_brief_from_story(thursday, section("lead"), earlier, NIGHT, "Ines")
    Story.objects.filter(pk=earlier.pk).update(first_seen_at=NIGHT - dt.timedelta(days=1))
    Story.objects.filter(pk=later.pk).update(continues=earlier)
    items = {item.line.id: item for item in budget_of(edition, NIGHT).items}
    assert items[earlier.pk].told == items[later.pk].told == (thursday.date,)
    page = desk.get(reverse("desk-edition", args=[FRIDAY])).content.decode()
    assert page.count(f'last told on <a href="/desk/editions/{thursday.date}/">May 5</a>') == 2


def test_new_stories_and_growing_ones_are_told_apart(edition: Edition) -> None:
    old = make_story("Mali ends its accords")
    before = latest_article()
    make_article("https://late.example/1", "Late", story=old)
    make_story("Quito buries its dead")
    news = news_since(budget_of(edition, NIGHT), before)
    assert (news.new, news.grown) == (1, 1)
    assert news_since(budget_of(edition, NIGHT), latest_article()).new == 0


def test_nothing_new_is_answered_without_a_page(desk: Client, edition: Edition) -> None:
    make_story()
    latest = latest_article()
    address = reverse("desk-budget-news", args=[FRIDAY])
    assert desk.get(address, {"since": latest, "looked": latest}, headers=HX).status_code == 204
    make_story("Quito buries its dead")
    said = desk.get(address, {"since": latest, "looked": latest}, headers=HX).content.decode()
    assert '<span class="figure">1</span> new story' in said
    assert f"since={latest}&amp;looked={latest_article()}" in said
    of_asia = {"since": str(latest), "looked": str(latest), "region": "Asia"}
    assert "new stor" not in desk.get(address, of_asia).content.decode()


def titles_in(page: str) -> list[str]:
    """The headlines of the budget on a page or in a part of one."""
    return re.findall(r'class="whole"[^>]*>([^<]+)', page)


def test_filters_stay_in_the_address_and_hold_after_an_act(desk: Client, edition: Edition) -> None:
    about(make_story("Mali ends its accords"), "ML")
    other = about(make_story("Quito buries its dead"), "EC")
    told = desk.get(reverse("desk-budget", args=[FRIDAY]), {"region": "Africa", "open": "7"}, headers=HX)
    assert told["HX-Replace-Url"] == f"/desk/editions/{FRIDAY}/?brief=7&region=Africa"
    assert titles_in(told.content.decode()) == ["Mali ends its accords"]
    page = f"http://testserver/desk/editions/{FRIDAY}/?region=Africa"
    aside = reverse("desk-aside", args=[FRIDAY, other.pk])
    after = desk.post(aside, headers={**HX, "HX-Current-URL": page}).content.decode()
    assert titles_in(after) == ["Mali ends its accords"]
    assert titles_in(desk.get(page).content.decode()) == ["Mali ends its accords"]


def test_an_empty_list_says_how_to_fill_it(desk: Client, edition: Edition) -> None:
    address = reverse("desk-edition", args=[FRIDAY])
    assert "daybreak wire poll" in desk.get(address).content.decode()
    make_story()
    assert "Show all of them" in desk.get(address, {"text": "nothing like it"}).content.decode()
