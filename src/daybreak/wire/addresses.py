"""Addresses: one canonical form for each page, so that one article at two spellings of its address is one article."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from daybreak.common.refusal import Refused

LONGEST = 2000  # characters; longer ones are never articles
_TRACKING = re.compile(
    r"(utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_ga|_gl|cmpid|cmp|ocid|ns_\w+|at_\w+|xtor|spm|"
    r"ref_?src|smid|smtyp|partner|guccounter|guce_\w+|traffic_source|wt\.mc_id|__twitter_impression|amp(_\w+)?|"
    r"outputtype|ftag|mod|taid|s_cid|ito|ncid|cid_source|src_medium)",
    re.IGNORECASE,
)
_DEFAULT_PORT = {"http": 80, "https": 443}
_AMP_TAIL = re.compile(r"(?:/amp(?:\.html)?|\.amp)/?$", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")  # RFC 3986, section 2.3
_NAME = re.compile(r"(?:urn:[A-Za-z0-9-]{2,32}|tag):[!-~]{3,1900}", re.IGNORECASE)
_KEPT = "!$&'()*+,;=:@/%"
_DOORS = ("www.", "amp.", "m.")  # other doors to the same house
# Two-letter top-level domains that are sold for their sound and say nothing of a country.
_GENERIC = frozenset("io co tv me ai fm ly gg to cc ws sh la am im st so eu su".split())


class AddressError(Refused):
    """The text is no address of a page on the web."""


def canonical(url: str) -> str:
    """The canonical form of a web address: what two spellings of one page share.

    Lower-case scheme and host (IDNA), no default port, fragment, tracking parameters or AMP suffix; parameters
    in order; percent-encoding normalised (RFC 3986, section 6.2.2).
    Applying it twice changes nothing. Raises AddressError when the text is no http or https address.
    """
    parts = _split(url)
    host = _host(parts)
    port = f":{parts.port}" if parts.port not in (None, _DEFAULT_PORT[parts.scheme]) else ""
    path = _path(parts.path)
    query = urlencode(
        sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if _tells(pair[0]))
    )
    address = urlunsplit((parts.scheme, host + port, path, query, ""))
    if len(address) > LONGEST:
        raise AddressError(
            f"“{url[:60]}…” is longer than {LONGEST} characters, so it is no article's address."
        )
    return address


def url_key(url: str) -> str:
    """SHA-256, in hexadecimal, of the canonical address without scheme, `www.` and closing slash.

    Agency copy has a name instead of a page (`urn:`, RFC 8141; `tag:`, RFC 4151): that, as it is. Raises AddressError.
    """
    if _NAME.fullmatch(url):
        return hashlib.sha256(url.encode()).hexdigest()
    _, _, rest = canonical(url).partition("://")
    return hashlib.sha256(_without_door(rest).rstrip("/").encode()).hexdigest()


def host_of(url: str) -> str:
    """The host of an address without `www.` and its like, "" when it has none."""
    try:
        return _without_door(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def _without_door(host: str) -> str:
    for door in _DOORS:
        host = host.removeprefix(door)
    return host


def country_of(url: str) -> str:
    """The ISO 3166-1 alpha-2 code that the host's top-level domain names, "" when it names none."""
    ending = host_of(url).rpartition(".")[2]
    if len(ending) != 2 or not ending.isalpha() or ending in _GENERIC:
        return ""
    return "GB" if ending == "uk" else ending.upper()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit("".join(url.split()))
        parts.port  # noqa: B018 (reading it is what checks it)
    except ValueError as error:
        raise AddressError(f"“{url[:100]}” is no web address: write https://host/path.") from error
    if parts.scheme not in _DEFAULT_PORT or not parts.hostname or not url.strip().isprintable():
        raise AddressError(f"“{url[:100]}” is no web address: write https://host/path.")
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".").lower()
    if ":" in host:
        return f"[{host}]"
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise AddressError(f"“{host[:100]}” is no host name: check its spelling.") from error


def _path(path: str) -> str:
    path = quote(_ESCAPE.sub(_unescaped, _STRAY_PERCENT.sub("%25", path)), safe=_KEPT, errors="replace")
    path = path.replace(".amp.html", ".html")
    while (shorter := _AMP_TAIL.sub("", path)) != path:
        path = shorter
    return path or "/"


def _unescaped(escape: re.Match[str]) -> str:
    sign = chr(int(escape[1], 16))
    return sign if _UNRESERVED.fullmatch(sign) else escape[0].upper()


def _tells(name: str) -> bool:
    return not _TRACKING.fullmatch(name)
