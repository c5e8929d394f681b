"""The newsroom's own secret, made on first start and kept in the data folder, and what is derived from it."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path


def secret_key(data: Path) -> str:
    """The signing secret (64 hexadecimal digits) kept at `data/keys/secret`, made with mode 0600 when missing.

    Raises OSError when the data folder cannot be written.
    """
    path = data / "keys" / "secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Linked into place only once whole, so that two processes starting together agree on one secret
        # and neither can read it half written.
        draft = path.with_name(f"secret.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32), encoding="ascii")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def new_token() -> str:
    """An unguessable address part: 192 bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def keyed_hash(key: str, purpose: str, text: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of `text` for one `purpose`, in hexadecimal: what is stored of a code or a token."""
    return hmac.digest(f"{key}:{purpose}".encode(), text.encode(), "sha256").hex()


def same(left: str, right: str) -> bool:
    """Whether two secrets are the same, in time that does not depend on where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
