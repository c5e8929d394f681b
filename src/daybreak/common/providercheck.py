"""What a provider says of us before a morning: whether it knows the key, the domain and the account may send, and how
much. Nothing is sent, and nothing that it says is believed to be what its documentation promises."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from daybreak.common.provider import SES, Provider
from daybreak.common.providerquestion import Answer, NoAnswer, ask, inside, listed, number, word

TRY = "`daybreak deliver test` tries it"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a provider tells: whether it is well (None: it does not tell, or it may not be enough), what, in a
    sentence, and whether no mail leaves while it is so."""

    well: bool | None
    sentence: str
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked, and of what: the sending domain, and how many readers get the next morning."""

    provider: Provider
    domain: str
    readers: int
    at: dt.datetime

    @property
    def called(self) -> str:
        """The provider's name as people write it."""
        return self.provider.called

    def get(self, path: str) -> Answer:
        """The answer to a GET under the provider's home. Raises NoAnswer."""
        return ask(self.provider, f"{self.provider.home}/{path}", self.at)


def check(provider: Provider, mail_from: str, readers: int, at: dt.datetime) -> list[Told]:
    """What `provider` says at `at` of mail from the address `mail_from` to so many `readers`; never its key."""
    named = provider.domain if provider.name == "mailgun" else ""
    domain = quote(named or mail_from.rpartition("@")[2].lower(), safe="")
    try:
        told = list(_CHECKS[provider.name](Asking(provider, domain, readers, at)))
    except NoAnswer as error:
        told = [Told(False, str(error), stops=True)]
    return [replace(each, sentence=_fit(each.sentence, provider)) for each in told]


def _mailgun(asking: Asking) -> Iterator[Told]:
    """The domain: there, active, no sandbox, its records seen (“Get domain details”, /v4/domains/{name})."""
    home = asking.provider.home
    url = f"{home.removesuffix('/v3')}/v4/domains/{asking.domain}"
    answer = ask(asking.provider, url, asking.at)
    if answer.status in (401, 403):
        yield _sending_key(asking)
        return
    if refused := _refused(asking, answer, f"{asking.domain} is not a domain of this account"):
        yield refused
        return
    domain = inside(answer.fields, "domain")
    state = word(domain.get("state"))
    if not state:
        yield _nonsense(asking)
    elif domain.get("type") == "sandbox":
        sentence = f"{asking.domain} is a sandbox, which mails a few confirmed addresses: add a domain of your own there."
        yield Told(False, sentence, stops=True)
    elif state != "active" or domain.get("is_disabled") is True:
        why = word(inside(domain, "disabled").get("reason")) or state
        sentence = (
            f"Mailgun has {asking.domain} as “{why}”: verify it in its control panel, or ask its support."
        )
        yield Told(False, sentence, stops=True)
    else:
        yield Told(True, f"Mailgun takes the key, and {asking.domain} is active.")
        yield from _mailgun_records(asking, answer)


def _mailgun_records(asking: Asking, answer: Answer) -> Iterator[Told]:
    """The records that mails are proven by; those of a tracking name are not ours to want."""
    records = [each for each in listed(answer.fields, "sending_dns_records") if word(each.get("name"))]
    proving = [
        each for each in records if each.get("record_type") == "TXT" or "_domainkey" in str(each["name"])
    ]
    unseen = sorted({word(each["name"]) for each in proving if each.get("valid") != "valid"})
    if unseen:
        sentence = f"Mailgun does not see the DNS records of {', '.join(unseen[:4])}: publish what it shows for the domain."
        yield Told(False, sentence)
    elif proving:
        yield Told(True, f"Mailgun sees the DNS records of {asking.domain}.")


