"""Compiled loops over mixtures, components and atoms.

Batches are small, a dozen mixtures and a hundred atoms: a call of numpy would take longer than its
arithmetic. The first import compiles the functions, which takes a minute. The machine code is kept
for later imports.
"""
