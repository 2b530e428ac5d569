"""Data sets, streams and the peer that the tests of the learner share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from testbed.streams import read_column


@pytest.fixture(scope="session")
def eruptions() -> NDArray[np.float64]:
    """Old Faithful's eruptions, minutes."""
    return read_column("old_faithful_eruptions.csv")


@pytest.fixture(scope="session")
def velocities() -> NDArray[np.float64]:
    """The velocities of 82 galaxies, km/s."""
    return read_column("galaxy_velocities.csv")


@pytest.fixture
def clumps() -> NDArray[np.float64]:
    """120 points in three clumps, in random order."""
    rng = np.random.default_rng(8)
    labels = rng.integers(0, 3, 120)
    return rng.normal(np.array([-0.7, 0.0, 0.6])[labels], np.array([0.05, 0.1, 0.08])[labels])


@pytest.fixture(scope="session")
def scikit_learn_mixture() -> Any:
    """The class of scikit-learn; its import takes more than a second, which few tests need."""
    from sklearn.mixture import GaussianMixture

    return GaussianMixture
