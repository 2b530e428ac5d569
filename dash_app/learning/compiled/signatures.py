"""Argument types of the compiled loops: named tuples for readers, signatures for numba."""

from __future__ import annotations

from typing import NamedTuple

from numba import types

from dash_app.learning.mixture import Array

b1, f8, i8, u8, void = types.b1, types.f8, types.i8, types.u8, types.void


class Atoms(NamedTuple):
    """The weighted data over which J sums.

    positions, masses, variances : ndarray, shape (n_atoms,)
        Empty masses mean masses of 1. Empty variances mean variances of 0.
    location, scale : float
        (positions - location) / scale are standardised. The variances are already standardised.
    """

    positions: Array
    masses: Array
    variances: Array
    location: float
    scale: float


ATOMS = types.NamedTuple((f8[::1], f8[::1], f8[::1], f8, f8), Atoms)


class Prior(NamedTuple):
    """The constants of J.

    weight : float, a, the number of pseudo-observations of each component's variance
    variance, floor : float, s2 and the variance floor, standardised units squared
    mass : float, n, the total mass of the atoms
    """

    weight: float
    variance: float
    floor: float
    mass: float


PRIOR = types.NamedUniTuple(f8, 4, Prior)


class Parameters(NamedTuple):
    """One mixture, (K,) each."""

    weights: Array
    means: Array
    variances: Array


PARAMETERS = types.NamedUniTuple(f8[::1], 3, Parameters)


class Batch(NamedTuple):
    """Many mixtures, (R, K) each."""

    weights: Array
    means: Array
    variances: Array


BATCH = types.NamedUniTuple(f8[:, ::1], 3, Batch)
