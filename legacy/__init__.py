"""The provided page, and the endpoints and wire format that it needs."""
