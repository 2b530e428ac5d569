"""Immutable values that the store keeps; they know nothing of storage or the web."""
