"""A mail provider with an interface of its own, as DAYBREAK_MAIL_URL names it: `mailgun://KEY@domain` and the like.

Amazon SES is named by its region, with a key and its secret: `ses://KEY-ID:SECRET@eu-west-1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote

SES = "ses"
# scheme → how anymail calls the provider's key
KEYS = {
    "mailgun": "api_key",
    "postmark": "server_token",
    "sendgrid": "api_key",
    "brevo": "api_key",
    "sparkpost": "api_key",
    "resend": "api_key",
    "mailtrap": "api_token",
}
# Where the interface of each lies, unless another address is named.
HOMES = {
    "mailgun": "https://api.mailgun.net/v3",
    "postmark": "https://api.postmarkapp.com",
    "sendgrid": "https://api.sendgrid.com/v3",
    "brevo": "https://api.brevo.com/v3",
    "sparkpost": "https://api.sparkpost.com/api/v1",
    "resend": "https://api.resend.com",
    "mailtrap": "https://send.api.mailtrap.io/api",
}
_CALLED = {SES: "SES", "sendgrid": "SendGrid", "sparkpost": "SparkPost"}
_SIGNING = ("mailgun", "sendgrid", "resend", "mailtrap", SES)  # who sign what they tell
_REGION = re.compile(r"[a-z]{2}(-[a-z]{2,4})?-[a-z]{2,12}-\d")
_TOPIC = re.compile(r"arn:aws[a-z-]{0,10}:sns:[a-z0-9-]{4,24}:\d{12}:[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider. `domain` is the sending domain where one is named (of SES the region), `api_url` another address of
    its interface, `hook_key` what its tellings are signed with ("" where it signs none; of SES the topic that they come
    by), `secret` the other half of the key of SES; `timeout` in seconds, `connections` the most requests that one process
    keeps open."""

    name: str
    key: str
    domain: str = ""
    api_url: str = ""
    hook_key: str = ""
    timeout: float = 30.0
    connections: int = 32
    secret: str = ""

    @property
    def called(self) -> str:
        """The name as people write it."""
        return _CALLED.get(self.name, self.name.capitalize())

    @property
    def home(self) -> str:
        """The address that its interface lies under, without a slash at its end."""
        if self.api_url or self.name != SES:
            return (self.api_url or HOMES[self.name]).rstrip("/")
        return f"https://email.{self.domain}.amazonaws.com{'.cn' if self.domain.startswith('cn-') else ''}"


def is_provider(url: str) -> bool:
    """Whether a DAYBREAK_MAIL_URL names a provider."""
    return url.strip().partition("://")[0].lower() in {*KEYS, SES}


def provider_in(parts: SplitResult) -> Provider | None:
    """The provider in a split address; None when its key is missing or it holds what is not known.

    `?hook=` is the key that its tellings are signed with, `?api=` another https:// address of its interface (plain
    http:// only on this machine), `?connections=` from 1 to 99. A provider that signs nothing takes no `?hook=`.
    """
    plus_kept = parts.query.replace("+", "%2B")  # a key in base64 has them; a form would mean spaces
    given = {name: values[-1] for name, values in parse_qs(plus_kept).items()}
    api_url = given.pop("api", "")
    hook_key = given.pop("hook", "")
    connections = given.pop("connections", "32")
    local = api_url.startswith(("http://127.0.0.1:", "http://localhost:"))
    if (
        given
        or not parts.username
        or parts.path.strip("/")
        or not re.fullmatch(r"[1-9]\d?", connections)
        or not (not api_url or local or api_url.startswith("https://"))
    ):
        return None
    domain, key, secret = parts.hostname or "", unquote(parts.username), unquote(parts.password or "")
    if not re.fullmatch(r"[!-~]+", key):
        return None  # no header can hold it, and the refusal would tell it
    if hook_key and parts.scheme not in _SIGNING:
        return None  # else somebody would think that it is checked
    if parts.scheme != SES:
        secret = ""
    elif not (secret and _REGION.fullmatch(domain) and (not hook_key or _TOPIC.fullmatch(hook_key))):
        return None
    return Provider(parts.scheme, key, domain, api_url, hook_key, connections=int(connections), secret=secret)
