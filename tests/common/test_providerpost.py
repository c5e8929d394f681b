"""Handing over to a provider: taken, put off, refused or in doubt, against one that runs on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from daybreak.common.config import ConfigError, read_config
from daybreak.common.post import AddressRefused, InDoubt, ServerAway, TryLater, open_post
from daybreak.common.provider import Provider
from daybreak.common.providerpost import ProviderPost
from tests.common.fakeprovider import FakeProvider, fake_provider
from tests.common.test_post import _free_port

ID = "6f1c9c53-3f5e-4a0f-9d3c-0d6f0a7c2b11"


def a_mail(to: str = "Ada Łoś <ada@example.org>") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Daybreak <editions@paper.example>", to, "Été – Terms"
    mail["Message-ID"] = f"<{ID}@paper.example>"
    mail["List-Unsubscribe"] = "<https://paper.example/unsubscribe/x/>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("Hello – été\n")
    mail.add_alternative("<p>Hello – été</p>\n", subtype="html")
    return mail.as_bytes()


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as server:
        yield server


def post_to(server: FakeProvider, name: str = "mailgun") -> ProviderPost:
    return ProviderPost(Provider(name, "KEY", "paper.example", server.url))


@pytest.mark.parametrize("name", ["mailgun", "postmark", "sendgrid", "brevo", "resend", "mailtrap"])
def test_a_mail_is_taken_whole_with_the_id_that_it_is_known_by(provider: FakeProvider, name: str) -> None:
    post = post_to(provider, name)
    post.hand_over("bounces+x@paper.example", "ada@example.org", a_mail())
    post.hand_over("bounces+x@paper.example", "ada@example.org", a_mail())
    post.close()
    sent = json.dumps(provider.taken[0], ensure_ascii=False)
    for part in (
        "ada@example.org",
        "Été – Terms",
        "Hello – été",
        "<p>Hello",
        "/unsubscribe/x/",
        "One-Click",
        ID,
    ):
        assert part in sent.replace('\\"', '"'), part
    assert provider.headers_seen[0]["idempotency-key"] == ID
    assert (len(provider.taken), provider.connections) == (2, 1)


@pytest.mark.parametrize(
    ("mood", "ending"),
    [
        ("500 after", InDoubt),
        ("hang up after", InDoubt),
        ("garbled after", InDoubt),
        ("500", InDoubt),
        ("502", InDoubt),
        ("503 5", TryLater),
        ("429 999", ServerAway),
        ("401", ServerAway),
        ("400", AddressRefused),
        ("422", AddressRefused),
    ],
)
def test_each_stumble_has_its_ending(provider: FakeProvider, mood: str, ending: type[Exception]) -> None:
    provider.moods = [mood]
    with pytest.raises(ending) as told:
        post_to(provider).hand_over("x@paper.example", "ada@example.org", a_mail())
    assert type(told.value) is ending
    assert str(told.value).endswith(".")
    assert len(provider.taken) == (1 if "after" in mood else 0)


def test_a_short_wait_is_waited_on_the_spot(provider: FakeProvider) -> None:
    provider.moods = ["429 0"]
    post_to(provider).hand_over("x@paper.example", "ada@example.org", a_mail())
    assert len(provider.taken) == 1


def test_a_provider_that_cannot_be_reached_certainly_took_nothing() -> None:
    post = ProviderPost(Provider("mailgun", "KEY", "paper.example", f"http://127.0.0.1:{_free_port()}"))
    with pytest.raises(ServerAway, match="cannot be reached"):
        post.hand_over("x@paper.example", "ada@example.org", a_mail())


@pytest.mark.parametrize(
    "recipient", ["ada", "ada@example.org>,eve@example.org", "ada@example.org\r\nBcc: eve@x.example"]
)
def test_no_address_becomes_two(provider: FakeProvider, recipient: str) -> None:
    with pytest.raises(AddressRefused):
        post_to(provider).hand_over("x@paper.example", recipient, a_mail())
    assert provider.taken == []


def test_the_mail_address_may_name_a_provider(tmp_path: Path) -> None:
    config = read_config({"DAYBREAK_MAIL_URL": "mailgun://key%2F1@paper.example?hook=sign"}, tmp_path)
    assert config.mail is None
    assert config.provider == Provider("mailgun", "key/1", "paper.example", "", "sign")
    with open_post(config) as post:
        assert isinstance(post, ProviderPost)
    assert read_config(
        {"DAYBREAK_MAIL_URL": "postmark://TOKEN@?connections=8"}, tmp_path
    ).provider == Provider("postmark", "TOKEN", connections=8)
    for wrong in (
        "mailgun://paper.example",
        "postmark://T@?api=http://evil.example",
        "sendgrid://K@/x",
        "brevo://K@?x=1",
        "brevo://K@?connections=0",
        "postmark://T@?hook=it-signs-nothing",
        "postmark://T%0A@",
        "brevo://%C3%A9@",
    ):
        with pytest.raises(ConfigError, match="DAYBREAK_MAIL_URL"):
            read_config({"DAYBREAK_MAIL_URL": wrong}, tmp_path)
