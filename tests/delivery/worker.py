"""A sending process of its own, for tests that kill it: `python -m tests.delivery.worker prepare N | run …`."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daybreak.settings")
django.setup()


def prepare(number: int) -> None:
    """One printed edition and `number` readers whose mails are planned."""
    from daybreak.delivery.planning import plan
    from tests.delivery.ledger import NIGHT, many_readers, printed

    many_readers(number)
    plan(printed(), NIGHT)


def ledger() -> None:
    """Print the ledger: Message-ID, state and attempts of every row."""
    from daybreak.delivery.models import Delivery

    rows = Delivery.objects.values_list("pk", "state", "attempts")
    print(json.dumps([(str(pk), state, attempts) for pk, state, attempts in rows]))


def told() -> None:
    """Print what came of refusals: the rows that are refused, their outcomes, the readers suppressed, the journal's entries."""
    from daybreak.common.models import JournalEntry
    from daybreak.delivery.models import Delivery, Outcome, Suppression

    refused = Delivery.objects.filter(state="refused")
    numbers = (refused, Outcome.objects.filter(delivery__in=refused), Suppression.objects)
    print(
        json.dumps(
            [each.count() for each in numbers] + [JournalEntry.objects.filter(act="suppressed").count()]
        )
    )


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    if verb == "prepare":
        prepare(int(arguments[0]))
    elif verb == "ledger":
        ledger()
    elif verb == "told":
        told()
    else:
        from daybreak.delivery.commands import deliver
        from daybreak.delivery.handover import claims

        claims.BATCH = 7  # so that a few dozen mails are many claims, and workers meet
        deliver.main([verb, *arguments])
