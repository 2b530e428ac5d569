"""Send the page's commands and questions to a server, as assets/exchange.js sends them."""

from __future__ import annotations

import http.client
import itertools
import json
import secrets
from typing import Any, Optional


class PageRequests:
    """One kept connection to a server."""

    def __init__(self, port: int, timeout_s: float = 60.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        self._keys = (f"{secrets.token_hex(4)}-{number}" for number in itertools.count())

    def perform(self, session_id: str, kind: str, **values: Any) -> Any:
        """Send a command under a key of its own; return the answer."""
        command = {"kind": kind, "key": next(self._keys), **values}
        return self._ask("perform", {"session": session_id, "value": command})

    def look(self, session_id: Optional[str] = None) -> Any:
        """Ask for the whole session."""
        return self._ask("look", {"id": session_id})

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(self, what: str, body: Any) -> Any:
        try:
            answer = self._sent(what, json.dumps(body))
        except (ConnectionError, http.client.RemoteDisconnected):
            # the server has closed a connection that rested; a command has a key, so it is not
            # carried out twice
            self._connection.close()
            answer = self._sent(what, json.dumps(body))
        content = answer.read()
        if answer.status != 200:
            raise AssertionError(f"expected 200, got {answer.status}: {content[:200]!r}")
        return json.loads(content)

    def _sent(self, what: str, body: str) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", f"/page/{what}", body, headers)
        return self._connection.getresponse()
