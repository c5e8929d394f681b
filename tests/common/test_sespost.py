"""Handing over to Amazon SES: the mail as it is, signed for Amazon, with the four endings of every post."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak.common import sespost
from daybreak.common.config import ConfigError, read_config
from daybreak.common.post import AddressRefused, InDoubt, ServerAway, TryLater, open_post
from daybreak.common.provider import Provider
from daybreak.common.sespost import SesPost
from tests.common.fakeprovider import FakeProvider, fake_provider
from tests.common.test_post import _free_port
from tests.common.test_providerpost import ID, a_mail

URL = "ses://AKIDEXAMPLE:a%2Fb+c@eu-west-1"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:daybreak"


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProvider]:
    monkeypatch.setattr(sespost, "WAITS", (0.01, 0.01))
    with fake_provider() as server:
        yield server


def post_to(server: FakeProvider) -> SesPost:
    return SesPost(Provider("ses", "AKIDEXAMPLE", "eu-west-1", server.url, secret="a/b"))


def hand_over(server: FakeProvider, message: bytes | None = None) -> None:
    post_to(server).hand_over("x@paper.example", "ada@example.org", message or a_mail())


def test_a_mail_leaves_as_it_is_with_the_id_that_it_is_known_by(amazon: FakeProvider) -> None:
    post = post_to(amazon)
    ours = b"DKIM-Signature: v=1;\r\n\tb=ours\r\nDKIM-Signature: v=1; b=too\r\n"
    written = a_mail().replace(b"\n", b"\r\n")
    post.hand_over("x@paper.example", "ada@example.org", ours + written)
    post.hand_over("x@paper.example", "ben@example.org", a_mail())
    post.close()
    assert (len(amazon.taken), amazon.connections) == (2, 1)
    sent, headers = amazon.taken[0], amazon.headers_seen[0]
    assert sent["Destination"] == {"ToAddresses": ["ada@example.org"]}
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    raw = base64.b64decode(sent["Content"]["Raw"]["Data"])
    marks = [line for line in raw.splitlines(keepends=True) if line.startswith(b"X-Metadata")]
    assert [json.loads(mark.partition(b":")[2]) for mark in marks] == [{"mail": ID}]
    assert raw.replace(marks[0], b"") == written


@pytest.mark.parametrize(
    ("mood", "ending"),
    [
        ("500 after", InDoubt),
        ("hang up after", InDoubt),
        ("garbled after", InDoubt),
        ("503 5", TryLater),
        ("403", ServerAway),
        ("400", AddressRefused),
        ("302", InDoubt),
    ],
)
def test_each_stumble_has_its_ending(amazon: FakeProvider, mood: str, ending: type[Exception]) -> None:
    amazon.moods = [mood]
    with pytest.raises(ending) as told:
        hand_over(amazon)
    assert type(told.value) is ending
    assert str(told.value).endswith(".")
    assert len(amazon.taken) == (1 if "after" in mood else 0)
    assert amazon.moods == [], "asked once: what it has may be on its way"


@pytest.mark.parametrize(
    "words", ["Email address is not verified. The following identities failed the check", "SendingPaused"]
)
def test_what_is_wrong_with_the_account_is_not_laid_to_the_address(amazon: FakeProvider, words: str) -> None:
    amazon.moods, amazon.no = ["400"], words
    with pytest.raises(ServerAway, match="look at the account"):
        hand_over(amazon)


def test_mails_that_come_too_fast_wait_on_the_spot(amazon: FakeProvider) -> None:
    amazon.moods, amazon.no = ["429", "429"], "Maximum sending rate exceeded."
    hand_over(amazon)
    assert len(amazon.taken) == 1
    amazon.moods, amazon.no_headers = ["400"], {"x-amzn-ErrorType": "ThrottlingException:"}
    hand_over(amazon)
    assert len(amazon.taken) == 2
    amazon.moods, amazon.no_headers = ["429"] * 3, {}
    with pytest.raises(ServerAway, match="asks to wait: Maximum sending rate exceeded"):
        hand_over(amazon)
    amazon.moods, amazon.no = ["429", "429"], "Daily message quota exceeded."
    with pytest.raises(ServerAway):
        hand_over(amazon)
    assert amazon.moods == ["429"], "the day's quota does not come back within seconds"


def test_ses_that_cannot_be_reached_certainly_took_nothing() -> None:
    post = SesPost(Provider("ses", "K", "eu-west-1", f"http://127.0.0.1:{_free_port()}", secret="s"))
    with pytest.raises(ServerAway, match="SES cannot be reached"):
        post.hand_over("x@paper.example", "ada@example.org", a_mail())


@pytest.mark.parametrize("recipient", ["ada", "ada@example.org,eve@example.org"])
def test_no_address_becomes_two(amazon: FakeProvider, recipient: str) -> None:
    with pytest.raises(AddressRefused):
        post_to(amazon).hand_over("x@paper.example", recipient, a_mail())
    assert amazon.taken == []


def test_the_mail_address_may_name_ses(tmp_path: Path) -> None:
    config = read_config({"DAYBREAK_MAIL_URL": f"{URL}?hook={TOPIC}"}, tmp_path)
    assert config.provider == Provider("ses", "AKIDEXAMPLE", "eu-west-1", "", TOPIC, secret="a/b+c")
    with open_post(config) as post:
        assert isinstance(post, SesPost)
    for wrong in (
        "ses://KEY@eu-west-1",
        "ses://KEY:a/b@eu-west-1",
        "ses://KEY:SECRET@evil.example",
        "ses://KEY:SECRET@",
        f"{URL}?hook=guess",
    ):
        with pytest.raises(ConfigError, match="must look like ses://"):
            read_config({"DAYBREAK_MAIL_URL": wrong}, tmp_path)
