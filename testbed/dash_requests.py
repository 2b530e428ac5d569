"""Send the page's commands and questions to a server, as Dash's own script sends them."""

from __future__ import annotations

import http.client
import itertools
import json
import secrets
from typing import Any, Optional

_PATH = "/_dash-update-component"


class DashRequests:
    """One kept connection to a server; the ids are those of dash_app/ui/ids.py."""

    def __init__(self, port: int, timeout_s: float = 60.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        self._keys = (f"{secrets.token_hex(4)}-{number}" for number in itertools.count())

    def perform(self, session_id: str, kind: str, **values: Any) -> Any:
        """Send a command under a key of its own; return the answer."""
        command = {"kind": kind, "key": next(self._keys), **values}
        state = [{"id": "session", "property": "data", "value": session_id}]
        return self._ask("answer.data", "command", command, state)["answer"]["data"]

    def look(self, session_id: Optional[str] = None) -> Any:
        """Ask for the whole session."""
        question = {"id": session_id}
        return self._ask("..seen.data...session.data..", "look", question, [])["seen"]["data"]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(self, output: str, name: str, value: Any, state: list[Any]) -> Any:
        parts = [part.split(".") for part in output.strip(".").split("...")]
        outputs = [{"id": part[0], "property": part[1]} for part in parts]
        body = {
            "output": output,
            "outputs": outputs if len(outputs) > 1 else outputs[0],
            "inputs": [{"id": name, "property": "data", "value": value}],
            "changedPropIds": [f"{name}.data"],
            "state": state,
        }
        try:
            answer = self._sent(json.dumps(body))
        except (ConnectionError, http.client.RemoteDisconnected):
            # the server has closed a connection that rested; a command has a key, so it is not
            # carried out twice
            self._connection.close()
            answer = self._sent(json.dumps(body))
        content = answer.read()
        if answer.status != 200:
            raise AssertionError(f"expected 200, got {answer.status}: {content[:200]!r}")
        return json.loads(content)["response"]

    def _sent(self, body: str) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", _PATH, body, headers)
        return self._connection.getresponse()
