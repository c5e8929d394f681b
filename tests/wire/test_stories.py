from __future__ import annotations

import datetime as dt

import pytest

from daybreak.wire.filing import file_items
from daybreak.wire.formats.reading import Item
from daybreak.wire.models import Article
from daybreak.wire.stories import budget_at, news_budget

pytestmark = pytest.mark.django_db
AT = dt.datetime(2022, 5, 3, 5, tzinfo=dt.UTC)


def filed(title: str, places: list[str], language: str = "en") -> None:
    url = f"https://a.example/{title.replace(' ', '-')}"
    file_items([Item(url, title, "Sahel Courier", AT, language=language)], AT)
    Article.objects.filter(url=url).update(places=places)


def test_the_budget_is_filtered_by_region_country_language_and_words() -> None:
    filed("Mali ends defence accords", ["ML", "FR"])
    filed("Quito buries the dead of the landslide", ["EC"])
    filed("Le parlement vote la loi", ["FR"], "fr-FR")

    def headlines(**filters: str) -> set[str]:
        return {line.headline for line in news_budget(AT, **filters)}  # type: ignore[arg-type]

    assert headlines(region="Africa") == headlines(region="ML") == {"Mali ends defence accords"}
    assert len(headlines(region="europe")) == 2
    assert headlines(language="fr") == {"Le parlement vote la loi"}
    assert headlines(text="LANDSLIDE quito") == {"Quito buries the dead of the landslide"}
    assert headlines(region="Oceania") == set()


def test_counts_are_of_the_whole_wire_whatever_is_filtered() -> None:
    filed("Mali ends defence accords", ["ML", "FR"])
    filed("Quito buries the dead of the landslide", ["EC"])
    budget = budget_at(AT, region="Africa", limit=1)
    assert (budget.found, budget.total) == (1, 2)
    assert budget.regions == {"Africa": 1, "Europe": 1, "Latin America": 1}
    assert budget.languages == {"en": 2}
    assert budget.lines[0].places == ("ML", "FR")
