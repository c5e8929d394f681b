"""DKIM signatures (RFC 6376, relaxed/relaxed): RSA of 2048 bits, and Ed25519 (RFC 8463) besides it.

The private keys lie in the data folder and are made by `daybreak mail keys`; without them mail goes unsigned.
What is hashed is what is sent: line ends are settled before, dots are stuffed after.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from daybreak.common.config import Config
from daybreak.common.refusal import Refused

# Signed where they stand; `from` once more than it stands, so that no second one can be set before it (8.15).
SIGNED = (
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "feedback-id",
    "auto-submitted",
)
RSA_BITS = 2048
_NAMES = tuple(name.encode() for name in SIGNED)
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_SPACES = re.compile(rb"[ \t]+")
_SPACE_AT_END = re.compile(rb"[ \t]+(?=\r\n|\Z)")


@dataclass(frozen=True, slots=True)
class Key:
    """A private key with the name under which its public half stands in the DNS."""

    selector: str
    algorithm: str
    sign: Callable[[bytes], bytes]
    public: str  # base64, as the record's p= has it


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs mail for one domain with every key there is."""

    domain: str
    keys: tuple[Key, ...]

    def sign(self, message: bytes) -> bytes:
        """`message` (RFC 5322) with CRLF line ends and a signature of each key on top; as it came without a key."""
        if not self.keys:
            return message
        message = with_crlf(message)
        message = message if message.endswith(b"\r\n") else message + b"\r\n"
        head, _, body = message.partition(b"\r\n\r\n")
        return self.signatures(_FIELD_END.split(head), [canonical_body(body)]) + message

    def signatures(self, fields: Sequence[bytes], body: Sequence[bytes], shared: int = 0) -> bytes:
        """The header fields that sign a mail, to be set before its own `fields`; empty without a key.

        Each field stands without its line end, folded or not. `body` is in the relaxed form already, in any number of
        pieces: looking for itself takes longer than hashing. Its first `shared` pieces are those of many mails, so
        their hash is kept.
        """
        if not self.keys:
            return b""
        tag, signed = _fields_to_sign(fields)
        digest = _begun(tuple(body[:shared])).copy()
        for piece in body[shared:]:
            digest.update(piece)
        body_hash = base64.b64encode(digest.digest())
        return b"".join([self._signature(key, tag, signed, body_hash) for key in self.keys])

    def _signature(self, key: Key, tag: str, signed: bytes, body_hash: bytes) -> bytes:
        start, canonical_start = _start(key.algorithm, self.domain, key.selector, tag)
        signature = base64.b64encode(key.sign(signed + canonical_start + body_hash + b"; b="))
        folded = b"\r\n  ".join([signature[at : at + 72] for at in range(0, len(signature), 72)])
        return start + body_hash + b";\r\n b=" + folded + b"\r\n"


def signer(config: Config, sender: str) -> Signer:
    """The signer for mails from `sender`, with the keys in the data folder. Raises Refused when one is unreadable."""
    return Signer(_domain(sender), _keys(config.data / "keys", config.dkim_selector))


def make_keys(config: Config) -> list[Path]:
    """Make the keys that are missing, readable by their owner alone; the files of those made now."""
    folder = config.data / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    makers: tuple[Callable[[], rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey], ...] = (
        lambda: rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS),
        ed25519.Ed25519PrivateKey.generate,
    )
    files = _files(folder, config.dkim_selector)
    return [_write(path, make()) for (path, _), make in zip(files, makers, strict=True) if not path.exists()]


def dns_records(config: Config) -> list[tuple[str, str, str]]:
    """Name, type and value of the records that publish the keys, for each domain that mail comes from."""
    domains = dict.fromkeys(_domain(sender) for sender in (config.mail_from, config.notices_from))
    return [
        (
            f"{key.selector}._domainkey.{domain}",
            "TXT",
            f"v=DKIM1; k={key.algorithm.partition('-')[0]}; p={key.public}",
        )
        for domain in domains
        for key in _keys(config.data / "keys", config.dkim_selector)
    ]


def with_crlf(message: bytes) -> bytes:
    """Lines ended by CRLF alone: a bare LF or CR would be read as a line end by one server and not by the next."""
    ends = message.count(b"\r\n")
    if message.count(b"\n") == ends == message.count(b"\r"):  # nearly always, and counting is quick
        return message
    return re.sub(rb"\r\n|\r|\n", b"\r\n", message)


