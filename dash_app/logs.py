"""Formats of log lines: plain, logfmt or JSON, each with the id of its request."""

from __future__ import annotations

import json
import logging
import re
import time
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that this thread serves; empty in the server's own threads."""

_SESSION_ID = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")
_PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(level: str, form: str) -> None:
    """Log to stderr, unless the embedding program has configured logging already."""
    handler = _Handler()
    handler.setFormatter(FORMATTERS[form](_PLAIN))
    logging.basicConfig(level=level, handlers=[handler])


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # no subscript in Python 3.9
    def format(self, record: logging.LogRecord) -> str:
        """Return the text with 8 characters of each session's id: waitress logs whole ones."""
        return _SESSION_ID.sub(r"\1", super().format(record))


class _Plain(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        asked = request_id.get()
        return super().formatMessage(record) + (f" (request {asked})" if asked else "")


class _Fields(logging.Formatter):
    def fields(self, record: logging.LogRecord) -> dict[str, str]:
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        found = {
            "time": f"{second}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "request": request_id.get(),
            "message": record.getMessage(),
            "exception": self.formatException(record.exc_info) if record.exc_info else "",
        }
        return {name: value for name, value in found.items() if value}


class _Json(_Fields):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.fields(record))


class _Logfmt(_Fields):
    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{name}={_quoted(value)}" for name, value in self.fields(record).items())


def _quoted(value: str) -> str:
    is_word = value.isascii() and value.isprintable() and not set(value) & set(' "=\\')
    return value if is_word else json.dumps(value)


FORMATTERS = {"plain": _Plain, "logfmt": _Logfmt, "json": _Json}
