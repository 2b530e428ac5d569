"""The application as a browser meets it."""

from __future__ import annotations

import dataclasses
import threading

from werkzeug.serving import BaseWSGIServer, make_server

from dash_app.app import create_app
from dash_app.config import Config


class Server:
    """The application on a free port, in a thread."""

    def __init__(self, config: Config, port: int = 0) -> None:
        self.application = create_app(dataclasses.replace(config)).server
        self.sessions = self.application.extensions["sessions"]
        self._listener: BaseWSGIServer = make_server(
            "127.0.0.1", port, self.application, threaded=True
        )
        self.port = self._listener.server_port
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.sessions.watch.close()
        self._listener.shutdown()
        self._listener.server_close()
        self.sessions.close()