def canonical_field(field: bytes) -> bytes:
    """A header field in the relaxed form (3.4.2), without a line end."""
    name, _, value = field.partition(b":")
    if b"\r\n" not in field and b"  " not in field and b"\t" not in field:
        return name.rstrip(b" ").lower() + b":" + value.strip(b" ")
    value = value.replace(b"\r\n", b"")
    return name.rstrip(b" \t").lower() + b":" + _SPACES.sub(b" ", value).strip(b" ")


def canonical_body(body: bytes) -> bytes:
    """A body with CRLF line ends in the relaxed form (3.4.4)."""
    if b"  " in body or b"\t" in body or b" \r\n" in body or body.endswith(b" "):
        body = _SPACES.sub(b" ", _SPACE_AT_END.sub(b"", body))
    body = body.rstrip(b"\r\n")  # a pattern for “empty lines at the end” would match twice
    return body + b"\r\n" if body else b""


@lru_cache(maxsize=16)
def _begun(pieces: tuple[bytes, ...]) -> hashlib._Hash:
    """The hash of a body that has `pieces` so far, to be copied."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest


def _fields_to_sign(fields: Sequence[bytes]) -> tuple[str, bytes]:
    """The h= tag and the canonical fields that it names."""
    named = [_named_once(raw) if len(raw) < 300 else _named(raw) for raw in fields]
    tag, places = _order(tuple([name for name, _ in named]))
    return tag, b"".join([named[place][1] for place in places])


def _named(raw: bytes) -> tuple[bytes, bytes]:
    """The name of a field and its relaxed form with a line end."""
    field = canonical_field(raw)
    return field.partition(b":")[0], field + b"\r\n"


_named_once = lru_cache(maxsize=512)(_named)  # most fields of an edition are the same in every mail


@lru_cache(maxsize=64)
def _order(names: tuple[bytes, ...]) -> tuple[str, tuple[int, ...]]:
    """The h= tag for fields of these names, and which are signed in which order: of those with one name the lower
    first (5.4.2)."""
    places = [place for name in _NAMES for place in range(len(names) - 1, -1, -1) if names[place] == name]
    tag = ":".join(["from", *(names[place].decode() for place in places)])
    for name in (":list-id:", ":mime-version:"):  # lines of at most 78 signs (RFC 5322, 2.1.1)
        tag = tag.replace(name, f":\r\n  {name[1:]}", 1)
    return tag, tuple(places)


@lru_cache(maxsize=64)
def _start(algorithm: str, domain: str, selector: str, tag: str) -> tuple[bytes, bytes]:
    """A signature's field up to the hash of the body: as it is sent, and in the relaxed form."""
    start = (
        f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n"
        f" s={selector};\r\n h={tag};\r\n bh="
    ).encode()
    return start, canonical_field(start)


def _keys(folder: Path, selector: str) -> tuple[Key, ...]:
    keys = []
    for path, name in _files(folder, selector):
        if path.exists():
            try:
                private = serialization.load_pem_private_key(path.read_bytes(), password=None)
                keys.append(_key(name, private))
            except (OSError, ValueError, TypeError) as error:
                raise Refused(
                    f"The signing key {path} cannot be read: move it away and make a new one with "
                    "`daybreak mail keys`."
                ) from error
    return tuple(keys)


def _key(selector: str, private: object) -> Key:
    if isinstance(private, rsa.RSAPrivateKey):
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        pad, digest = padding.PKCS1v15(), hashes.SHA256()
        return Key(
            selector,
            "rsa-sha256",
            lambda data: private.sign(data, pad, digest),
            base64.b64encode(public).decode(),
        )
    if isinstance(private, ed25519.Ed25519PrivateKey):
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        # RFC 8463, 3: what Ed25519 signs is the SHA-256 of the fields.
        return Key(
            selector,
            "ed25519-sha256",
            lambda data: private.sign(hashlib.sha256(data).digest()),
            base64.b64encode(raw).decode(),
        )
    raise TypeError("neither RSA nor Ed25519")


def _files(folder: Path, selector: str) -> list[tuple[Path, str]]:
    return [(folder / f"dkim-{name}.pem", name) for name in (selector, f"{selector}-ed25519")]


def _write(path: Path, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> Path:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_bytes(pem)
    return draft.replace(path)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower().encode("idna").decode()