def _sending_key(asking: Asking) -> Told:
    """A key of Mailgun that may send and nothing else is known by the refusal of an empty mail: it lacks its “from”."""
    url = f"{asking.provider.home}/{asking.domain}/messages"
    answer = ask(asking.provider, url, asking.at, form=True)
    told = word(answer.fields.get("message"))
    if answer.status == 400 and "parameter" in told:
        sentence = f"Mailgun takes the key, which may send but not ask how {asking.domain} is: {TRY}."
        return Told(None, sentence)
    if answer.status == 400:
        return Told(False, f"Mailgun will not send for us ({told}): look at the account there.", stops=True)
    refused = _refused(asking, answer, f"{asking.domain} is not a domain of this account")
    if refused and answer.status in (401, 403):
        eu = "; in the EU name ?api=https://api.eu.mailgun.net/v3 too"
        return replace(refused, sentence=f"{refused.sentence.removesuffix('.')}{eu}.")
    return refused or _nonsense(asking)


def _postmark(asking: Asking) -> Iterator[Told]:
    """The server that the token is of (“Get server”, /server)."""
    answer = asking.get("server")
    kind = word(answer.fields.get("DeliveryType"))
    if refused := _refused(asking, answer, "it has no such server"):
        yield refused
    elif not word(answer.fields.get("Name")):
        yield _nonsense(asking)
    elif kind.lower() == "sandbox":
        sentence = (
            "The server of this token is a sandbox, which delivers nothing: take the token of a live one."
        )
        yield Told(False, sentence, stops=True)
    else:
        sentence = f"Postmark takes the token, of its server “{word(answer.fields['Name'])}”."
        yield Told(True, sentence)
        unknown = f"Postmark does not tell a server’s token whether it may send for {asking.domain}: {TRY}."
        yield Told(None, unknown)


def _sendgrid(asking: Asking) -> Iterator[Told]:
    """What the key may do (“Retrieve a list of scopes”, /v3/scopes)."""
    answer = asking.get("scopes")
    scopes = answer.fields.get("scopes")
    if refused := _refused(asking, answer, "it knows no scopes"):
        yield refused
    elif not isinstance(scopes, list):
        yield _nonsense(asking)
    elif "mail.send" in scopes:
        yield Told(True, "SendGrid takes the key, and it may send.")
    else:
        sentence = "SendGrid takes the key, but it may not send: give it “Mail Send” there."
        yield Told(False, sentence, stops=True)


def _brevo(asking: Asking) -> Iterator[Told]:
    """The account's mails that are left (/v3/account), and the sending domain (/v3/senders/domains/{domain})."""
    answer = asking.get("account")
    if refused := _refused(asking, answer, "it knows no account"):
        yield refused
        return
    if not isinstance(answer.fields.get("plan"), list):
        yield _nonsense(asking)
        return
    if inside(answer.fields, "relay").get("enabled") is False:
        sentence = "Brevo has not activated this account for transactional mail: ask its support to."
        yield Told(False, sentence, stops=True)
    else:
        yield Told(True, "Brevo takes the key.")
    mail = [each for each in listed(answer.fields, "plan") if each.get("creditsType") == "sendLimit"]
    credits = [left for each in mail if (left := number(each.get("credits"))) is not None]
    if credits:
        yield _enough(asking, sum(credits), "Buy more there.")
    yield from _brevo_domain(asking)


def _brevo_domain(asking: Asking) -> Iterator[Told]:
    try:
        answer = asking.get(f"senders/domains/{asking.domain}")
    except NoAnswer as error:
        yield Told(None, str(error))
        return
    if answer.status in (400, 404):
        yield Told(False, f"Brevo does not know {asking.domain}: add it there as a sending domain.")
    elif answer.status != 200:
        yield Told(None, f"Brevo does not tell how {asking.domain} is (status {answer.status}): {TRY}.")
    elif answer.fields.get("authenticated") is True:
        yield Told(True, f"Brevo has {asking.domain} as authenticated.")
    else:
        sentence = f"Brevo has not authenticated {asking.domain}: publish the DNS records that it shows, then let it check."
        yield Told(False, sentence)


