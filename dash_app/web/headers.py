"""Security headers: browsers refuse scripts, frames and requests of other servers.

docs/threats.md gives the reason for each directive.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Optional
from urllib.parse import urlsplit

from flask import Flask, Response, request

_PAGE = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
_OF_EVERY_ANSWER = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
OF_REFUSALS = {"Content-Security-Policy": _NO_PAGE, **_OF_EVERY_ANSWER}
_PAGE_OF_SOMEBODY = "frame-ancestors 'none'"
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_DOCUMENTATION = "/openapi/"


def register(
    server: Flask,
    scripts: Callable[[], Sequence[str]] = tuple,
    third_party_page: Optional[str] = None,
) -> None:
    """Add the headers to every answer.

    Parameters
    ----------
    scripts : returns the hashes of the inline scripts of our own pages, as a policy lists them
    third_party_page : path of a third-party page; its policy does not limit what it loads
    """

    @lru_cache(maxsize=1)
    def of_pages() -> str:
        return _with_scripts(scripts())

    def policy(response: Response) -> str:
        if response.mimetype != "text/html":
            return _NO_PAGE
        if third_party_page is not None and request.path.startswith(third_party_page):
            return _PAGE_OF_SOMEBODY
        if request.path.startswith(_DOCUMENTATION):
            return _of_documentation(response.get_data(as_text=True))
        return of_pages()

    def add(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = policy(response)
        headers.update(_OF_EVERY_ANSWER)
        if response.status_code in (301, 308):
            _keep_to_this_server(response)
        return response

    server.after_request(add)


def _with_scripts(hashes: Sequence[str]) -> str:
    return _PAGE.format(scripts="".join(f" {each}" for each in hashes))


@lru_cache(maxsize=8)
def _of_documentation(page: str) -> str:
    """Return the policy for a page of the documentation, which has constant inline scripts.

    These pages do not contain data from a request, so hashing their scripts is safe.
    """
    return _with_scripts([_hash(each) for each in _INLINE_SCRIPT.findall(page)])


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _keep_to_this_server(response: Response) -> None:
    """Redirect to the path only: browsers cache the answer, and its host came from the client."""
    target = urlsplit(response.location or "")
    response.location = target._replace(scheme="", netloc="").geturl()
    response.set_data(b"")
