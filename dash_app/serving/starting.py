"""Answer requests while the learner's loops are compiled, on the socket of the application.

Otherwise a browser would show an empty page for a minute or two. If nothing is compiled, no answer
is sent here: connections wait in the socket's queue for the second or two of a start.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dash_app.compilation_progress import PROGRESS

_REFRESH_S = 2
_LARGEST_BODY = 1 << 20
_POLL_S = 0.05
"""Poll interval of the server; delays the end of the compilation by at most this."""

_API_PATHS = ("/api/", "/healthz", "/readyz", "/metrics")

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{refresh_s}">
<title>Starting: {n_done} of {n_functions}</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0;
        padding: 0 1rem; }}
h1 {{ font-size: 1.25rem; }}
progress {{ width: 100%; }}
</style>
</head>
<body>
<main>
<h1>The server is starting</h1>
<p>The learner's loops are being compiled for this machine. This is done once and takes
a minute or two.</p>
<p><progress value="{n_done}" max="{n_functions}" aria-label="compiled"></progress><br>
{n_done} of {n_functions} loops are compiled.</p>
<p>The page opens by itself when all of them are. You need not do anything.</p>
</main>
</body>
</html>
"""


@contextlib.contextmanager
def answered_while_compiling(listener: socket.socket) -> Iterator[None]:
    """Answer for the application while it loads, once a compilation has begun.

    The socket stays open: connections after the load wait for the application.
    """
    server = _Server(listener)
    thread = threading.Thread(
        target=server.serve_forever, args=(_POLL_S,), name="starting", daemon=True
    )
    PROGRESS.at_begin(thread.start)
    try:
        yield
    finally:
        PROGRESS.at_begin(None)
        if thread.ident is not None:
            server.shutdown()


class _Server(ThreadingHTTPServer):
    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


class _Handler(BaseHTTPRequestHandler):
    timeout = 10  # seconds, for a client that connects and sends nothing

    def answer(self) -> None:
        """Answer 503: HTML to a browser that requests a page, JSON to all other requests."""
        length = self.headers.get("Content-Length", "")
        if length.isdigit():  # read the body: a client may not read the answer before it was sent
            self.rfile.read(min(int(length), _LARGEST_BODY))
        wants_page = self.command in ("GET", "HEAD") and not self.path.startswith(_API_PATHS)
        if wants_page and "text/html" in self.headers.get("Accept", ""):
            kind, content = "text/html; charset=utf-8", _page()
        else:
            kind, content = "application/json", _starting_answer()
        self.send_response_only(HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Retry-After", str(_REFRESH_S))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    # the names that http.server looks up
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815


def _page() -> bytes:
    return _PAGE.format(
        refresh_s=_REFRESH_S, n_done=PROGRESS.n_done, n_functions=PROGRESS.n_functions
    ).encode()


def _starting_answer() -> bytes:
    message = (
        "expected a server that has started: it compiles the learner's loops, "
        f"{PROGRESS.n_done} of {PROGRESS.n_functions} are done"
    )
    return json.dumps({"error": {"code": "starting", "message": message, "field": None}}).encode()
