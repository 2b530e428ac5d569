"""The application's use of processors."""

from __future__ import annotations

from collections.abc import Iterator

import dash
import pytest
from threadpoolctl import threadpool_info, threadpool_limits


@pytest.fixture
def two_blas_threads() -> Iterator[None]:
    """Two BLAS threads before the application is created, as on a machine with two cores."""
    with threadpool_limits(2, user_api="blas"):
        yield


def test_application_limits_blas_to_one_thread(two_blas_threads: None, app: dash.Dash) -> None:
    threads = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
    assert set(threads) == {1}
