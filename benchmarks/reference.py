"""Optima of J by brute force: a reference that shares no code with the learner's search.

    nice python -m benchmarks.reference [--seed S] [--output FILE] [--resume]

Each case is solved alone: up to 2,500 random starts, plain EM in numpy, and L-BFGS-B from the best
ends. After each stage of EM the worse starts are dropped. Then one to three components of the best
ends are replaced by random ones, again and again, until that gains nothing. The result is a lower
bound of the global optimum; `ends` says how many EM runs from random starts reached it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from testbed.reference import FILE, Case, cases

Array = NDArray[np.float64]
LOG_2PI = float(np.log(2.0 * np.pi))

STARTS_PER_COMPONENT, MAX_START_POINTS = 250, 1_500_000
"""Random starts: 250 K, but at most the second value divided by the number of points."""

REPLACED_SHARE, N_BARREN, MAX_ROUNDS = 0.25, 2, 12
"""Mixtures with replaced components in a round, as a share of the random starts; rounds in a row
without a gain that end a case; the largest number of rounds."""

STAGES = ((1.0, 20), (0.25, 60), (0.0625, 200), (0.0, 500))
"""Share of the starts kept and number of EM steps, in turn."""

MIN_KEPT, N_POLISHED = 32, 12
"""Least number of starts kept by a stage; number of distinct ends given to L-BFGS-B."""

BLOCK = 200_000
"""Starts x components x points of one numpy call; larger blocks leave the processor's cache."""

EQUAL_NATS, TIED_NATS = 1e-7, 1e-5
"""Ends within the first value count as one. Ends within the second of the best have reached it."""

FLOOR = 1e-4
"""Lower bound of a variance, in variances of the data."""


class Data(NamedTuple):
    """Distinct values, mean 0 and variance 1, with their masses; and the constants of J."""

    values: Array
    masses: Array
    location: float
    scale: float
    n_components: int

    @property
    def prior_variance(self) -> float:
        """s2 of J."""
        return 0.25 / self.n_components**2


class Mixtures(NamedTuple):
    """Weights, means and variances, (n_starts, n_components) each."""

    weights: Array
    means: Array
    variances: Array


def standardised(case: Case) -> Data:
    """Return the points of a case with mean 0 and variance 1."""
    values, which = np.unique(case.points, return_inverse=True)
    masses = np.bincount(which, weights=case.weights).astype(np.float64)
    location = values[0] + float(masses @ (values - values[0]) / masses.sum())
    centred = values - location
    scale = float(np.sqrt(masses @ (centred * centred) / masses.sum()))
    return Data(centred / scale, masses, location, scale, case.stream.n_components)


def random_values(data: Data, shape: Any, rng: np.random.Generator) -> Array:
    """Return values of the data: in half of the places by mass, in the others by distance."""
    by_mass = rng.choice(data.values, shape, p=data.masses / data.masses.sum())
    low, high = data.values[0], data.values[-1]
    middles = 0.5 * (data.values[1:] + data.values[:-1])
    by_distance = data.values[np.searchsorted(middles, rng.uniform(low, high, shape))]
    values: Array = np.where(rng.random(shape) < 0.5, by_mass, by_distance)
    return values


