"""Limits on connections: the server of `connections.py` in a thread, with a small application."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import re
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Callable, Optional

import pytest

from dash_app.errors import SettingError
from dash_app.serving import connections
from dash_app.serving.connections import Channel, ConnectionServer
from tests.waiting import eventually

Sent = Callable[..., socket.socket]
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
PARTIAL_HEADERS = b"GET / HTTP/1.1\r\nHost: he"
PARTIAL_BODY = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nab"
TOO_LARGE = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9999\r\n\r\n"
BODY_BYTES = 100
LOOK_EVERY_S = 0.05
"""Time between two looks of the server at its time limits; usual is 1 s."""
LARGE_BYTES = 2**23
"""Size of a large answer: more than the buffers of two sockets, less than waitress's own."""


class Application:
    """Answers at once; at /held when the test says so; at /large with much; at /watched never."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.begun: list[str] = []
        self.has_gone = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        path = environ["PATH_INFO"]
        self.begun.append(path)
        if path == "/held":
            assert self.may_answer.wait(30)
        if path == "/watched":
            eventually(environ["waitress.client_disconnected"])
            self.has_gone.set()
        answer = b" " * LARGE_BYTES if path == "/large" else b"got " + body
        start_response("200 OK", [("Content-Length", str(len(answer)))])
        return [answer]


class Served:
    """A running server, and connections to it that the test closes at its end."""

    def __init__(self, limit: int, listener: socket.socket, opened: ExitStack) -> None:
        self._opened = opened
        self.application = Application()
        self.port = listener.getsockname()[1]
        self._server = ConnectionServer(
            self.application, listener, threads=4, max_connections=limit, max_body_bytes=BODY_BYTES
        )
        # waitress takes whole seconds only: the tests would wait for one each
        self._server.adj.asyncore_loop_timeout = self._server.adj.cleanup_interval = LOOK_EVERY_S
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def opened(self, sent: bytes = b"") -> socket.socket:
        """Return a new connection that the server has accepted, after it has read these bytes.

        They must be part of a request, or one whose answer takes time.
        """
        connection = self._opened.enter_context(
            socket.create_connection(("127.0.0.1", self.port), timeout=30)
        )
        name = connection.getsockname()
        channel = eventually(lambda: self.channel(name))
        if sent:
            connection.sendall(sent)
            read = ("request", "requests", "refused", "total_outbufs_len")
            eventually(lambda: any(getattr(channel, name) for name in read))
        return connection

    def channel(self, name: Any) -> Optional[Channel]:
        """Return the server's side of a connection."""
        channels = list(self._server.active_channels.values())
        return next((each for each in channels if each.addr == name), None)

    @property
    def n_open(self) -> int:
        """Number of open connections."""
        return len(self._server.active_channels)

    def stop(self) -> None:
        """End the loop: it ends when all its sockets are closed."""
        self.application.may_answer.set()
        self._server.task_dispatcher.shutdown()
        closing = [*self._server.active_channels.values(), self._server]
        is_told = threading.Event()

        def close_all() -> None:
            # a byte of another thread may have woken the loop: it must not close the pipe before
            # our own byte is in it
            is_told.wait(30)
            for each in closing:
                each.close()

        self._server.trigger.pull_trigger(close_all)
        is_told.set()
        self._thread.join(30)


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Return a function that starts a server with this limit on connections."""
    with ExitStack() as opened, ExitStack() as started:

        def start(limit: int = 10, listener: Optional[socket.socket] = None) -> Served:
            served = Served(limit, listener or new_listener(), opened)
            started.callback(served.stop)
            return served

        yield start


def new_listener() -> socket.socket:
    """Return a listening socket on a free port."""
    return socket.create_server(("127.0.0.1", 0), backlog=64)


def is_closed(connection: socket.socket) -> bool:
    """Wait until the server closes the connection; fail if it sends something or nothing."""
    return connection.recv(1) == b""


def is_closed_beside_bytes(connection: socket.socket) -> bool:
    """Send a byte now and then; return whether the server closes the connection all the same."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        readable, _, _ = select.select([connection], [], [], 0.05)
        try:
            if readable:
                return connection.recv(1) == b""
            connection.sendall(b"r")
        except ConnectionError:
            return True
    return False


