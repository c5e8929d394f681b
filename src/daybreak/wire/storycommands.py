"""Stories on the command line: `daybreak wire merge | split | move | pin | link | undo | look-back`, and what `stories --json`
says of their lives."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import click

from daybreak.common.commandline import at_option
from daybreak.common.refusal import Refused
from daybreak.wire.addresses import url_key
from daybreak.wire.lives import editing
from daybreak.wire.lives.memory import look_back, predecessors
from daybreak.wire.lives.regrouping import living
from daybreak.wire.models import Article, Regrouping, Story


class StoryId(click.ParamType[uuid.UUID]):
    """The id of a story as `stories --json` gives it."""

    name = "story"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> uuid.UUID:
        """Raises click.BadParameter when it is none."""
        try:
            return uuid.UUID(str(value))
        except ValueError:
            self.fail(f"“{value}” is no story: give an id from `daybreak wire stories --json`.", param, ctx)


by_option = click.option("--by", required=True, help="Who does it; the name is kept.")
story_argument = click.argument("story", type=StoryId())


@click.command("merge")
@story_argument
@click.argument("into", type=StoryId())
@by_option
@at_option
def merge_command(story: uuid.UUID, into: uuid.UUID, by: str, at: dt.datetime) -> None:
    """Put all articles of STORY into the story INTO; links to STORY lead there from now on."""
    _say(editing.merge_stories(story, into, by=by, at=at))


@click.command("split")
@story_argument
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@by_option
@at_option
def split_command(story: uuid.UUID, urls: tuple[str, ...], by: str, at: dt.datetime) -> None:
    """Make a story of its own of the articles of STORY at these addresses, and print its id."""
    _say(editing.split_story(story, _articles(urls), by=by, at=at))


@click.command("move")
@story_argument
@click.argument("into", type=StoryId())
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@by_option
@at_option
def move_command(story: uuid.UUID, into: uuid.UUID, urls: tuple[str, ...], by: str, at: dt.datetime) -> None:
    """Move the articles of STORY at these addresses into the story INTO."""
    _say(editing.move_articles(story, _articles(urls), into, by=by, at=at))


@click.command("pin")
@story_argument
@click.option("--off", is_flag=True, help="Let it go again.")
@by_option
@at_option
def pin_command(story: uuid.UUID, off: bool, by: str, at: dt.datetime) -> None:
    """Pin STORY: the machine merges it into none and takes no article out of it."""
    found = editing.pin(story, not off, by=by, at=at)
    click.echo(f"{found.pk}  {found.headline}: {'pinned' if found.pinned_at else 'not pinned'}.")


@click.command("link")
@story_argument
@click.argument("earlier", type=StoryId(), required=False)
@by_option
@at_option
def link_command(story: uuid.UUID, earlier: uuid.UUID | None, by: str, at: dt.datetime) -> None:
    """Say that STORY goes on with the story EARLIER, or without EARLIER that it goes on with none."""
    found = editing.link(story, earlier, by=by, at=at)
    click.echo(f"{found.pk}  {found.headline}: goes on with {found.continues or 'no earlier story'}.")


@click.command("undo")
@story_argument
@by_option
@at_option
def undo_command(story: uuid.UUID, by: str, at: dt.datetime) -> None:
    """Take back the latest merge, split or move of STORY, an editor's or the wire's own."""
    found = living(story)
    acts = editing.regroupings_of(found) if found else []
    last = next((act for act in acts if act.undone_at is None and act.act != editing.Act.UNDO), None)
    if last is None:
        raise Refused(f"Nothing was done to the story {story} that could be undone.")
    _say(editing.undo(last.pk, by=by, at=at))


@click.command("look-back")
@at_option
def look_back_command(at: dt.datetime) -> None:
    """Find the earlier stories that the latest ones go on with, as `daybreak serve` does by itself."""
    count = 0
    while done := look_back(at):
        count += done
    click.echo(f"Looked back from {count} stor{'y' if count == 1 else 'ies'}.")


def with_lives(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Budget lines for programs, each with who reported first, what it continues, and whether it is pinned."""
    keys = [line["id"] for line in lines]
    chains = predecessors(keys)
    pinned = set(Story.objects.filter(pk__in=keys, pinned_at__isnull=False).values_list("pk", flat=True))
    for line in lines:
        first = next((one for one in line["articles"] if not one["copy"]), line["articles"][0])
        line["first"] = {"source": first["source"], "published": first["published"], "url": first["url"]}
        line["pinned"] = line["id"] in pinned
        line["continues"] = [
            {
                "id": one.pk,
                "headline": one.headline,
                "first_seen": one.first_seen_at,
                "last_seen": one.last_seen_at,
            }
            for one in chains.get(line["id"], [])
        ]
    return lines


EDITING = (
    merge_command,
    split_command,
    move_command,
    pin_command,
    link_command,
    undo_command,
    look_back_command,
)


def _articles(urls: tuple[str, ...]) -> list[int]:
    keys = {url_key(url): url for url in urls}
    found = dict(Article.objects.filter(url_key__in=keys).values_list("url_key", "id"))
    for key, url in keys.items():
        if key not in found:
            raise Refused(f"The wire has no article at {url}: see `daybreak wire stories --json`.")
    return list(found.values())


def _say(act: Regrouping) -> None:
    count = len(act.articles)
    click.echo(f"{act.into_id}  {act.into.headline}: {count} article{'' if count == 1 else 's'} came in.")
