"""Simulated tabs of the Dash page: the requests of Chromium, over plain sockets.

A tab holds six connections to the server. One carries the event stream while the tab is visible.
The others stay open between requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Optional

N_CONNECTIONS = 6
"""Chromium's limit of connections to one host."""

STREAM_RETRY_S = 1.5
"""Seconds after which the page reopens a stream that was refused or has ended."""

TRICKLE_EVERY_S = 5.0

_ANSWER_TIMEOUT_S = 60.0
_MAX_LINE_BYTES = 2**20
_PLOTLY = "/_dash-component-suites/plotly/package_data/plotly.min.js"
_FILES = re.compile(r'(?:src|href)="(/[^"]+)"')


@dataclass
class Answer:
    """Status, headers in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """Return the body, parsed as JSON."""
        return json.loads(self.text())

    def text(self) -> str:
        """Return the decompressed body."""
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


class Connection:
    """One kept-alive connection; it opens at its first request, and again after it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: Optional[asyncio.StreamReader] = None
        self._writer: Optional[asyncio.StreamWriter] = None

    async def request(
        self, method: str, path: str, body: Any = None, timeout_s: float = _ANSWER_TIMEOUT_S
    ) -> Answer:
        """Return the whole answer."""
        return await asyncio.wait_for(self._request(method, path, body), timeout_s)

    async def begin(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request; return status and headers. The body remains to be read."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        lines.append("Accept-Encoding: gzip")
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        head = "\r\n".join([*lines, "", ""]).encode()
        used = self._writer is not None
        try:
            return await self._exchange(head + content)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not used:
                raise
            # a server may close an idle connection; browsers then open another one
            return await self._exchange(head + content)

    async def lines(self) -> Any:
        """Yield the lines of a chunked body as they arrive."""
        assert self._reader is not None
        while True:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            chunk = await self._reader.readexactly(size + 2)
            if size == 0:
                return
            for line in chunk[:-2].decode().splitlines():
                yield line

    def close(self) -> None:
        """Close the connections."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _exchange(self, request: bytes) -> Answer:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=_MAX_LINE_BYTES
            )
        assert self._reader is not None
        self._writer.write(request)
        await self._writer.drain()
        first, *rest = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        fields = (line.partition(":") for line in rest if line)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        return Answer(int(first.split()[1]), headers)

    async def _request(self, method: str, path: str, body: Any) -> Answer:
        answer = await self.begin(method, path, body)
        assert self._reader is not None
        if "content-length" in answer.headers:
            answer.body = await self._reader.readexactly(int(answer.headers["content-length"]))
        elif answer.headers.get("transfer-encoding") == "chunked":
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                answer.body += (await self._reader.readexactly(size + 2))[:-2]
            await self._reader.readexactly(2)
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer


@dataclass
class Tally:
    """Results of all tabs."""

    loads_s: list[float] = field(default_factory=list)
    clicks_ms: list[float] = field(default_factory=list)
    n_events: int = 0
    n_streams: int = 0
    n_streams_refused: int = 0
    errors: list[str] = field(default_factory=list)


class Tab:
    """One tab: it loads the page, follows its session and clicks."""

    def __init__(self, port: int, tally: Tally) -> None:
        self._tally = tally
        self._connections = [Connection(port) for _ in range(N_CONNECTIONS)]
        self._stream_connection = self._connections[-1]
        self._following: Optional[asyncio.Task[None]] = None
        self.session_id = ""

    async def load(self) -> None:
        """Get the page and all its files, create a session and open its event stream."""
        started = time.perf_counter()
        try:
            page = await self._get(self._connections[0], "/")
            paths = sorted(set(_FILES.findall(page.text()))) if page else []
            paths += [_PLOTLY, "/_dash-layout", "/_dash-dependencies"]
            await asyncio.gather(
                *(
                    self._get_all(connection, paths[number::N_CONNECTIONS])
                    for number, connection in enumerate(self._connections)
                )
            )
            self.session_id = (await self._ask("look", {"id": None}))["view"]["id"]
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
            self._tally.errors.append(f"load: {error!r}")
            return
        self._tally.loads_s.append(time.perf_counter() - started)
        self._following = asyncio.create_task(self._follow())

    async def click(self, x: float) -> Optional[float]:
        """Add a point as the page does; return ms until the new mixture, or None after an error."""
        command = {"kind": "add", "x": [x], "key": secrets.token_hex(16)}
        started = time.perf_counter()
        try:
            answer = await self._ask("perform", {"session": self.session_id, "value": command})
            answer["view"]["online"]
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, LookupError) as error:
            self._tally.errors.append(f"click: {error!r}")
            return None
        elapsed_ms = (time.perf_counter() - started) * 1e3
        self._tally.clicks_ms.append(elapsed_ms)
        return elapsed_ms

    async def close(self) -> None:
        """Close all connections, as a closed tab does."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        for connection in self._connections:
            connection.close()

    async def _get(self, connection: Connection, path: str) -> Optional[Answer]:
        answer = await connection.request("GET", path)
        if answer.status != 200:
            self._tally.errors.append(f"GET {path}: {answer.status}")
            return None
        return answer

    async def _get_all(self, connection: Connection, paths: list[str]) -> None:
        for path in paths:
            await self._get(connection, path)

    async def _ask(self, what: str, body: Any) -> Any:
        """Send a request of the page's hot path; return the answer."""
        answer = await self._connections[0].request("POST", f"/page/{what}", body)
        if answer.status != 200:
            raise LookupError(f"{answer.status} {answer.body[:200]!r}")
        return answer.json()

    async def _follow(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, asyncio.IncompleteReadError) as error:
                self._tally.errors.append(f"stream: {error!r}")
            self._stream_connection.close()
            await asyncio.sleep(STREAM_RETRY_S)

    async def _listen(self) -> None:
        path = f"/api/v1/sessions/{self.session_id}/events"
        answer = await self._stream_connection.begin("GET", path)
        if answer.status != 200:
            self._tally.n_streams_refused += 1
            return
        self._tally.n_streams += 1
        try:
            async for line in self._stream_connection.lines():
                self._tally.n_events += line.startswith("data:")
        finally:
            self._tally.n_streams -= 1


class Idlers:
    """Connections that send nothing, or slowly send a header without an end.

    A connection that the server closes is opened again.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._holding: list[asyncio.Task[None]] = []
        self.n_open = 0

    async def open(self, n: int) -> None:
        """Open idle connections; every second one sends a byte from time to time."""
        self._holding = [asyncio.create_task(self._hold(bool(i % 2))) for i in range(n)]
        while self.n_open < n:
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Close the connections."""
        for each in self._holding:
            each.cancel()
        await asyncio.gather(*self._holding, return_exceptions=True)

    async def _hold(self, trickles: bool) -> None:
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            self.n_open += 1
            try:
                if trickles:
                    writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
                    await self._trickle(reader, writer)
                else:
                    await reader.read()
            except ConnectionError:
                pass  # the loop opens it again
            finally:
                self.n_open -= 1
                writer.close()

    async def _trickle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            writer.write(b"a")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(reader.read(), TRICKLE_EVERY_S)