def _sparkpost(asking: Asking) -> Iterator[Told]:
    """The sending domain (/sending-domains/{domain}), and where the key may ask, the account (/account)."""
    answer = asking.get(f"sending-domains/{asking.domain}")
    if answer.status == 403:
        yield Told(None, f"SparkPost does not let this key ask how {asking.domain} is: {TRY}.")
        return
    if refused := _refused(asking, answer, f"{asking.domain} is not a sending domain of this account"):
        yield refused
        return
    status = inside(inside(answer.fields, "results"), "status")
    if not status:
        yield _nonsense(asking)
        return
    yield from _sparkpost_domain(asking, status)
    account = asking.get("account")
    state = word(inside(account.fields, "results").get("status"))
    if account.status == 200 and state and state != "active":
        yield Told(False, f"The account at SparkPost is “{state}”: ask its support.", stops=True)


def _sparkpost_domain(asking: Asking, status: dict[str, Any]) -> Iterator[Told]:
    compliance = word(status.get("compliance_status")) or "unknown"
    if status.get("ownership_verified") is not True:
        sentence = f"SparkPost has not verified {asking.domain}: publish the DNS records that it shows, then let it check."
        yield Told(False, sentence, stops=True)
    elif compliance != "valid":
        sentence = f"SparkPost has {asking.domain} as “{compliance}”: ask its support."
        yield Told(False, sentence, stops=True)
    else:
        yield Told(True, f"SparkPost takes the key, and {asking.domain} is verified.")
    if status.get("dkim_status") not in (None, "valid"):
        yield Told(
            False, f"SparkPost does not see the DKIM record of {asking.domain}: publish what it shows."
        )


def _resend(asking: Asking) -> Iterator[Told]:
    """The sending domain among those of the account (“List domains”, /domains)."""
    answer = asking.get("domains")
    if word(answer.fields.get("name")) == "restricted_api_key":
        sentence = f"Resend takes the key, which may send but not ask how {asking.domain} is: {TRY}."
        yield Told(None, sentence)
    elif "invalid" in word(answer.fields.get("message")) and answer.status in (400, 401, 403):
        sentence = "Resend refuses the key: copy it anew into DAYBREAK_MAIL_URL."
        yield Told(False, sentence, stops=True)
    elif refused := _refused(asking, answer, "it knows no domains"):
        yield refused
    elif not isinstance(answer.fields.get("data"), list):
        yield _nonsense(asking)
    else:
        states = {word(each.get("name")): word(each.get("status")) for each in listed(answer.fields, "data")}
        yield _resend_domain(asking, states.get(asking.domain, ""))


def _resend_domain(asking: Asking, state: str) -> Told:
    if not state:
        sentence = f"Resend does not know {asking.domain}: add it there as a domain."
    elif state == "verified":
        return Told(True, f"Resend takes the key, and {asking.domain} is verified.")
    else:
        sentence = f"Resend has {asking.domain} as “{state}”: publish the DNS records that it shows, then let it check."
    return Told(False, sentence, stops=True)


def _mailtrap(asking: Asking) -> Iterator[Told]:
    """Its sending interface answers nothing but mails, and a token may be good for that alone."""
    yield Told(None, f"Mailtrap does not tell a sending token how {asking.domain} is: {TRY}.")


