"""What browsers are told to refuse: scripts, frames and requests that are not of this server.

docs/threats.md says why each directive is as it is.
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
_PAGE_OF_SOMEBODY = "frame-ancestors 'none'"
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_HANDLER = re.compile(r"\son[a-z]+=\"([^\"]*)\"")
_DOCUMENTATION = "/openapi/"


def register(
    server: Flask,
    scripts: Callable[[], Sequence[str]] = tuple,
    somebodys_page: Optional[str] = None,
) -> None:
    """Add the headers to every answer.

    Parameters
    ----------
    scripts : the hashes of the inline scripts of our own pages, as a policy lists them
    somebodys_page : where a page that is not ours is served, which may load what it likes
    """

    @lru_cache(maxsize=1)
    def of_pages() -> str:
        return _with_scripts(scripts())

    def policy(response: Response) -> str:
        if response.mimetype != "text/html":
            return _NO_PAGE
        if somebodys_page is not None and request.path.startswith(somebodys_page):
            return _PAGE_OF_SOMEBODY
        if request.path.startswith(_DOCUMENTATION):
            return _of_documentation(response.get_data(as_text=True))
        return of_pages()

    def add(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = policy(response)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        if response.status_code in (301, 308):
            _keep_to_this_server(response)
        return response

    server.after_request(add)


def _with_scripts(hashes: Sequence[str]) -> str:
    return _PAGE.format(scripts="".join(f" {each}" for each in hashes))


@lru_cache(maxsize=8)
def _of_documentation(page: str) -> str:
    """Return the policy for a page of flask-openapi3: its scripts are inline, and always the same.

    Nothing that a request brings is in these pages.
    """
    handlers = _HANDLER.findall(page)
    hashes = [_hash(each) for each in (*_INLINE_SCRIPT.findall(page), *handlers)]
    return _with_scripts(["'unsafe-hashes'", *hashes] if handlers else hashes)


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _keep_to_this_server(response: Response) -> None:
    """Send a browser to the path alone: it keeps the answer, and the host is the caller's word."""
    target = urlsplit(response.location or "")
    response.location = target._replace(scheme="", netloc="").geturl()
    response.set_data(b"")