def random_starts(data: Data, n_starts: int, rng: np.random.Generator) -> Mixtures:
    """Return starts of two kinds in equal number.

    One has means at random points, standard deviations from 0.01 to 1 and random weights. The other
    has the moments of the intervals between random cuts.
    """
    shape = (n_starts // 2, data.n_components)
    free = Mixtures(
        rng.dirichlet(np.full(shape[1], 2.0), shape[0]),
        random_values(data, shape, rng),
        np.exp(rng.uniform(np.log(FLOOR), 0.0, shape)),
    )
    cuts = np.sort(random_values(data, (shape[0], shape[1] - 1), rng), axis=1)
    label = (data.values[None, :] > cuts[:, :, None]).sum(axis=1)
    member = label[:, None, :] == np.arange(shape[1])[None, :, None]
    mass, first, second = np.moveaxis(
        member @ np.stack([data.masses, data.masses * data.values, data.masses * data.values**2]).T,
        2,
        0,
    )
    empty = mass == 0
    mass = np.where(empty, 1.0, mass)
    means = np.where(empty, random_values(data, shape, rng), first / mass)
    variances = np.where(empty, data.prior_variance, second / mass - means**2)
    cut = Mixtures(mass / mass.sum(axis=1, keepdims=True), means, np.maximum(variances, 10 * FLOOR))
    return Mixtures(*(np.concatenate(pair) for pair in zip(free, cut)))


def with_replaced(
    data: Data, best: list[Mixtures], n_starts: int, rng: np.random.Generator
) -> Mixtures:
    """Return copies of good mixtures, half of them of the first, with one to three random parts."""
    parents = np.where(rng.random(n_starts) < 0.5, 0, rng.integers(len(best), size=n_starts))
    weights, means, variances = (np.stack([arrays[i] for i in parents]) for arrays in zip(*best))
    rows, n_changed = np.arange(n_starts), rng.choice([1, 2, 3], n_starts, p=[0.5, 0.3, 0.2])
    for number in range(3):
        changed = n_changed > number
        at = rng.integers(data.n_components, size=n_starts)
        weights[rows, at] = np.where(changed, rng.uniform(0.02, 0.5, n_starts), weights[rows, at])
        place = random_values(data, n_starts, rng)
        means[rows, at] = np.where(changed, place, means[rows, at])
        width = np.exp(rng.uniform(np.log(FLOOR), 0.0, n_starts))
        variances[rows, at] = np.where(changed, width, variances[rows, at])
    return Mixtures(weights / weights.sum(axis=1, keepdims=True), means, variances)


def em(data: Data, mixtures: Mixtures, n_steps: int) -> tuple[Mixtures, Array]:
    """Return the mixtures after `n_steps` steps of EM, and J before the last step."""
    n_block = max(BLOCK // (data.n_components * data.values.size), 1)
    parts = [
        _em_of_block(data, Mixtures(*(a[at : at + n_block] for a in mixtures)), n_steps)
        for at in range(0, len(mixtures.means), n_block)
    ]
    after = Mixtures(*(np.concatenate(arrays) for arrays in zip(*(part[0] for part in parts))))
    return after, np.concatenate([part[1] for part in parts])


def _em_of_block(data: Data, mixtures: Mixtures, n_steps: int) -> tuple[Mixtures, Array]:
    weights, means, variances = mixtures
    values, masses = data.values, data.masses
    powers = np.stack([np.ones(values.size), values, values * values])
    moments = np.ascontiguousarray(powers.T)
    total, s2 = masses.sum(), data.prior_variance
    shape = (*means.shape, values.size)
    objective = np.empty(0)
    for _ in range(n_steps):
        log_peaks = np.log(weights) - 0.5 * (LOG_2PI + np.log(variances) + means**2 / variances)
        quadratic = np.stack([log_peaks, means / variances, -0.5 / variances], axis=2)
        joint = (quadratic.reshape(-1, 3) @ powers).reshape(shape)
        top = joint.max(axis=1)
        joint -= top[:, None, :]
        np.exp(joint, out=joint)
        density = joint.sum(axis=1)
        penalty = 0.5 * (np.log(variances) + s2 / variances).sum(axis=1)
        objective = ((top + np.log(density)) @ masses - penalty) / total
        joint *= (masses / density)[:, None, :]
        mass, first, second = np.moveaxis(joint.reshape(-1, values.size) @ moments, 1, 0)
        mass, first, second = (a.reshape(means.shape) for a in (mass, first, second))
        mass = np.maximum(mass, 1e-100)
        means = np.where(mass > 1e-50, first / mass, means)
        scatter = np.maximum(second - mass * means**2, 0.0)
        variances = np.maximum((s2 + scatter) / (1.0 + mass), FLOOR)
        weights = mass / mass.sum(axis=1, keepdims=True)
    return Mixtures(weights, means, variances), objective


def loss_and_slope(theta: Array, data: Data) -> tuple[float, Array]:
    """Return -J and its gradient; theta has log weights, means and log variances."""
    log_weights, means, log_variances = theta.reshape(3, -1)
    log_weights = log_weights - np.logaddexp.reduce(log_weights)
    variances = np.exp(log_variances)
    distance = data.values - means[:, None]
    joint = (log_weights - 0.5 * (LOG_2PI + log_variances))[:, None] - 0.5 * (
        distance**2 / variances[:, None]
    )
    log_density = np.logaddexp.reduce(joint, axis=0)
    resp = np.exp(joint - log_density) * data.masses
    mass, n = resp.sum(axis=1), data.masses.sum()
    s2 = data.prior_variance
    value = data.masses @ log_density - 0.5 * (log_variances + s2 / variances).sum()
    slope = np.stack(
        [
            mass - n * np.exp(log_weights),
            (resp * distance).sum(axis=1) / variances,
            0.5 * ((resp * distance**2).sum(axis=1) + s2) / variances - 0.5 * (mass + 1.0),
        ]
    )
    return -float(value / n), -slope.ravel() / n


def polished(data: Data, mixtures: Mixtures, index: int) -> tuple[float, Mixtures]:
    """Return J and the mixture after L-BFGS-B from one of the mixtures."""
    start = np.stack(
        [
            np.log(np.maximum(mixtures.weights[index], 1e-12)),
            mixtures.means[index],
            np.log(mixtures.variances[index]),
        ]
    )
    n_components = data.n_components
    bounds = [(-40.0, 40.0)] * n_components + [(None, None)] * n_components
    end = minimize(
        loss_and_slope,
        start.ravel(),
        args=(data,),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds + [(float(np.log(FLOOR)), None)] * n_components,
        options={"maxiter": 5_000, "maxfun": 10_000, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 30},
    )
    log_weights, means, log_variances = end.x.reshape(3, -1)
    weights = np.exp(log_weights - np.logaddexp.reduce(log_weights))
    return -float(end.fun), Mixtures(weights, means, np.exp(log_variances))


def ends_of(data: Data, starts: Mixtures) -> tuple[Array, list[tuple[float, Mixtures]]]:
    """Return J where EM ends from the better starts, and the best distinct ends, polished."""
    reached, values, n_starts = starts, np.zeros(len(starts.means)), len(starts.means)
    for share, n_steps in STAGES:
        n_kept = max(int(share * n_starts), MIN_KEPT)
        kept = np.argsort(-values, kind="stable")[:n_kept]
        reached, values = em(data, Mixtures(*(a[kept] for a in reached)), n_steps)
    _, distinct = np.unique(np.round(-values / EQUAL_NATS), return_index=True)
    return values, [polished(data, reached, int(index)) for index in distinct[:N_POLISHED]]


def best_distinct(ends: list[tuple[float, Mixtures]]) -> list[tuple[float, Mixtures]]:
    """Return the best ends, at most one for each value of J."""
    by_value = {round(value / EQUAL_NATS): (value, mixture) for value, mixture in ends}
    return sorted(by_value.values(), key=lambda end: -end[0])[:N_POLISHED]


def solve(case: Case, seed: int) -> dict[str, Any]:
    """Return the best optimum found for a case, for the file."""
    data = standardised(case)
    rng = np.random.default_rng(seed)
    room = MAX_START_POINTS // data.values.size
    n_starts = min(STARTS_PER_COMPONENT * data.n_components, room)
    seen, ends = ends_of(data, random_starts(data, n_starts, rng))
    n_barren = 0
    for _ in range(MAX_ROUNDS):
        if n_barren == N_BARREN:
            break
        known = best_distinct(ends)
        n_replaced = max(int(REPLACED_SHARE * n_starts), MIN_KEPT)
        starts = with_replaced(data, [mixture for _, mixture in known], n_replaced, rng)
        ends = best_distinct([*known, *ends_of(data, starts)[1]])
        n_barren = 0 if ends[0][0] > known[0][0] + EQUAL_NATS else n_barren + 1
    value, best = ends[0]
    order = np.argsort(best.means, kind="stable")
    log_scale, mass = float(np.log(data.scale)), float(data.masses.sum())
    return {
        "objective": value - log_scale * (1.0 + data.n_components / mass),
        "ends": f"{(seen > value - TIED_NATS).sum()} of {seen.size}",
        **{
            name: [float(f"{number:.6g}") for number in numbers[order]]
            for name, numbers in best._asdict().items()
        },
    }


def write(path: Path, seed: int, solved: dict[str, dict[str, Any]]) -> None:
    """Write the solved cases, one a line."""
    names = [case.name for case in cases() if case.name in solved]
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(solved[name], separators=(',', ':'))}" for name in names
    )
    header = json.dumps({"command": "python -m benchmarks.reference", "seed": seed}, indent=0)
    path.write_text(f'{header[:-2]},\n"cases": {{\n{lines}\n}}\n}}\n', encoding="utf-8")


def main() -> None:
    """Solve all cases, the short ones first; the file always holds those solved so far."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reference", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the random starts")
    parser.add_argument("--output", type=Path, default=FILE, help="where the JSON goes")
    parser.add_argument("--resume", action="store_true", help="keep the cases that are there")
    arguments = parser.parse_args()
    began = time.perf_counter()
    solved: dict[str, dict[str, Any]] = {}
    if arguments.resume:
        solved = json.loads(arguments.output.read_text(encoding="utf-8"))["cases"]
    for case in sorted(cases(), key=lambda case: case.n_points):
        if case.name in solved:
            continue
        solved[case.name] = answer = solve(case, arguments.seed)
        write(arguments.output, arguments.seed, solved)
        print(
            f"{case.name:50} {answer['objective']:14.8f} reached by {answer['ends']:10} "
            f"{time.perf_counter() - began:6.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
