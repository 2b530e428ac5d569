"""Benchmarks: `python -m benchmarks.learner`, `.http`, `.page`, `.hold` and `.malformed`."""
