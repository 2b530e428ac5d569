"""The provided page and what it asks of a server: its endpoints at the root, its wire format."""
