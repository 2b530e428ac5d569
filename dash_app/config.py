"""All settings: name, default, unit, help. Only this module reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Optional

import platformdirs

from dash_app.errors import SettingError

# ruff: noqa: RUF009 - _setting returns a field

STREAMLESS_THREADS = 8
"""Minimum number of threads reserved for ordinary requests.

With many threads a third is reserved, because requests that wait for a training need threads too.
"""

MAX_BODY_MB = 4096.0
"""Largest allowed limit; waitress buffers a body in a temporary file."""

SESSIONS_PER_MINUTE, POINTS_PER_MINUTE = 60, 100_000
"""Default rate limits for one address, if the server listens beyond loopback."""


_HOST_NAME = re.compile(r"\*|(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d*)?", re.IGNORECASE)
"""What may be in a Host header, and `*`. A browser sends another alphabet as ASCII, xn--..."""

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _setting(name: str, default: Any, unit: str, text: str, **bounds: float) -> Any:
    metadata = {"name": name, "unit": unit, "help": text, "bounds": bounds}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("gaussian-mixture-trainer", appauthor=False))


@dataclass(frozen=True)
class Config:
    """The settings of one process.

    Examples
    --------
    >>> Config.from_environment({"GMM_PORT": "9000"}).port
    9000
    >>> Config.from_environment({"GMM_PORT": "many"})
    Traceback (most recent call last):
    ...
    dash_app.errors.SettingError: expected a whole number for GMM_PORT, got 'many'
    """

    host: str = _setting("GMM_HOST", "127.0.0.1", "address", "where the server listens")
    port: int = _setting("GMM_PORT", 8050, "port", "the server's port", low=0, high=65535)
    allowed_hosts: str = _setting(
        "GMM_ALLOWED_HOSTS",
        "",
        "names",
        "accepted host names, separated by commas, * for any; default: the "
        "loopback names, and all IP addresses if the server listens beyond loopback",
    )
    data_dir: Path = _setting(
        "GMM_DATA_DIR",
        _default_data_dir,
        "directory",
        "sessions and the signing key of the cookies; default: the user's data directory",
    )
    database_url: Optional[str] = _setting(
        "GMM_DATABASE_URL",
        None,
        "SQLAlchemy URL",
        "another store, such as postgresql://user@host/name; default: SQLite in the data directory",
    )
    session_ttl_days: float = _setting(
        "GMM_SESSION_TTL_DAYS",
        30.0,
        "days",
        "an unused session is deleted after this time",
        low=0.0,
        high=36_500.0,
    )
    legacy_frontend: Optional[Path] = _setting(
        "GMM_LEGACY_FRONTEND",
        None,
        "directory",
        "a directory with index.html and static/, served at /legacy/ instead of our page",
    )
    threads: int = _setting(
        "GMM_THREADS",
        384,
        "threads",
        "requests served at once by a process; event streams take at most two thirds of them",
        low=STREAMLESS_THREADS + 1,
        high=1024,
    )
    max_connections: int = _setting(
        "GMM_MAX_CONNECTIONS",
        2000,
        "connections",
        "maximum at once; a new one replaces an idle one, and gets a 503 if none is idle",
        low=8,
        high=50_000,
    )
    cache_sessions: int = _setting(
        "GMM_CACHE_SESSIONS",
        256,
        "sessions",
        "sessions that a process keeps in memory; others are loaded from the store",
        low=1,
    )
    max_body_mb: float = _setting(
        "GMM_MAX_BODY_MB",
        16.0,
        "MiB",
        "larger requests are answered 413",
        low=0.001,
        high=MAX_BODY_MB,
    )
    max_runs: int = _setting(
        "GMM_MAX_RUNS",
        100,
        "runs",
        "running and queued trainings from scratch of a process; one more is answered 503",
        low=1,
        high=1000,
    )
    max_run_s: float = _setting(
        "GMM_MAX_RUN_S",
        600.0,
        "seconds",
        "a training from scratch that works longer fails",
        low=0.0,
    )
    max_run_work: float = _setting(
        "GMM_MAX_RUN_WORK",
        1e11,
        "points x components x epochs",
        "a training from scratch with more work is refused; em counts 100 epochs at most",
        low=1.0,
    )
    max_increment_s: float = _setting(
        "GMM_MAX_INCREMENT_S",
        60.0,
        "seconds",
        "an increment whose training takes longer is refused and changes nothing",
        low=0.0,
    )
    max_wait_s: float = _setting(
        "GMM_MAX_WAIT_S",
        120.0,
        "seconds",
        "a request that waits longer, for its turn or a training, is answered 503",
        low=0.0,
    )
    sessions_per_minute: Optional[int] = _setting(
        "GMM_SESSIONS_PER_MINUTE",
        None,
        "sessions",
        "that one address may create; 0: no limit; default: 60, on a loopback address no limit",
        low=0,
    )
    points_per_minute: Optional[int] = _setting(
        "GMM_POINTS_PER_MINUTE",
        None,
        "points",
        "that one address may add; 0: no limit; default: 100000, on a loopback address no limit",
        low=0,
    )
    proxies: int = _setting(
        "GMM_PROXIES",
        0,
        "proxies",
        "number of reverse proxies whose X-Forwarded-For, -Proto and -Host are trusted",
        low=0,
        high=10,
    )
    metrics: bool = _setting(
        "GMM_METRICS", False, "true or false", "whether /metrics has this process's figures"
    )
    log_level: str = _setting(
        "GMM_LOG_LEVEL", "INFO", "level", "DEBUG, INFO, WARNING or ERROR of Python's logging"
    )
    log_format: str = _setting("GMM_LOG_FORMAT", "plain", "form", "plain, logfmt or json")

    @classmethod
    def from_environment(
        cls, environ: Optional[Mapping[str, str]] = None, **overrides: Any
    ) -> Config:
        """Return the settings of `environ`; an override that is not None has priority.

        Raises
        ------
        SettingError : a value cannot be read or is out of its range; names the variable
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for each in fields(cls):
            value = overrides.pop(each.name, None)
            if value is None:
                value = environ.get(each.metadata["name"]) or None
            if value is not None:
                values[each.name] = _read(each.metadata, str(each.type), value)
        if overrides:
            raise TypeError(f"no such settings: {sorted(overrides)}")
        return cls(**values)

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'sessions.sqlite3'}"

    @property
    def max_waiting(self) -> int:
        """Maximum number of waiting requests; half of the threads not reserved for streams."""
        return (self.threads - self.max_streams) // 2

    @property
    def session_rate(self) -> Optional[int]:
        """Sessions that an address may create in a minute; None: no limit."""
        return self._rate(self.sessions_per_minute, SESSIONS_PER_MINUTE)

    @property
    def point_rate(self) -> Optional[int]:
        """Points that an address may add in a minute; None: no limit."""
        return self._rate(self.points_per_minute, POINTS_PER_MINUTE)

    def _rate(self, chosen: Optional[int], default: int) -> Optional[int]:
        if chosen is not None:
            return chosen or None
        is_local = self.host in ("localhost", "::1") or self.host.startswith("127.")
        return None if is_local and self.proxies == 0 else default

    @property
    def max_streams(self) -> int:
        """Maximum number of event streams of a process."""
        return self.threads - max(STREAMLESS_THREADS, self.threads // 3)

    @property
    def max_body_bytes(self) -> int:
        """Maximum size of a request, in bytes."""
        return int(self.max_body_mb * 1024 * 1024)


def _read(metadata: Mapping[str, Any], kind: str, value: Any) -> Any:
    name, bounds = metadata["name"], metadata["bounds"]
    if "Path" in kind:
        try:
            return Path(value).expanduser()
        except RuntimeError:
            expected = f"expected the directory of a known user for {name}"
            raise SettingError(f"{expected}, got {str(value)!r}", name) from None
    if kind == "bool":
        if str(value).lower() not in _BOOLEANS:
            raise SettingError(f"expected true or false for {name}, got {value!r}", name)
        return _BOOLEANS[str(value).lower()]
    if "int" in kind or "float" in kind:
        whole = "int" in kind
        try:
            number = int(value) if whole else float(value)
        except ValueError:
            expected = "a whole number" if whole else "a number"
            raise SettingError(f"expected {expected} for {name}, got {value!r}", name) from None
        low, high = bounds.get("low", -float("inf")), bounds.get("high", float("inf"))
        if not low <= number <= high:
            raise SettingError(f"expected {low:g} <= {name} <= {high:g}, got {value}", name)
        return number
    if name == "GMM_LOG_LEVEL":
        level = str(value).upper()
        if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            expected = f"expected DEBUG, INFO, WARNING or ERROR for {name}"
            raise SettingError(f"{expected}, got {value!r}", name)
        return level
    if name == "GMM_ALLOWED_HOSTS":
        for each in filter(None, map(str.strip, str(value).split(","))):
            if not _HOST_NAME.fullmatch(each):
                expected = f"expected host names for {name}, such as a.example or [::1], or *"
                raise SettingError(f"{expected}, got {each!r}", name)
    if name == "GMM_LOG_FORMAT" and value not in ("plain", "logfmt", "json"):
        raise SettingError(f"expected plain, logfmt or json for {name}, got {value!r}", name)
    return str(value)
