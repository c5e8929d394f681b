"""Who the mail says it is from, checked against a name server of our own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import dns.resolver
import pytest

from daybreak.common.relays import MailServer
from daybreak.delivery.watch.identity import dkim, dmarc, identity_checks, relay_name
from daybreak.delivery.watch.names import Check, Names, Record
from daybreak.delivery.watch.spfrecord import spf
from tests.delivery.nameserver import Zone, name_server

NOW = dt.datetime(2026, 11, 23, 21, tzinfo=dt.UTC)
KEY = Record("daybreak._domainkey.paper.example", "TXT", "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0")


@pytest.fixture
def zone() -> Zone:
    return {
        ("paper.example", "TXT"): ['"v=spf1 include:relay.example ~all"', '"other=1"'],
        ("relay.example", "TXT"): ['"v=spf1 ip4:192.0.2.1 a mx -all"'],
        (KEY.name, "TXT"): ['"v=DKIM1; k=rsa; " "p=MIIBIjANBgkqhkiG9w0"'],
        ("_dmarc.paper.example", "TXT"): ['"v=DMARC1; p=quarantine"'],
        ("mail.paper.example", "A"): ["8.8.4.4"],
        ("4.4.8.8.in-addr.arpa", "PTR"): ["mail.paper.example."],
    }


@pytest.fixture
def names(zone: Zone) -> Iterator[Names]:
    with name_server(zone) as endpoint:
        yield Names(endpoint)


def only(checks: Iterator[Check]) -> Check:
    (check,) = checks
    return check


def test_a_paper_in_order_is_well(names: Names) -> None:
    server = MailServer("mail.paper.example", 25, "", "", "none")
    checks = list(identity_checks("editions@paper.example", "paper.example", [KEY], [server], names, NOW))
    assert [(check.name, check.well) for check in checks] == [
        ("SPF", True),
        ("DKIM", True),
        ("DMARC", True),
        ("relay name", True),
        ("relay TLS", False),
    ]


def test_a_missing_spf_record_is_offered(zone: Zone, names: Names) -> None:
    del zone["paper.example", "TXT"]
    check = only(spf("paper.example", names))
    assert check.well is False
    assert check.add == Record("paper.example", "TXT", "v=spf1 mx ~all")


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (['"v=spf1 +all"'], "lets everybody"),
        (['"v=spf1 mx all"'], "lets everybody"),
        (['"v=spf1 mx ~all"', '"v=spf1 a ~all"'], "2 SPF records"),
        (['"spf1 mx ~all"'], "SPF begins with “v=spf1 ”"),
        (['"v=spf1 -all"'], "allows nobody"),
        (['"v=spf1 ~mx ?a -all"'], "allows nobody"),
        (['"v=spf1 includ:relay.example ~all"'], "“includ:relay.example”, which is no word"),
        (['"v=spf1 include:typo.example ~all"'], "includes typo.example, which has no SPF record"),
        (['"v=spf1 ip4:192.0.2 ~all"'], "“ip4:192.0.2”, which is no address"),
        ([f'"v=spf1 {" ".join(f"a:h{n}.example" for n in range(11))} ~all"'], "costs more than 10 look-ups"),
    ],
)
def test_an_spf_record_that_does_not_hold(zone: Zone, names: Names, records: list[str], words: str) -> None:
    zone["paper.example", "TXT"] = records
    check = only(spf("paper.example", names))
    assert check.well is False and words in check.sentence


@pytest.mark.parametrize(
    "record",
    [
        '"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"',
        '"v=spf1 redirect=relay.example"',
        '"V=SPF1 A/24 MX:mail.paper.example -all exp=why.paper.example"',
        '"v=spf1 exists:%{i}.paper.example include:%{d}.relay.example x-own=1 ~all"',
    ],
)
def test_an_spf_record_that_holds(zone: Zone, names: Names, record: str) -> None:
    zone["paper.example", "TXT"] = [record]
    check = only(spf("paper.example", names))
    assert check.well is True, check.sentence


def test_doubled_records_count_for_nothing(zone: Zone, names: Names) -> None:
    zone[KEY.name, "TXT"] = ['"v=DKIM1; k=rsa; p=AAAA"', '"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0"']
    check = only(dkim([KEY], names))
    assert "has 2 keys" in check.sentence
    assert check.add is None, "ours is there"
    zone["_dmarc.paper.example", "TXT"] = ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']
    check = only(dmarc("paper.example", "paper.example", names))
    assert (check.well, check.sentence) == (
        False,
        "paper.example has 2 policies, and so none that counts: keep one.",
    )


def test_a_misspelt_policy_is_to_be_mended_not_joined_by_another(zone: Zone, names: Names) -> None:
    for policy in ("v=DMARC; p=none", "v=DMARC10; p=none", "p=none; v=DMARC1"):
        zone["_dmarc.paper.example", "TXT"] = [f'"{policy}"']
        check = only(dmarc("paper.example", "paper.example", names))
        assert f"says “{policy}”" in check.sentence
        assert check.add is None


def test_a_provider_sends_and_signs_by_itself(zone: Zone, names: Names) -> None:
    del zone["paper.example", "TXT"]
    checks = identity_checks(
        "editions@paper.example", "bounces.example", [], [], names, NOW, by_provider=True
    )
    assert [(check.name, check.well) for check in checks] == [("DMARC", True)]


@pytest.mark.parametrize(
    "records", [['"v=spf1 include:paper.example -all"'], ['"v=spf1 mx redirect=relay.example"']]
)
def test_includes_that_go_in_a_ring_are_void_as_servers_count(
    zone: Zone, names: Names, records: list[str]
) -> None:
    zone["relay.example", "TXT"] = records
    check = only(spf("paper.example", names))
    assert check.well is False and "costs more than 10 look-ups" in check.sentence


def test_an_include_that_stands_in_two_others_is_no_ring(zone: Zone, names: Names) -> None:
    zone["paper.example", "TXT"] = ['"v=spf1 include:one.example include:relay.example ~all"']
    zone["one.example", "TXT"] = ['"v=spf1 include:relay.example ~all"']
    assert only(spf("paper.example", names)).well is True


def test_another_key_than_ours_and_none(zone: Zone, names: Names) -> None:
    zone[KEY.name, "TXT"] = ['"v=DKIM1; k=rsa; p=AAAA"']
    check = only(dkim([KEY], names))
    assert (check.well, check.add) == (False, KEY) and "another key" in check.sentence
    del zone[KEY.name, "TXT"]
    assert "is not there" in only(dkim([KEY], names)).sentence
    assert "not signed" in only(dkim([], names)).sentence


def test_a_policy_of_the_parent_domain_counts(zone: Zone, names: Names) -> None:
    check = only(dmarc("news.paper.example", "news.paper.example", names))
    assert check.well is True and check.sentence.startswith("paper.example:")


def test_a_missing_or_empty_policy_is_not_well(zone: Zone, names: Names) -> None:
    zone["_dmarc.paper.example", "TXT"] = ['"v=DMARC1; rua=mailto:a@paper.example"']
    assert only(dmarc("paper.example", "paper.example", names)).well is False
    del zone["_dmarc.paper.example", "TXT"]
    check = only(dmarc("paper.example", "paper.example", names))
    assert check.add is not None and check.add.name == "_dmarc.paper.example"


def test_a_return_path_of_another_house_is_not_aligned(names: Names) -> None:
    *_, check = dmarc("paper.example", "bounces.relay.example", names)
    assert (check.name, check.well) == ("alignment", False)
    assert len(list(dmarc("paper.example", "bounces.paper.example", names))) == 1


def test_a_relay_without_a_name_that_leads_back(zone: Zone, names: Names) -> None:
    zone["4.4.8.8.in-addr.arpa", "PTR"] = ["other.example."]
    server = MailServer("mail.paper.example", 25, "", "", "none")
    assert only(relay_name(server, names)).well is False
    assert "has no address" in only(relay_name(MailServer("no.example", 25, "", "", "none"), names)).sentence


def test_silence_is_not_taken_for_a_missing_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daybreak.delivery.watch.names.PATIENCE", 0.2)
    checks = list(identity_checks("a@paper.example", "paper.example", [KEY], [], Names("127.0.0.1:9"), NOW))
    assert [check.well for check in checks] == [None, None, None]
    assert "No name server answered" in checks[0].sentence


def test_a_machine_without_a_name_server_could_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    def unset(self: dns.resolver.Resolver, f: object) -> None:
        raise dns.resolver.NoResolverConfiguration("no nameservers")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", unset)
    assert only(identity_checks("a@paper.example", "paper.example", [], [], Names(), NOW, True)).well is None


def test_a_name_server_may_have_an_address_of_the_new_kind() -> None:
    Names("[::1]:53")


def test_an_include_that_can_be_no_name_makes_the_record_void(zone: Zone, names: Names) -> None:
    for value in ("a..b", "x" * 64 + ".example"):
        zone["paper.example", "TXT"] = [f'"v=spf1 include:{value} ~all"']
        check = only(spf("paper.example", names))
        assert check.well is False and f"includes {value}" in check.sentence
