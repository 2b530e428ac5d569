"""Comparisons of two models on the points of a session, kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Optional, Union

from dash_app.learning import Comparison, compare
from dash_app.learning.mixture import Array
from dash_app.records.versions import ModelVersion

_N_KEPT = 20_000
"""Comparisons kept in memory, over all sessions."""


class Comparisons:
    """Compares models; a comparison is kept, because models never change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Union[str, float], ...], Comparison] = OrderedDict()

    def compare(
        self,
        session_id: str,
        online: ModelVersion,
        scratch: ModelVersion,
        points: Array,
        weights: Optional[Array],
    ) -> Comparison:
        """Compare two models of a session on the weighted points of the online model."""
        # the times are in the key: a deleted session may be imported again from an older export
        models = (online.number, online.created_at, scratch.number, scratch.created_at)
        key = (session_id, *models)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = compare(online.mixture, scratch.mixture, points, weights)
            with self._lock:
                self._known[key] = known
                if len(self._known) > _N_KEPT:
                    self._known.popitem(last=False)
        return known
