"""A server process: port, connections, start and shutdown."""
