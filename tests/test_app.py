"""The whole application: how it uses the machine."""

from __future__ import annotations

from collections.abc import Iterator

import dash
import pytest
from threadpoolctl import threadpool_info, threadpool_limits


@pytest.fixture
def two_blas_threads() -> Iterator[None]:
    """As a machine with two cores has them, before the application is made."""
    with threadpool_limits(2, user_api="blas"):
        yield


def test_blas_computes_in_the_thread_that_asks(two_blas_threads: None, app: dash.Dash) -> None:
    threads = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
    assert set(threads) == {1}
