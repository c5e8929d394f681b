"""What an article said before it was rewritten at the same address."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping

from django.db.models import Max

from daybreak.wire.models import Article, ArticleVersion


def keep_versions(rewritten: Mapping[int, tuple[str, str, str]], at: dt.datetime) -> None:
    """Keep what articles said until `at`: by their id, the title, summary and body that are being replaced.

    Called in the transaction that replaces them.
    """
    since = dict(
        Article.objects.filter(id__in=rewritten)
        .annotate(last=Max("versions__replaced_at"))
        .values_list("id", "last")
    )
    first = dict(Article.objects.filter(id__in=rewritten).values_list("id", "first_seen_at"))
    ArticleVersion.objects.bulk_create(
        ArticleVersion(
            article_id=key,
            title=title,
            summary=summary,
            body_digest=hashlib.sha256(body.encode()).hexdigest() if body else "",
            seen_at=min(since[key] or first[key], at),
            replaced_at=at,
        )
        for key, (title, summary, body) in rewritten.items()
    )
