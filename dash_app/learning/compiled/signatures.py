"""The types of what the compiled loops take: named tuples for readers, signatures for numba."""

from __future__ import annotations

from typing import NamedTuple

from numba import types

from dash_app.learning.mixture import Array

b1, f8, i8, void = types.b1, types.f8, types.i8, types.void


class Atoms(NamedTuple):
    """What J is a sum over.

    positions, masses, variances : ndarray, shape (n_atoms,)
        Empty masses stand for masses of 1, empty variances for variances of 0.
    location, scale : float
        (positions - location) / scale are standardised; variances are standardised already.
    """

    positions: Array
    masses: Array
    variances: Array
    location: float
    scale: float


ATOMS = types.NamedTuple((f8[::1], f8[::1], f8[::1], f8, f8), Atoms)


class Prior(NamedTuple):
    """What J is made of beside the atoms.

    weight : float, pseudo-observations of each component's variance
    variance, floor : float, their variance and the variance floor, standardised units
    mass : float, n of J
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
