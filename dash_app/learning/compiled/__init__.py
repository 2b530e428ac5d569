"""Compiled loops: what runs a thousand times for one answer, without Python in between.

Batches are small here (a dozen mixtures, a hundred atoms), so that calling numpy takes longer than
its arithmetic. The functions are compiled when they are first imported, once for each version of
them, which takes a minute.
"""
