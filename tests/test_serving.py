"""A real server process with many connections: answers, refusals, and closed connections."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from contextlib import ExitStack

import psutil
import pytest

from testbed.serving import LastingServer, Server, stream

LIMIT = 1024 * 1024


@pytest.fixture
def served(lasting: LastingServer) -> Server:
    """A server with 32 threads and a smaller limit on bodies."""
    return lasting.running()


def opened(server: Server, sent: bytes = b"") -> socket.socket:
    """Open a connection and send these bytes."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(sent)
    return connection


def answer_of(connection: socket.socket) -> tuple[http.client.HTTPResponse, dict]:
    """Read one answer with a JSON body."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer, json.loads(answer.read())


def test_new_request_is_answered_beside_streams_and_idle_connections(served: Server) -> None:
    with ExitStack() as held:
        for number in range(80):
            sent = b"GET / HTTP/1.1\r\nX-Slow: " if number % 2 else b""
            held.enter_context(opened(served, sent))
        addresses = [served.new_session(n_components=2) for _ in range(20)]
        tabs = [held.enter_context(stream(served, address)) for address in addresses]
        assert [tab.answer.status for tab in tabs] == [200] * 20
        assert served.request("GET", "/")[0] == 200
        for address, tab in zip(addresses, tabs):
            tab.until("revision")
            status, session = served.request("POST", f"{address}/points", {"x": [0.5]})
            assert (status, session["n_points"]) == (200, 1)
            assert tab.until("revision")[-1]["data"]["n_points"] == 1


def test_announced_body_is_refused_before_it_is_sent(served: Server) -> None:
    head = (
        f"POST /train HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        f"Content-Length: {10**9}\r\n"
    )
    for expects in ("", "Expect: 100-continue\r\n"):
        with opened(served, f"{head}{expects}\r\n".encode()) as connection:
            answer, body = answer_of(connection)
            assert answer.status == 413
            message = f"expected at most {LIMIT} bytes, got {10**9} bytes"
            assert body == {"error": {"code": "too_large", "message": message, "field": None}}
            assert answer.headers["Content-Type"] == "application/json"


def test_client_that_sends_its_large_body_first_reads_the_refusal(served: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("POST", "/train", b" " * (8 * LIMIT))
        answer = connection.getresponse()
        assert answer.status == 413
        assert json.loads(answer.read())["error"]["code"] == "too_large"


def test_chunked_body_is_refused_at_the_limit(served: Server) -> None:
    process = psutil.Process(served.process.pid)
    before = process.memory_info().rss
    head = b"POST /train HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % 2**16 + b" " * 2**16 + b"\r\n"
    with opened(served, head) as connection:
        n_sent = 0
        with contextlib.suppress(ConnectionError):
            while n_sent < 100 * LIMIT:
                connection.sendall(chunk)
                n_sent += len(chunk)
        answer, body = answer_of(connection)
    assert answer.status == 413
    message = f"expected at most {LIMIT} bytes, got more"
    assert body == {"error": {"code": "too_large", "message": message, "field": None}}
    assert process.memory_info().rss - before < 50 * LIMIT


def test_body_of_exactly_the_limit_is_read(served: Server) -> None:
    body = b"[1.5]".rjust(LIMIT)
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    with contextlib.closing(connection):
        address = served.new_session()
        kind = {"Content-Type": "application/json"}
        connection.request("POST", f"{address}/points", body, kind)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (422, "invalid")


def test_malformed_and_oversized_headers_are_answered_as_json(served: Server) -> None:
    sent = {
        b"what is this\r\n\r\n": (400, "malformed"),
        b"GET / HTTP/1.1\r\nX: " + b"a" * 2**16: (431, "headers_too_large"),
    }
    for request, expected in sent.items():
        with opened(served, request) as connection:
            answer, body = answer_of(connection)
            assert (answer.status, body["error"]["code"]) == expected
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
