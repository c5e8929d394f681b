from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from daybreak.common.keys import keyed_hash, new_token, same, secret_key


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = secret_key(tmp_path)
    assert len(first) == 64
    assert secret_key(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "keys" / "secret").stat().st_mode) == 0o600


def test_many_that_start_together_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: secret_key(tmp_path), range(64)))
    assert len(secrets) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["secret"]


def test_a_hash_depends_on_key_purpose_and_text() -> None:
    hashes = {keyed_hash(k, p, t) for k in "ab" for p in "cd" for t in "ef"}
    assert len(hashes) == 8


def test_tokens_differ_and_sameness_is_sameness() -> None:
    assert new_token() != new_token()
    assert same("café", "café")
    assert not same("café", "cafe")
