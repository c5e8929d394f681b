"""The desk's part of the named world: a night of wire copy, and editions made from the sample."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from daybreak.accounts.models import User
from daybreak.desk.editions import import_file
from daybreak.desk.models import Edition, Section
from daybreak.sample import SAMPLE
from daybreak.wire.addresses import url_key
from daybreak.wire.models import Article, Source, Story
from tests.conftest import FRIDAY as FRIDAY
from tests.conftest import NIGHT as NIGHT

SAMPLE_TEXT = (SAMPLE / "2022-05-06.md").read_text(encoding="utf-8")
LATER = NIGHT + dt.timedelta(hours=1)


def make_article(url: str, source: str = "Meridian", *, story: Story | None = None, **fields: Any) -> Article:
    outlet, _ = Source.objects.get_or_create(name=source)
    return Article.objects.create(
        url=url,
        url_key=url_key(url),
        source=outlet,
        title=fields.pop("title", "A title"),
        published_at=NIGHT,
        first_seen_at=NIGHT,
        story=story,
        **fields,
    )


def make_story(headline: str = "Mali ends its accords", articles: int = 2) -> Story:
    story = Story.objects.create(headline=headline, first_seen_at=NIGHT, last_seen_at=NIGHT, score=3.5)
    for number in range(articles):
        make_article(
            f"https://outlet{number}.example/{story.pk}",
            f"Outlet {number}",
            story=story,
            title=headline,
            body="Mali said on Monday that it would end its defence accords with France.",
        )
    return story


def fill_sample_wire() -> None:
    """The sample's items as articles, one by one, without grouping."""
    for line in (SAMPLE / "wire.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if not Article.objects.filter(url_key=url_key(item["url"])).exists():
            make_article(
                item["url"],
                item["source"],
                title=item["title"],
                summary=item.get("summary", ""),
                body=item.get("body", ""),
                language=item.get("language", ""),
            )


def sample_edition() -> Edition:
    return import_file(SAMPLE_TEXT, NIGHT, "Ines")


def section(role: str) -> Section:
    return Section.objects.get(role=role)


def ines() -> User:
    return User.objects.create_user("ines@paper.example", "Ines Calloway")
