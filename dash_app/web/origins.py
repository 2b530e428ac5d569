"""Reject requests under a foreign host name (DNS rebinding) and cross-site changes (CSRF).

A page of another site can send requests from the browser of a user. With DNS rebinding it points
its own name to 127.0.0.1; the Host header shows this. With CSRF it uses the server's name and the
user's cookie; the headers Sec-Fetch-Site and Origin show this. Clients other than browsers send
neither header and pass.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Optional

from flask import Flask, Response, request

from dash_app.config import Config
from dash_app.web import error_handlers

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"(\[[^\]]*\]|[^:@]*)(?::\d*)?")
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OWN_SITES = frozenset({"same-origin", "none"})
"""Accepted Sec-Fetch-Site values; `same-site` includes other ports, which share the cookies."""

_ANY = "*"


def register(server: Flask, config: Config) -> None:
    """Check each request before all other handlers."""
    is_own_name = own_names(config)

    def check() -> Optional[Response]:
        environ = request.environ
        host = environ.get("HTTP_HOST", "")
        if host and not is_own_name(host):
            return _other_name(host)
        if environ["REQUEST_METHOD"] in _CHANGING:
            site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
            if not _is_own_page(site, origin, host):
                return _other_site(site, origin)
        return None

    server.before_request(check)


def own_names(config: Config) -> Callable[[str], bool]:
    """Return a function that tells whether a Host header names this server.

    Examples
    --------
    >>> here = own_names(Config())
    >>> [here(host) for host in ("localhost:8050", "[::1]:8050", "evil.example", "192.168.0.7")]
    [True, True, False, False]
    >>> everywhere = own_names(Config(host="0.0.0.0", allowed_hosts="mixtures.example"))
    >>> [everywhere(host) for host in ("192.168.0.7:80", "Mixtures.example", "evil.example")]
    [True, True, False]
    """
    allowed = {_name(each) for each in config.allowed_hosts.split(",") if each.strip()}
    own = _name(f"[{config.host}]" if ":" in config.host else config.host)
    names = (_LOOPBACK | allowed | {own}) - {""}
    addresses_too = not _is_loopback(own)

    @lru_cache(maxsize=256)
    def is_own_name(host: str) -> bool:
        name = _name(host)
        return _ANY in allowed or name in names or (addresses_too and _is_address(name))

    return is_own_name


def _name(host: str) -> str:
    """Return the host in lower case and without its port; "" if what follows it is no port."""
    found = _HOST.fullmatch(host.strip().lower())
    return found[1].rstrip(".") if found else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    return _is_address(name) and ipaddress.ip_address(name.strip("[]")).is_loopback


def _is_own_page(site: Optional[str], origin: Optional[str], host: str) -> bool:
    if site is not None:
        return site in _OWN_SITES
    # browsers send Sec-Fetch-Site only to https and localhost, but Origin with every change
    return origin is None or origin.partition("://")[2].lower() == host.lower()


def _other_name(host: str) -> Response:
    return error_handlers.answer(
        421,
        "unknown_host",
        f"expected a request under a name of this server, got {host[:100]!r}; "
        "more names are allowed by GMM_ALLOWED_HOSTS",
    )


def _other_site(site: Optional[str], origin: Optional[str]) -> Response:
    came = f"one from {origin[:100]!r}" if origin else f"a {str(site)[:20]!r} one"
    return error_handlers.answer(
        403, "other_site", f"expected a request by a page of this server, got {came}"
    )
