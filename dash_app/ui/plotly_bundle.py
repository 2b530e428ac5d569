"""The small plotly.js from npm, where `./run` or `./test` has fetched it.

The Python package's plotly.js holds every chart type and is most of the bytes of a first visit.
This page draws lines and markers only. Dash takes the script that is there as `window.Plotly`, and
requests its own otherwise.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from flask import Flask, Response, send_file

_log = logging.getLogger(__name__)

#: In a checkout; a wheel has none.
FOLDER = Path(__file__).resolve().parent.parent.parent / "node_modules" / "plotly.js-basic-dist-min"
_SCRIPT = "plotly-basic.min.js"
PATH = f"/plotly/{_SCRIPT}"


def register_plotly(server: Flask) -> list[str]:
    """Serve the small bundle; return the addresses of scripts to load, none where it is missing."""
    script = FOLDER / _SCRIPT
    try:
        fingerprint = hashlib.sha256(script.read_bytes()).hexdigest()[:16]
    except OSError:
        _log.info("plotly.js: the full bundle of the Python package")
        return []
    _log.info("plotly.js: the basic bundle, %s", script)

    def serve() -> Response:
        return send_file(script)

    server.add_url_rule(PATH, "plotly", serve)
    return [f"{PATH}?m={fingerprint}"]
