"""The data are readable by their owner only; a directory with other files keeps its mode."""

from __future__ import annotations

import dataclasses
import logging
import os
from pathlib import Path

import pytest

from dash_app.app import create_app
from dash_app.config import Config
from dash_app.store import Store


def test_new_and_existing_data_are_readable_by_their_owner_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = dataclasses.replace(Config(), data_dir=tmp_path / "data", port=0, log_level="WARNING")
    before = os.umask(0o022)
    try:
        server = create_app(config).server
        server.test_client().post("/api/v1/sessions", json={})
        modes = {each.name: each.stat().st_mode & 0o777 for each in config.data_dir.iterdir()}
        assert config.data_dir.stat().st_mode & 0o777 == 0o700
        names = {"sessions.sqlite3", "sessions.sqlite3-wal", "sessions.sqlite3-shm", "signing.key"}
        assert modes == dict.fromkeys(names, 0o600)
        config.data_dir.chmod(0o755)
        for each in config.data_dir.iterdir():
            each.chmod(0o644)
        with caplog.at_level(logging.WARNING, logger="dash_app.private_files"):
            again = create_app(config).server
        assert config.data_dir.stat().st_mode & 0o777 == 0o700
        assert {each.stat().st_mode & 0o777 for each in config.data_dir.iterdir()} == {0o600}
        assert len(caplog.records) == 5
    finally:
        os.umask(before)
    for each in (server, again):
        each.extensions["sessions"].close()


def test_directory_with_other_files_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "of somebody").write_text("")
    tmp_path.chmod(0o755)
    Store(f"sqlite:///{tmp_path}/sessions.sqlite3").close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "sessions.sqlite3").stat().st_mode & 0o777 == 0o600