def _ses(asking: Asking) -> Iterator[Told]:
    """The account in its region (`GetAccount`, /v2/email/account). -1 of a quota means that there is none."""
    answer = asking.get("v2/email/account")
    fields, region = answer.fields, asking.provider.domain
    if answer.status == 403 and answer.kind.startswith("AccessDenied"):
        yield Told(
            None, f"SES does not let this key ask how the account is: give it ses:GetAccount, or {TRY}."
        )
    elif refused := _refused(asking, answer, "it has no such address"):
        yield refused
    elif not isinstance(fields.get("SendingEnabled"), bool):
        yield _nonsense(asking)
    elif fields["SendingEnabled"] is False or fields.get("EnforcementStatus") == "SHUTDOWN":
        sentence = f"SES has paused sending in {region}: see why in its console, and have it resumed."
        yield Told(False, sentence, stops=True)
    elif fields.get("ProductionAccessEnabled") is not True:
        sentence = f"SES keeps the account in its sandbox in {region}, which mails verified addresses alone: ask there for production access."
        yield Told(False, sentence, stops=True)
    else:
        yield Told(True, f"SES takes the key, and the account may send in {region}.")
        if fields.get("EnforcementStatus") == "PROBATION":
            yield Told(False, "SES has the account under review: see in its console what it asks for.")
        yield from _ses_quota(asking, inside(fields, "SendQuota"))


def _ses_quota(asking: Asking, quota: dict[str, Any]) -> Iterator[Told]:
    most, sent = number(quota.get("Max24HourSend")), number(quota.get("SentLast24Hours"))
    if most is None or sent is None or most < 0:
        return
    if asking.readers > most:
        more = f"{asking.readers:,} readers get the next morning: ask there for a higher one."
        yield Told(False, f"SES sends {int(most):,} mails in 24 hours, and {more}")
        return
    left = max(most - sent, 0)
    yield _enough(asking, left, "What left a day before it counts no more by then.", ends=False)


def _enough(asking: Asking, left: float, more: str, *, ends: bool = True) -> Told:
    """Whether the mails that are left do for the next morning; `ends` when nothing comes back of itself."""
    which = f"Mails left at {asking.called}: {int(left):,}; readers of the next morning: {asking.readers:,}."
    if left >= asking.readers:
        return Told(True, which)
    return Told(False if ends else None, f"{which} {more}", stops=ends and left < 1)


def _refused(asking: Asking, answer: Answer, not_there: str) -> Told | None:
    """What an answer means that is none to the question; None of 200."""
    called, status = asking.called, answer.status
    if status == 200:
        return None
    if status == 401 or (status == 403 and asking.provider.name == SES):
        why = word(answer.kind)
        clock = "; when its time is right, check this machine’s clock" if "xpired" in why else ""
        sentence = f"{called} refuses the key{f' ({why})' if why else ''}: copy it anew into DAYBREAK_MAIL_URL{clock}."
        return Told(False, sentence, stops=True)
    if status in (402, 403):
        sentence = f"{called} will have none of us (status {status}): look at the account and the rights of the key there."
        return Told(False, sentence, stops=True)
    if status == 404:
        return Told(
            False,
            f"{called} says that {not_there}: look at DAYBREAK_MAIL_URL and DAYBREAK_MAIL_FROM.",
            stops=True,
        )
    if status == 429:
        return Told(None, f"{called} asks to be asked less: look again later.")
    if status >= 500:
        return Told(False, f"{called} is unwell (status {status}): look at its status page.", stops=True)
    return _nonsense(asking, status)


def _nonsense(asking: Asking, status: int = 200) -> Told:
    sentence = f"{asking.called} gives an answer that is not its own (status {status}): look at ?api= in DAYBREAK_MAIL_URL."
    return Told(False, sentence, stops=True)


def _fit(sentence: str, provider: Provider) -> str:
    """A sentence without the key, if an answer brought it back, or what a terminal would obey."""
    for secret in filter(None, (provider.key, provider.secret, provider.hook_key)):
        sentence = sentence.replace(secret, "…") if len(secret) > 3 else sentence
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in sentence)[:400]


_CHECKS: dict[str, Callable[[Asking], Iterator[Told]]] = {
    "mailgun": _mailgun,
    "postmark": _postmark,
    "sendgrid": _sendgrid,
    "brevo": _brevo,
    "sparkpost": _sparkpost,
    "resend": _resend,
    "mailtrap": _mailtrap,
    SES: _ses,
}