def answer_of(connection: socket.socket) -> tuple[http.client.HTTPResponse, bytes]:
    """Read one answer."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer, answer.read()


def is_served(connection: socket.socket, sent: bytes = GET) -> bool:
    """Send the request, or the rest of one; return whether it is answered."""
    connection.sendall(sent)
    return answer_of(connection)[0].status == 200


def error_of(connection: socket.socket) -> tuple[int, str]:
    """Read a refusal and the end of the connection; return its status and code."""
    answer, body = answer_of(connection)
    assert answer.headers["Content-Type"] == "application/json"
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"])
    assert is_closed(connection)
    return answer.status, json.loads(body)["error"]["code"]


@pytest.mark.parametrize("expects", [b"", b"Expect: 100-continue\r\n"])
def test_large_body_is_refused_before_it_is_sent(
    serve: Callable[..., Served], expects: bytes
) -> None:
    connection = serve().opened(TOO_LARGE[:-2] + expects + b"\r\n")
    assert connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 413"  # and no 100 before it
    body = answer_of(connection)[1]
    message = json.loads(body)["error"]["message"]
    assert message == f"expected at most {BODY_BYTES} bytes, got 9999 bytes"


def test_refusal_has_the_id_that_the_client_gave_its_request(serve: Callable[..., Served]) -> None:
    connection = serve().opened(TOO_LARGE[:-2] + b"X-Request-Id: mine-7\r\n\r\n")
    assert answer_of(connection)[0].headers["X-Request-Id"] == "mine-7"


def test_body_of_exactly_the_limit_is_read(serve: Callable[..., Served]) -> None:
    head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % BODY_BYTES
    connection = serve().opened()
    connection.sendall(head + b"a" * BODY_BYTES)
    assert answer_of(connection)[1] == b"got " + b"a" * BODY_BYTES


def test_long_headers_are_refused(serve: Callable[..., Served]) -> None:
    connection = serve().opened(b"GET / HTTP/1.1\r\nX: " + b"a" * 2**16)
    assert error_of(connection) == (431, "headers_too_large")


def test_slow_headers_are_closed_and_a_slow_body_is_read(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_S", 0.3)
    served = serve()
    slow_body, slow_headers = served.opened(PARTIAL_BODY), served.opened(PARTIAL_HEADERS)
    assert is_closed_beside_bytes(slow_headers)
    assert is_served(slow_body, b"cd")


def test_body_above_its_time_limit_is_closed(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_S", 0.3)
    served = serve()
    slow_headers, slow_body = served.opened(PARTIAL_HEADERS), served.opened(PARTIAL_BODY)
    assert is_closed(slow_body)
    assert is_served(slow_headers, b"re\r\n\r\n")


def test_connection_without_a_request_is_closed_after_some_time(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_S", 0.6)
    served = serve()
    connection = served.opened()
    assert is_served(connection)
    assert is_closed(connection)


def test_refused_connection_lingers_for_some_time(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_S", 0.0)
    monkeypatch.setattr(connections, "LINGER_S", 30.0)
    served = serve()
    refused = served.opened(TOO_LARGE)
    assert answer_of(refused)[0].status == 413
    assert is_closed(served.opened(PARTIAL_HEADERS))  # time limits have been checked
    assert served.n_open == 1
    refused.sendall(b" " * 9999)
    refused.close()
    eventually(lambda: served.n_open == 0)


def test_refused_connection_is_closed_though_its_client_stays(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINGER_S", 0.1)
    served = serve()
    refused = served.opened(TOO_LARGE)
    assert error_of(refused) == (413, "too_large")
    eventually(lambda: served.n_open == 0)


def test_oldest_idle_connection_makes_room_and_only_above_the_limit(
    serve: Callable[..., Served],
) -> None:
    served = serve(3)
    oldest, second, third = served.opened(), served.opened(), served.opened()
    assert served.n_open == 3
    newest = served.opened()
    assert is_closed(oldest)
    for connection in (second, third, newest):
        assert is_served(connection)


def test_last_activity_counts_for_idle_connections(serve: Callable[..., Served]) -> None:
    served = serve(2)
    used, unused = served.opened(), served.opened()
    assert is_served(used)
    newest = served.opened()
    assert is_closed(unused)
    assert is_served(used)
    assert is_served(newest)


@pytest.mark.parametrize("older", [PARTIAL_BODY, PARTIAL_HEADERS])
def test_incomplete_headers_make_room_before_an_incomplete_body(
    serve: Callable[..., Served], older: bytes
) -> None:
    served = serve(2)
    younger = {PARTIAL_BODY, PARTIAL_HEADERS} - {older}
    opened = {sent: served.opened(sent) for sent in (older, *younger)}
    newest = served.opened()
    assert is_closed(opened[PARTIAL_HEADERS])
    assert is_served(opened[PARTIAL_BODY], b"cd")
    assert is_served(newest)


def test_many_new_connections_at_once_close_as_many_idle_ones(
    serve: Callable[..., Served],
) -> None:
    served = serve(3)
    for _ in range(3):
        served.opened()
    with ExitStack() as opened:
        address = ("127.0.0.1", served.port)
        many = [opened.enter_context(socket.create_connection(address, 30)) for _ in range(30)]
        eventually(lambda: served.channel(many[-1].getsockname()))
        assert is_served(many[-1])
        eventually(lambda: served.n_open <= 3)


def test_connection_that_works_is_not_closed_for_a_new_one(
    serve: Callable[..., Served],
) -> None:
    served = serve(1)
    working = served.opened(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n")
    eventually(lambda: served.application.begun == ["/held"])
    refused = socket.create_connection(("127.0.0.1", served.port), timeout=30)
    with refused:
        answer, body = answer_of(refused)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert json.loads(body)["error"]["code"] == "too_many_connections"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"])
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert is_closed(refused)
    served.application.may_answer.set()
    assert answer_of(working)[0].status == 200


def test_connection_with_an_unread_answer_is_not_closed_for_a_new_one(
    serve: Callable[..., Served],
) -> None:
    served = serve(1)
    reading = served.opened(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n")
    channel = served.channel(reading.getsockname())
    assert channel is not None
    eventually(lambda: channel.total_outbufs_len and not channel.requests)
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as refused:
        assert error_of(refused) == (503, "too_many_connections")
    assert len(answer_of(reading)[1]) == LARGE_BYTES


def test_connection_that_lingers_is_not_closed_for_a_new_one(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINGER_S", 30.0)
    served = serve(1)
    refused = served.opened(TOO_LARGE)
    assert answer_of(refused)[0].status == 413
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as newest:
        assert error_of(newest) == (503, "too_many_connections")


def test_request_sees_that_its_client_has_gone(serve: Callable[..., Served]) -> None:
    served = serve()
    watched = served.opened(b"GET /watched HTTP/1.1\r\nHost: here\r\n\r\n")
    eventually(lambda: served.application.begun == ["/watched"])
    watched.close()
    assert served.application.has_gone.wait(30)


def test_descriptors_above_1024_are_served(serve: Callable[..., Served]) -> None:
    with new_listener() as low:
        high = fcntl.fcntl(low.fileno(), fcntl.F_DUPFD, 1025)
        assert os.fstat(high).st_ino == os.fstat(low.fileno()).st_ino
        served = serve(listener=socket.socket(fileno=high))
    assert is_served(served.opened())


def test_too_few_threads_are_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise RuntimeError("can't start new thread")  # as Python at a limit of the system

    monkeypatch.setattr(connections.ThreadedTaskDispatcher, "start_new_thread", refuses)
    expected = r"may start 4 threads \(GMM_THREADS\): can't start new thread; raise"
    with socket.socket() as listener, pytest.raises(SettingError, match=expected):
        ConnectionServer(None, listener, threads=4, max_connections=8, max_body_bytes=BODY_BYTES)
