"""One stream learned online and from scratch, with the time of each update."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from dash_app.learning import OnlineGaussianMixture, fit_from_scratch
from dash_app.learning.mixture import Array
from testbed.streams import Stream


class TooSlowError(Exception):
    """A run took longer than its limit."""


@dataclass(frozen=True, eq=False)
class Run:
    """J at each prefix, online and from scratch, and the time of each update."""

    online: Array
    scratch: Array
    update_s: Array
    seconds: float


def run(stream: Stream, prefixes: list[int], limit_s: float) -> Run:
    """Learn a stream point by point; raise TooSlowError between two steps after `limit_s`."""
    began = time.thread_time()

    def check() -> None:
        if time.thread_time() - began > limit_s:
            raise TooSlowError

    learner = OnlineGaussianMixture(stream.n_components)
    online, scratch, update_s = [], [], []
    for n_points, x in enumerate(stream.points.tolist(), start=1):
        start = time.thread_time()
        learner.partial_fit([x], check)
        update_s.append(time.thread_time() - start)
        if n_points in prefixes:
            online.append(learner.objective)
            points = stream.points[:n_points]
            scratch.append(fit_from_scratch(points, stream.n_components, on_step=check).objective)
        check()
    seconds = time.thread_time() - began
    return Run(np.array(online), np.array(scratch), np.array(update_s), seconds)
