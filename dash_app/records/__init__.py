"""Immutable values that the store keeps and everybody passes on: no storage, no web."""
