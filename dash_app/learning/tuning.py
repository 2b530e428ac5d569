"""The tuned numbers of the search, each with its unit and what it trades.

The modules read them at each use, so that a benchmark can change one and measure the effect.
"""

from __future__ import annotations

# -- copies of the data

COARSE_ATOMS = 256
"""Atoms of the copy that ranks candidates. More atoms rank better and take longer."""

COARSEST_ATOMS = 64
"""Atoms of the copy for segmentation, whose time grows with the square of this number. Births are
tried at their means."""

# -- narrow and broad looks

BROAD_MASS = 300.0
"""Above this mass, in points, looks are broad if there are as many components as `DEEP_COMPONENTS`
says. A broad look misses fewer optima and takes three times as long. A lower mass makes updates
slower while a person adds the first points. "Narrow and broad" below: a pair of numbers, one for
each kind of look."""

# -- moves

BIRTH_STDS = (0.05, 0.25)
"""Standard deviations of a new component, standardised units, before the floor is added."""

N_BIRTHS = (64, 256)
"""Births that a look tries, narrow and broad. More find more optima and take longer."""

N_REDUCED, N_SPLITS = 12, 8
"""Mixtures with K - 1 components that are split, and splits that a look tries."""

N_OFFSPRING = 12
"""Offspring of the known optima that a look tries."""

DEEP_COMPONENTS = (6, 16)
"""With this many components a look also removes two components and adds two. With fewer it finds
nothing more; with more it takes longer than a person waits for each point."""

N_DEEP, N_DEEP_BIRTHS = 4, 24
"""Mixtures that lose a second component, and births that follow."""

# -- ranking and refinement

N_KEPT, N_FIRST_CYCLES, N_LAST_CYCLES = (20, 80), (2, 4), (3, 16)
"""Candidates kept between two rounds of SQUAREM, and cycles of each round, narrow and broad.
Candidates with components that overlap climb slowly, and with few cycles they rank too low."""

N_KNOWN_POLISHED, N_NEW_POLISHED = 4, (4, 8)
"""Known optima that Newton's method refines, and new ones, narrow and broad. They do not compete
with each other, because known optima have had more cycles."""

REACH_NATS = 0.02
"""A candidate is refined if it is at most this far below the incumbent, nats per point."""

N_NEWTON_STEPS = 10
"""Largest number of steps of Newton's method in a look or an update."""

NEWTON_TOL = 1e-7
"""Newton's method stops at a smaller predicted gain, nats per point. Optima in the incumbent's
basin that differ less in J are the same."""

N_OPTIMA = 13
"""Optima in the archive. More optima find more by crossover and take longer."""

# -- the search from an empty archive

N_BARREN = (8, 12)
"""Looks in a row without a gain that end a search, narrow and broad; or K of them, if that is less.
More find more optima and take longer."""

MAX_WORK = 200
"""Largest number of looks times components of a search. It bounds the time with many components."""

# -- when to look

SWITCH_NATS, SWITCH_MASS = 5e-5, 1000.0
"""Least gain in J with which another optimum replaces the incumbent, nats per point. Above the
mass, in points, it falls with the root of the mass, as the noise of J does. Without it nearly equal
optima alternate."""

LOOK_NATS = (0.002, 0.0005)
"""Misfit since the last look that causes a look, nats per point of all data; first with few
components, then from `DEEP_COMPONENTS` on. A smaller one finds more optima and takes longer. Above
`SWITCH_MASS` less is enough if one increment has all of it and its noise was taken off: in nats the
bound then grows as `NEWS_EXPONENT` says. So a component of few among many points is found."""

NEWS_NATS, NEWS_EXPONENT = 0.1, 2 / 3
"""n new points add at least 0.1 n^(2/3) nats of misfit, because they may show new structure. The
noise of a sum grows as n^(1/2) and structure as n."""

N_TELLING = 32
"""Number of points of an increment from which the sum of their misfits is compared with its noise.
With fewer each point may cause a look. A smaller one takes less time and misses single outliers."""

LOOKS_PER_DOUBLING = (0.0, 2.0)
"""c: an update of n points ends when 1 + c log2(n) looks in a row are in vain; first with few
components, then from `DEEP_COMPONENTS` on. A larger one finds more optima and takes longer."""

NEW_SHARE, LARGE_SHARE = 0.5, 0.1
"""A search from an empty archive starts when the points since the last one are more than the first
share of the mass, or those of one increment more than the second. Smaller shares find more optima
and take longer."""
