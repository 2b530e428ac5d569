"""What tests and benchmarks share: streams of points, server processes, crashes."""
