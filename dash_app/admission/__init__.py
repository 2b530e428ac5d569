"""Who works, who waits and for how long, and how much one client may ask for.

Requests bear a client; the server's own threads have none and are never refused.
"""
