"""Shared by tests and benchmarks: streams of points, server processes, crash rounds."""
