"""Compiled loops over mixtures, components and atoms.

Batches are small: about a dozen mixtures and a hundred atoms. At that size the overhead of a numpy
call exceeds its arithmetic. The first import compiles all functions, which takes a minute or two.
Later imports load the machine code from a cache.
"""
