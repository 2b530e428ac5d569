"""The signing key of the cookies: created once, readable by its owner only."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from dash_app.errors import StoreError
from dash_app.web.signing import cookie_name, signing_key


def test_key_is_created_once_and_private(tmp_path: Path) -> None:
    key = signing_key(tmp_path / "new" / "data")
    assert len(key) == 32
    assert signing_key(tmp_path / "new" / "data") == key
    path = tmp_path / "new" / "data" / "signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["signing.key"]


def test_key_readable_by_others_is_made_private(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    (tmp_path / "signing.key").chmod(0o644)
    assert signing_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600


def test_concurrent_starts_create_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: keys.append(signing_key(tmp_path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_unusable_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="file"):
        signing_key(tmp_path / "file")
    (tmp_path / "signing.key").write_bytes(b"short")
    with pytest.raises(StoreError, match="32 bytes"):
        signing_key(tmp_path)


def test_cookie_name_depends_on_the_data_directory(tmp_path: Path) -> None:
    assert cookie_name(tmp_path / "a") != cookie_name(tmp_path / "b")
    assert cookie_name(tmp_path / "a") == cookie_name(tmp_path / "b" / ".." / "a")
