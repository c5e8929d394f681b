from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from daybreak.desk import editions
from daybreak.desk.coverage import Meter, coverage_at
from daybreak.desk.models import Brief
from daybreak.wire.models import Article, Source
from tests.desk.world import FRIDAY, NIGHT, ines, make_story, section

pytestmark = pytest.mark.django_db


def test_the_wire_is_held_against_the_paper() -> None:
    story = make_story("Mali ends its accords", articles=3)
    Article.objects.filter(story=story).update(places=["ML"])
    edition = editions.start(FRIDAY, NIGHT, "Ines")
    Brief.objects.create(
        edition=edition, section=section("lead"), position=1, slug="a", places=["FR"], updated_at=NIGHT
    )
    coverage = coverage_at(NIGHT)
    assert (coverage.articles, coverage.briefs) == (3, 1)
    meters = {meter.region: meter for meter in coverage.meters}
    assert (meters["Africa"].wire, meters["Africa"].briefs) == (100, 0)
    assert meters["Africa"].words == "told less than the wire tells"
    assert meters["Europe"].words == "told more than the wire tells"


@pytest.mark.parametrize(("wire", "briefs"), [(20, 10), (10, 20), (1, 0), (0, 4)])
def test_small_differences_are_even(wire: int, briefs: int) -> None:
    assert Meter("Asia", wire, briefs).words == "about even"
    assert Meter("Asia", 0, 0).words == "told by neither"


def test_what_the_big_outlets_pass_over_is_shown_with_who_has_it() -> None:
    story = make_story("Floods in Mopti", articles=2)
    Article.objects.filter(story=story).update(places=["ML"])
    Source.objects.update(country="ML")
    (passed,) = coverage_at(NIGHT).passed_over
    assert passed.line.headline == "Floods in Mopti"
    assert passed.found.at_home == ("Outlet 0", "Outlet 1")


def test_the_page_says_what_to_do_while_there_is_nothing() -> None:
    client = Client()
    client.force_login(ines())
    editions.start(FRIDAY, NIGHT, "Ines")
    page = client.get(reverse("desk-coverage", args=[FRIDAY])).content.decode()
    assert "Nothing to compare yet" in page
    assert "None now." in page
    assert page.count(f'href="{reverse("desk-sources")}"') >= 2  # not a dead end: the way to more sources


def test_without_briefs_the_page_has_the_wire_alone_and_leads_to_its_stories() -> None:
    client = Client()
    client.force_login(ines())
    editions.start(FRIDAY, NIGHT, "Ines")
    Article.objects.filter(story=make_story()).update(
        places=["ML"], published_at=editions.first_morning(FRIDAY) + dt.timedelta(hours=1)
    )
    page = client.get(reverse("desk-coverage", args=[FRIDAY])).content.decode()
    assert f'href="{reverse("desk-edition", args=[FRIDAY])}?region=Africa"' in page
    assert "100 %" in page and "Together" not in page
