"""Settings: defaults, the environment, refusals, and that each is documented."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from dash_app.config import Config
from dash_app.errors import SettingError

ROOT = Path(__file__).resolve().parent.parent


def test_defaults_serve_loopback_only() -> None:
    config = Config.from_environment({})
    assert (config.host, config.port, config.threads) == ("127.0.0.1", 8050, 384)
    assert config.session_ttl_days == 30
    assert config.store_url == f"sqlite:///{config.data_dir}/sessions.sqlite3"


def test_argument_has_priority_over_the_environment(tmp_path: Path) -> None:
    environ = {
        "GMM_PORT": "9000",
        "GMM_DATA_DIR": str(tmp_path),
        "GMM_DATABASE_URL": "postgresql://host/name",
        "GMM_SESSION_TTL_DAYS": "0.5",
        "GMM_LOG_LEVEL": "debug",
        "GMM_HOST": "",
    }
    config = Config.from_environment(environ, port="9001", threads=None)
    assert config.port == 9001
    assert config.data_dir == tmp_path
    assert config.store_url == "postgresql://host/name"
    assert config.session_ttl_days == 0.5
    assert config.log_level == "DEBUG"
    assert config.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GMM_PORT", "many"),
        ("GMM_PORT", "70000"),
        ("GMM_PORT", "80.5"),
        ("GMM_THREADS", "8"),
        ("GMM_SESSION_TTL_DAYS", "-1"),
        ("GMM_SESSION_TTL_DAYS", "nan"),
        ("GMM_SESSION_TTL_DAYS", "inf"),
        ("GMM_MAX_BODY_MB", "0"),
        ("GMM_MAX_BODY_MB", "-16"),
        ("GMM_MAX_BODY_MB", "inf"),
        ("GMM_MAX_BODY_MB", "nan"),
        ("GMM_MAX_CONNECTIONS", "1"),
        ("GMM_METRICS", "9090"),
        ("GMM_LOG_FORMAT", "xml"),
        ("GMM_LOG_LEVEL", "LOUD"),
        ("GMM_ALLOWED_HOSTS", "http://mixtures.example"),
        ("GMM_ALLOWED_HOSTS", "*.mixtures.example"),
        ("GMM_ALLOWED_HOSTS", "::1"),
        ("GMM_DATA_DIR", "~nobody-has-this-name/data"),
    ],
)
def test_unusable_setting_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name) as caught:
        Config.from_environment({name: value})
    assert caught.value.field == name
    assert value in str(caught.value)


def test_host_names_may_have_ports_and_brackets() -> None:
    names = "a.example, B-2.example:8050,[::1]:80, 192.0.2.1, *,"
    assert Config.from_environment({"GMM_ALLOWED_HOSTS": names}).allowed_hosts == names


def test_unknown_override_raises_type_error() -> None:
    with pytest.raises(TypeError, match="prot"):
        Config.from_environment({}, prot=1)


@pytest.mark.parametrize("setting", fields(Config), ids=lambda each: each.name)
def test_every_setting_is_documented(setting) -> None:
    assert setting.metadata["help"]
    assert setting.metadata["unit"]
    documents = [ROOT / "README.txt", ROOT / "docs" / "operations.md"]
    assert any(setting.metadata["name"] in each.read_text("utf-8") for each in documents)


def test_readme_lines_have_at_most_100_characters() -> None:
    lines = (ROOT / "README.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 100] == []
