"""Limits on the number and duration of connections of a waitress server.

At the limit, a new connection replaces an idle one. Every error answer is JSON, as those of
`dash_app.web.error_handlers`. It is sent before the body is read.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from typing import Any, Optional

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from dash_app.errors import SettingError
from dash_app.web import request_ids
from dash_app.web.headers import OF_REFUSALS

_log = logging.getLogger(__name__)

RETRY_AFTER_S = 2
IDLE_S = 60
"""A connection without a request is closed after this time; browsers then open a new one."""

HEADER_S = 20.0
"""Longest time for the headers of a request; ends slow-header attacks."""

BODY_S = 300.0
"""Longest time for a whole request: 16 MB at half a megabit a second."""

LINGER_S = 2.0
"""Time for which the rest of a request is read and discarded after an error answer.

Closing at once would reset the connection, and the client might lose the answer.
"""

_CLEANUP_EVERY_S = 1
_RECEIVE_BYTES = 2**16
_MAX_HEADER_BYTES = 2**16
_BACKSTOP = 100
"""Connections above the limit that may exist while they are being closed."""

_CODES = {400: "malformed", 413: "too_large", 431: "headers_too_large", 500: "internal"}


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    path = ""  # waitress logs it, also of a request that it could not parse so far

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if self.error is not None:
            self.expect_continue = False  # otherwise waitress would ask the client for the body
        return consumed


class _ErrorAnswer(ErrorTask):  # type: ignore[misc]
    """The error answer to a request that waitress rejects, as JSON like the application's."""

    def execute(self) -> None:
        request, error = self.request, self.request.error
        message = error.body
        if error.code == 413:
            came = "more" if request.chunked else f"{request.content_length} bytes"
            message = f"expected at most {self.channel.adj.max_request_body_size - 1} bytes"
            message = f"{message}, got {came}"
        elif error.code == 431:
            message = f"expected at most {_MAX_HEADER_BYTES} bytes of headers, got more"
        body = _document(_CODES.get(error.code, "refused"), message)
        self.status = f"{error.code} {error.reason}"
        self.response_headers += _headers(request.headers.get("X_REQUEST_ID", "")).items()
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.refused = True
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. Only `service` and `write_soon` run outside the main thread."""

    parser_class = _Parser
    error_task_class = _ErrorAnswer

    will_close: bool
    close_when_flushed: bool
    refused = False
    began_at = 0.0  # time of the first byte of the incomplete request
    _lingers_until: Optional[float] = None

    def readable(self) -> bool:
        if self._lingers_until is not None:
            return not self.will_close
        return bool(super().readable())

    def handle_read(self) -> None:
        if self._lingers_until is None:
            super().handle_read()
            return
        try:
            self.recv(_RECEIVE_BYTES)  # closes at its end
        except OSError:
            self.handle_close()

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.began_at = time.time()
        return bool(super().received(data))

    def handle_write(self) -> None:
        if self.will_close or not (self.refused and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close or self.total_outbufs_len:
            return
        self.close_when_flushed = False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.will_close = True
        self._lingers_until = time.time() + LINGER_S

    def refuse(self, code: str, message: str) -> None:
        """Answer 503 without waiting for a request, and close."""
        body = _document(code, message)
        head = (
            "HTTP/1.1 503 Service Unavailable\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in _headers().items())
            + f"Content-Length: {len(body)}\r\nRetry-After: {RETRY_AFTER_S}\r\n"
            "Connection: close\r\n\r\n"
        )
        self.refused = True
        self.write_soon(head.encode() + body)
        self.close_when_flushed = True

    @property
    def is_idle(self) -> bool:
        """Whether the connection has no request to answer and is not closing."""
        return not (self.requests or self.will_close or self.refused or self.total_outbufs_len)

    @property
    def expendable(self) -> tuple[bool, float]:
        """Sort key for closing idle connections: incomplete bodies last, the oldest first."""
        if self.request is None:
            return False, self.last_activity
        return bool(self.request.headers_finished), self.began_at

    def is_overdue(self, now: float) -> bool:
        """Whether the time limit of an incomplete request or of lingering has passed."""
        if self._lingers_until is not None:
            return now > self._lingers_until
        if self.request is None:
            return False
        limit_s = BODY_S if self.request.headers_finished else HEADER_S
        return now - self.began_at > limit_s


class ConnectionServer(TcpWSGIServer):  # type: ignore[misc]
    """A waitress server on a bound socket, with at most `max_connections` connections.

    Parameters
    ----------
    application : WSGI application
    listener : bound socket
    threads : int, requests served at once, including event streams
    max_connections : int
    max_body_bytes : int, limit for one request

    Raises
    ------
    SettingError : the process may not start so many threads
    """

    channel_class = Channel

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        *,
        threads: int,
        max_connections: int,
        max_body_bytes: int,
    ) -> None:
        self._max_connections = max_connections
        dispatcher = ThreadedTaskDispatcher()
        try:
            dispatcher.set_thread_count(threads)
        except RuntimeError as error:
            raise SettingError(
                f"expected a process that may start {threads} threads (GMM_THREADS): {error}; "
                "raise its limit of processes or memory, or take fewer"
            ) from error
        settings = Adjustments(
            threads=threads,
            ident=None,
            connection_limit=max_connections + _BACKSTOP,
            asyncore_use_poll=True,  # select() is limited to 1024 file descriptors
            channel_timeout=IDLE_S,
            cleanup_interval=_CLEANUP_EVERY_S,
            channel_request_lookahead=1,  # lets a stream detect that its client disconnected
            recv_bytes=_RECEIVE_BYTES,
            max_request_header_size=_MAX_HEADER_BYTES,
            clear_untrusted_proxy_headers=False,  # the application reads them only if told to
            max_request_body_size=max_body_bytes + 1,  # waitress refuses this size itself
        )
        place = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(
            application,
            {},
            True,
            listener,
            dispatcher=dispatcher,
            adj=settings,
            sockinfo=place,
            bind_socket=False,
        )

    def handle_accept(self) -> None:
        n_before = len(self.active_channels)
        super().handle_accept()
        if len(self.active_channels) > max(n_before, self._max_connections):
            self._make_room()

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        for channel in self.active_channels.values():
            if channel.is_overdue(now):
                channel.will_close = True

    def _make_room(self) -> None:
        *others, newest = self.active_channels.values()
        idle = [channel for channel in others if channel.is_idle]
        if idle:
            min(idle, key=lambda channel: channel.expendable).will_close = True
            return
        _log.warning("all %d connections are in use", self._max_connections)
        message = f"expected at most {self._max_connections} connections at once, got one more"
        newest.refuse("too_many_connections", f"{message}; try again in {RETRY_AFTER_S} s")


def _headers(came: str = "") -> dict[str, str]:
    """Return the headers of an error answer; `came` is the client's id of the request."""
    own = {"Content-Type": "application/json", request_ids.HEADER: request_ids.chosen(came)}
    return {**own, **OF_REFUSALS}


def _document(code: str, message: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "field": None}}).encode()
