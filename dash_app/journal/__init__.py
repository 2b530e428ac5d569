"""A session as its log: operations, the fold over them, and what is kept in memory of it."""
