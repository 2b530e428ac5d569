"""Compiled loops over mixtures, components and atoms.

Batches are small: about a dozen mixtures and a hundred atoms. At that size the overhead of a numpy
call exceeds its arithmetic. The first import compiles all functions, which takes a minute or two.
Later imports load the machine code from a cache.
"""

from __future__ import annotations

import importlib
import pkgutil

# all modules with the first of them: the progress of the compilation counts all functions
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
