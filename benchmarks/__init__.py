"""The project's own figures: `python -m benchmarks.learner`, `.http`, `.page`."""
