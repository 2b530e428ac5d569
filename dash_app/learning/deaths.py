"""Mixtures with one component fewer, by a death or by a merge of neighbours."""

from __future__ import annotations

from dash_app.learning.compiled import deaths
from dash_app.learning.objective import Candidates


def deaths_and_merges(candidates: Candidates) -> Candidates:
    """Return every mixture with one component fewer by a death or a merge of neighbours.

    Parameters
    ----------
    candidates : Candidates, (R, K) with K >= 2, sorted by mean

    Returns
    -------
    Candidates, (R (2 K - 1), K - 1); for each mixture first the deaths, then the merges
    """
    return Candidates(*deaths.deaths_and_merges(candidates.batch))
