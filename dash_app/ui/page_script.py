"""The scripts of assets/ as one: with thirty requests a first plot took 2.4 s instead of 2.1.

Each of them is a block, whose names are its own, and puts what others may use on `gmm`. density.js
is a function instead: the exercise's page loads it alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Response

#: Dash adds each script of assets/ by itself, except these.
IGNORED = r".*\.js$"
_PATH = "/assets/page.js"
#: What stands before them. Dash looks for the functions of clientside callbacks on the same object.
_HEAD = '"use strict";\nconst gmm = (window.dash_clientside ||= {});\n'


def register_page_script(server: Flask, assets: Path) -> str:
    """Serve the scripts, in the order of their names; return the address."""
    scripts = (script.read_text("utf-8") for script in sorted(assets.glob("*.js")))
    text = _HEAD + "\n".join(scripts)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]

    def serve() -> Response:
        return Response(text, mimetype="text/javascript")

    server.add_url_rule(_PATH, "page_script", serve)
    return f"{_PATH}?m={fingerprint}"
