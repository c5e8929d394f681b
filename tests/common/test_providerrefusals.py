"""Whom a refusal means: the reader whose mail it was, or us, told by each provider in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from daybreak.common.post import AddressRefused, InDoubt, Post, PostError, ServerAway, TryLater
from daybreak.common.provider import KEYS, Provider
from daybreak.common.providerpost import ProviderPost
from daybreak.common.sespost import SesPost
from tests.common.fakeprovider import FakeProvider, fake_provider
from tests.common.test_providerpost import a_mail

Refusal = tuple[str, int, Any]


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as server:
        yield server


def post_to(server: FakeProvider, name: str) -> Post:
    provider = Provider(
        name, "KEY-4711", "eu-west-1" if name == "ses" else "paper.example", server.url, secret="s"
    )
    return SesPost(provider) if name == "ses" else ProviderPost(provider)


def refused(server: FakeProvider, name: str, status: int, no: Any) -> PostError:
    """How the hand-over of a mail ends that the provider refuses so."""
    kind = no.pop("kind", "") if isinstance(no, dict) else ""
    server.moods, server.no = [str(status)] * 8, no
    server.no_headers = {"x-amzn-ErrorType": kind} if kind else {}
    with pytest.raises(PostError) as told:
        post_to(server, name).hand_over("x@paper.example", "ada@example.org", a_mail())
    assert server.taken == []
    assert str(told.value).endswith(".") and "KEY-4711" not in str(told.value)
    return told.value


def mailgun(status: int, message: str) -> Refusal:
    return "mailgun", status, {"message": message}


def postmark(code: int, message: str, status: int = 422) -> Refusal:
    return "postmark", status, {"ErrorCode": code, "Message": message}


def sendgrid(status: int, message: str, field: str | None = None) -> Refusal:
    return "sendgrid", status, {"errors": [{"message": message, "field": field, "help": None}]}


def brevo(status: int, code: str, message: str) -> Refusal:
    return "brevo", status, {"code": code, "message": message}


def sparkpost(status: int, code: str, message: str, description: str = "") -> Refusal:
    return "sparkpost", status, {"errors": [{"message": message, "description": description, "code": code}]}


def resend(status: int, name: str, message: str) -> Refusal:
    return "resend", status, {"statusCode": status, "name": name, "message": message}


def mailtrap(status: int, told: str) -> Refusal:
    return "mailtrap", status, {"success": False, "errors": [told]}


def ses(status: int, kind: str, message: str) -> Refusal:
    return "ses", status, {"kind": kind, "message": message}


OF_US = [
    mailgun(400, "Domain paper.example is not allowed to send: in review."),
    mailgun(400, "Sandbox subdomains are for test purposes only. Please add your own domain."),
    mailgun(400, "Free accounts are for test purposes only."),
    mailgun(400, "Please activate your Mailgun account."),
    mailgun(400, "The domain is unverified and requires DNS configuration."),
    mailgun(400, "'from' parameter is not a valid address. please check documentation"),
    mailgun(401, "Forbidden"),
    mailgun(402, "Payment required"),
    mailgun(403, "Account disabled"),
    mailgun(404, "Domain not found: paper.example"),
    mailgun(429, "Too many requests"),
    postmark(10, "Bad or missing Server token", 401),
    postmark(300, "Invalid 'From' address: 'editions@paper.example'."),
    postmark(400, "The 'From' address you supplied is not a Sender Signature on your account."),
    postmark(401, "The 'From' address is not a confirmed Sender Signature."),
    postmark(405, "You are out of credits."),
    postmark(412, "While your account is pending approval, all recipients must share the domain of 'From'."),
    postmark(413, "Your account may not send."),
    postmark(1235, "The message stream was not found."),
    sendgrid(401, "Maximum credits exceeded"),
    sendgrid(400, "Maximum credits exceeded"),
    sendgrid(403, "The from address does not match a verified Sender Identity.", "from"),
    sendgrid(400, "The from email does not contain a valid address.", "from.email"),
    sendgrid(413, "Payload too large"),
    brevo(401, "unauthorized", "Key not found"),
    brevo(402, "not_enough_credits", "You have not enough credits to send."),
    brevo(400, "not_enough_credits", "You have not enough credits to send."),
    brevo(403, "permission_denied", "Your SMTP account is not yet activated."),
    brevo(400, "account_under_validation", "Your account is under validation."),
    brevo(400, "invalid_parameter", "Sending has been rejected because the sender you used is not valid."),
    brevo(400, "invalid_parameter", "valid sender email required"),
    sparkpost(420, "2102", "Exceed Sending Limit (daily)"),
    sparkpost(403, "1100", "Forbidden."),
    sparkpost(400, "7001", "Invalid domain", "Unconfigured Sending Domain <paper.example>"),
    sparkpost(400, "1902", "Message generation rejected", "Unverified sending domain"),
    resend(422, "invalid_from_address", "The from address is not valid."),
    resend(403, "validation_error", "The paper.example domain is not verified."),
    resend(400, "validation_error", "API key is invalid"),
    resend(422, "validation_error", "Invalid `from` field."),
    resend(429, "monthly_quota_exceeded", "You have reached your monthly email sending quota."),
    mailtrap(401, "Unauthorized"),
    mailtrap(400, "'from' address is not valid"),
    mailtrap(403, "Forbidden"),
    ses(400, "AccountSuspendedException", "Account suspended."),
    ses(400, "SendingPausedException", "Sending is paused."),
    ses(400, "MailFromDomainNotVerifiedException", "The domain is not verified."),
    ses(400, "LimitExceededException", "Too many."),
    ses(400, "MessageRejected", "Email address is not verified. The following identities failed the check"),
    ses(403, "AccessDeniedException", "Not authorized to perform ses:SendEmail."),
    ses(429, "TooManyRequestsException", "Daily message quota exceeded."),
]
OF_THE_READER = [
    mailgun(400, "'to' parameter is not a valid address. please check documentation"),
    mailgun(400, "to parameter is not a valid address: “account disabled” <sandbox@example.org>"),
    postmark(
        406,
        "You tried to send to a recipient that has been marked as inactive.\nFound inactive addresses: ada@example.org.\nInactive recipients are ones that have generated a hard bounce.",
    ),
    postmark(406, "This recipient does not want it."),
    postmark(300, "Invalid 'To' address: 'ada@example.org'."),
    postmark(300, "Error parsing 'To': Illegal email domain 'sender signature' in address 'ada'."),
    postmark(1, "no"),
    sendgrid(400, "Does not contain a valid address.", "personalizations.0.to.0.email"),
    sendgrid(400, "The from name of Maximum credits exceeded is odd.", "personalizations.0.to.0.name"),
    brevo(400, "invalid_parameter", "email is not valid in to"),
    brevo(400, "invalid_parameter", "to name “sender” is not valid"),
    sparkpost(
        400, "1902", "Message generation rejected", "recipient address suppressed due to customer policy"
    ),
    sparkpost(
        422,
        "1300",
        "invalid data format/type",
        "Error validating domain name syntax for header_to: 'sending domain'",
    ),
    resend(422, "validation_error", "Invalid `to` field."),
    mailtrap(400, "'to' address is not valid"),
    ses(400, "BadRequestException", "Domain contains illegal character"),
    ses(400, "BadRequestException", "Invalid address: SendingPaused <not verified@example.org>"),
    ses(400, "MessageRejected", "Illegal content."),
]


@pytest.mark.parametrize(("name", "status", "no"), OF_US)
def test_what_is_wrong_with_us_ends_no_readers_mail(
    provider: FakeProvider, name: str, status: int, no: Any
) -> None:
    assert type(refused(provider, name, status, dict(no))) is ServerAway


@pytest.mark.parametrize(("name", "status", "no"), OF_THE_READER)
def test_what_is_wrong_with_an_address_ends_its_mail_alone(
    provider: FakeProvider, name: str, status: int, no: Any
) -> None:
    assert type(refused(provider, name, status, dict(no))) is AddressRefused


@pytest.mark.parametrize("name", [*KEYS, "ses"])
@pytest.mark.parametrize("status", [400, 403, 422, 451])
def test_what_stands_between_us_and_a_provider_refuses_nobody_for_good(
    provider: FakeProvider, name: str, status: int
) -> None:
    for no in (b"<html><h1>403 Forbidden</h1></html>", b"", b"[]"):
        error = refused(provider, name, status, no)
        assert type(error) is TryLater
        assert f"(status {status})" in str(error)


WRONG_TYPES: list[Any] = [None, True, 1e400, [], [[]], [None], [{}], {"a": 1}]
WRONG_TYPES.append([{"code": [], "field": 3, "message": {}}])


@pytest.mark.parametrize("name", [*KEYS, "ses"])
def test_a_refusal_that_is_nested_without_end_is_an_ending_too(provider: FakeProvider, name: str) -> None:
    error = refused(provider, name, 422, b"[" * 50_000)
    assert isinstance(error, InDoubt if name == "postmark" else TryLater)


@pytest.mark.parametrize("name", [*KEYS, "ses"])
def test_fields_of_the_wrong_type_are_the_readers_refusal(provider: FakeProvider, name: str) -> None:
    fields = ("message", "Message", "ErrorCode", "code", "errors")
    for wrong in WRONG_TYPES:
        error = refused(provider, name, 400, dict.fromkeys(fields, wrong))
        assert type(error) is AddressRefused
