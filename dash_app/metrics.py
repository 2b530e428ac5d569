"""Metrics of this process for Prometheus, at /metrics: requests, finished work, current work.

No label has text from a client: the route is a URL rule, and an unknown method is "other".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from flask import Flask, Response, g, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dash_app.sessions import Sessions

PATH = "/metrics"
UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""An update takes milliseconds; a request may wait for a training for two minutes."""


def register(server: Flask, sessions: Sessions) -> None:
    """Count all requests and serve `PATH`. Call this first: its handler starts the time."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_Work(sessions))
    requests = Counter(
        "gmm_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
    )
    durations = Histogram(
        "gmm_http_request_duration_seconds",
        "Time from the request's headers to the answer's; the body of an event stream follows.",
        ["method", "route"],
        buckets=_BUCKETS_S,
        registry=registry,
    )

    def begin() -> None:
        g.began_at = time.perf_counter()

    def count(response: Response) -> Response:
        method = request.method if request.method in _METHODS else "other"
        route = UNMATCHED if request.url_rule is None else request.url_rule.rule
        requests.labels(method, route, response.status_code).inc()
        durations.labels(method, route).observe(time.perf_counter() - g.began_at)
        return response

    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    server.before_request(begin)
    server.after_request(count)
    server.add_url_rule(PATH, "metrics", metrics)


class _Work(Collector):
    """The finished and current work of the sessions, read at each scrape."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def collect(self) -> Iterator[Metric]:
        work = self._sessions.work()
        operations = CounterMetricFamily(
            "gmm_operations", "Operations appended to logs; a click is an add.", labels=["kind"]
        )
        for kind, n in work.operations.items():
            operations.add_metric([kind], n)
        yield operations
        trainings = CounterMetricFamily(
            "gmm_trainings", "Trainings from scratch that ended.", labels=["method", "outcome"]
        )
        for (method, outcome), n in work.trainings.items():
            trainings.add_metric([method, outcome], n)
        yield trainings
        yield _gauge("gmm_trainings_running", "Running trainings from scratch.", work.n_running)
        yield _gauge("gmm_trainings_queued", "Queued trainings from scratch.", work.n_queued)
        yield _gauge("gmm_requests_waiting", "Requests that wait for their turn.", work.n_waiting)
        yield _gauge("gmm_event_streams", "Open event streams.", work.n_streams)
        yield _gauge("gmm_sessions_in_memory", "Sessions kept in memory.", work.n_sessions)
        yield _gauge("gmm_threads", "Threads that Python knows.", threading.active_count())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
