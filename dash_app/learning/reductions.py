"""A mixture with one component fewer: dropped, or two neighbours made one."""

from __future__ import annotations

from dash_app.learning.compiled import deaths
from dash_app.learning.objective import Candidates


def reductions(candidates: Candidates) -> Candidates:
    """Return every mixture of one component fewer by a drop or a union of neighbours.

    Parameters
    ----------
    candidates : Candidates, (R, K) with K >= 2, sorted by mean

    Returns
    -------
    Candidates, (R (2 K - 1), K - 1); of each first the drops, then the unions
    """
    return Candidates(*deaths.deaths_and_merges(candidates.batch))
