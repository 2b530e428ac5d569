"""A server process: its port, its connections, its start and its end."""
