"""Many requests to a provider at once: each mail has its own ending, and a killed process leaves few in doubt."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from daybreak.circulation.models import Reader
from daybreak.common.config import Config
from daybreak.common.post import TryLater
from daybreak.common.provider import Provider
from daybreak.delivery.handover.ledger import Sent
from daybreak.delivery.handover.manyposts import Posts, open_posts
from daybreak.delivery.handover.refusing import MEANS_US
from daybreak.delivery.models import Delivery
from daybreak.delivery.planning import plan
from daybreak.delivery.sending import deliver_due
from tests.common.fakeprovider import FakeProvider, fake_provider
from tests.delivery.ledger import BERLIN_SIX, NIGHT, many_readers, printed
from tests.delivery.test_crashes import SIX, House, kill_in_the_middle, own_database

CONNECTIONS = 4


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as server:
        yield server


def planned(number: int) -> None:
    many_readers(number)
    plan(printed(), NIGHT)


def deliver_to(server: FakeProvider) -> Sent:
    own: Config = django_settings.CONFIG
    config = replace(
        own,
        provider=Provider("mailgun", "KEY", "paper.example", server.url, connections=CONNECTIONS),
        relays=(),
    )
    return deliver_due(lambda: open_posts(config), BERLIN_SIX, config)


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


def ids_at(server: FakeProvider) -> Counter[str]:
    return Counter(mail["v:mail"] for mail in server.taken)


@pytest.mark.django_db
def test_each_mail_has_its_own_ending(provider: FakeProvider) -> None:
    planned(20)
    provider.moods = ["500 after", "400", "hang up after", "503 5"]
    sent = deliver_to(provider)
    assert states() == {"handed_over": 16, "in_doubt": 2, "refused": 1, "due": 1}
    assert (sent.handed_over, sent.in_doubt, sent.refused, sent.put_off) == (16, 2, 1, 1)
    assert set(ids_at(provider).values()) == {1}
    assert provider.connections <= CONNECTIONS + 2  # kept, but for the one that it hung up


@pytest.mark.django_db
def test_a_provider_that_will_have_none_of_us_is_not_asked_for_each(provider: FakeProvider) -> None:
    planned(20)
    provider.moods = ["401"] * 20
    sent = deliver_to(provider)
    assert states() == {"due": 20}
    assert "look at its key" in sent.trouble
    assert len(provider.moods) >= 16


@pytest.mark.django_db
def test_an_account_in_review_refuses_no_reader_for_good(provider: FakeProvider) -> None:
    planned(20)
    provider.moods, provider.no = (
        ["400"] * 20,
        {"message": "Domain paper.example is not allowed to send: in review."},
    )
    sent = deliver_to(provider)
    assert states() == {"due": 20}
    assert sent.trouble.endswith("there: Domain paper.example is not allowed to send: in review.")
    assert sent.refused == 0
    assert {delivery.reason for delivery in Delivery.objects.all()} == {sent.trouble}
    assert len(provider.moods) >= 20 - CONNECTIONS, "the others are not tried"
    provider.moods = []
    assert deliver_to(provider).handed_over == 20
    assert set(ids_at(provider).values()) == {1}


@pytest.mark.django_db
def test_a_refusal_on_the_way_puts_its_mail_off_and_the_others_go_on(provider: FakeProvider) -> None:
    planned(20)
    provider.moods, provider.no = ["403"], b"<html>403 Forbidden</html>"
    sent = deliver_to(provider)
    assert (sent.handed_over, sent.put_off, sent.trouble) == (19, 1, "")
    assert states() == {"handed_over": 19, "due": 1}


@pytest.mark.django_db
def test_a_provider_that_refuses_everybody_means_us(provider: FakeProvider) -> None:
    many_readers(60)
    for number, reader in enumerate(Reader.objects.order_by("pk")):
        Reader.objects.filter(pk=reader.pk).update(email=f"reader{number}@d{number % 12}.example")
    plan(printed(), NIGHT)
    provider.moods, provider.no = ["400"] * 60, "This is not for us to send."
    sent = deliver_to(provider)
    assert states() == {"due": 60}
    assert (sent.refused, sent.trouble.startswith(MEANS_US)) == (0, True)


@pytest.mark.parametrize("mood", ["500", "502", "hang up after"])
@pytest.mark.django_db
def test_a_provider_that_stumbles_over_each_mail_does_not_cast_them_all_in_doubt(
    provider: FakeProvider, mood: str
) -> None:
    planned(40)
    provider.moods = [mood] * 40
    sent = deliver_to(provider)
    assert "may or may not be on its way" in sent.trouble
    assert states()["in_doubt"] <= 4 + CONNECTIONS
    provider.moods = []
    deliver_to(provider)
    assert states()["handed_over"] == 40 - states()["in_doubt"] >= 32


@pytest.mark.django_db
def test_an_error_of_ours_leaves_its_own_mail_in_doubt_and_records_the_others() -> None:
    planned(6)
    seen: list[str] = []

    class Post:
        def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
            seen.append(recipient)
            if recipient == "reader000@example.org":
                raise ZeroDivisionError
            if recipient == "reader001@example.org":
                raise TryLater("Not now.")

    @contextmanager
    def posts() -> Iterator[Posts]:
        with ExitStack() as stack:
            yield Posts([Post() for _ in range(6)], stack.enter_context(ThreadPoolExecutor(6)))

    with pytest.raises(ZeroDivisionError):
        deliver_due(posts, BERLIN_SIX)
    assert states() == {"handed_over": 4, "in_doubt": 1, "due": 1}
    assert Delivery.objects.get(state="in_doubt").reader.email == "reader000@example.org"
    assert len(seen) == 6


def test_killed_with_requests_open_nobody_gets_it_twice_and_nobody_is_forgotten(
    tmp_path: Path, provider: FakeProvider
) -> None:
    provider.slowness = 0.02
    with own_database() as url:
        house = House(tmp_path, provider, provider.server_address[1], url)
        house.environ["DAYBREAK_MAIL_URL"] = (
            f"mailgun://KEY@paper.example?connections={CONNECTIONS}&api={provider.url}"
        )
        house.do("migrate", "--skip-checks", "--verbosity", "0", module="django")
        house.do("prepare", "60")
        kills = sum(kill_in_the_middle(house, random.randint(2, 11)) for _ in range(4))
        assert kills >= 2
        provider.slowness = 0.0
        house.do("run", *SIX)
        rows, taken = house.states(), ids_at(provider)
    assert set(taken.values()) == {1}
    assert set(rows.values()) <= {"handed_over", "in_doubt"}
    assert {pk for pk, state in rows.items() if state == "handed_over"} <= set(taken)
    doubtful = {pk for pk, state in rows.items() if state == "in_doubt"}
    assert set(rows) == set(taken) | doubtful
    assert len(doubtful) <= kills * CONNECTIONS
