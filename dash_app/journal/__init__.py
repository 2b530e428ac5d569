"""The operation log of a session, the fold over it, and the cache of sessions in memory."""
