"""Rate limits for each client address."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from typing import Optional

from dash_app.admission import client
from dash_app.errors import RateError

_MINUTE_S = 60.0
_MAX_ADDRESSES = 10_000
"""Addresses in memory; beyond this the least recently used one is dropped."""

_IPV6_NETWORK_BITS = 64
"""Prefix length of an IPv6 network that counts as one client; a household usually has a /64."""


class Rate:
    """A token bucket for each address; it holds the tokens of one minute and refills steadily."""

    def __init__(self, per_minute: Optional[int], what: str) -> None:
        self._per_minute = per_minute
        self._what = what
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, amount: int = 1) -> None:
        """Take tokens for the current client; an amount above the limit counts as the limit.

        Raises
        ------
        RateError : the client has too few tokens left
        """
        asking = client.current.get()
        if self._per_minute is None or asking is None:
            return
        limit = float(self._per_minute)
        wanted = min(float(amount), limit)
        key, now = _client_key(asking.address), time.monotonic()
        with self._lock:
            left, at = self._buckets.pop(key, (limit, now))
            left = min(limit, left + (now - at) * limit / _MINUTE_S)
            granted = left >= wanted
            self._buckets[key] = (left - wanted if granted else left, now)
            if len(self._buckets) > _MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        if not granted:
            raise RateError(
                f"expected at most {self._per_minute} {self._what} a minute from one address, "
                "got more",
                retry_after_s=math.ceil((wanted - left) * _MINUTE_S / limit),
            )


def _client_key(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
