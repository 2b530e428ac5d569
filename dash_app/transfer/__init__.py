"""A session as one JSON document, out and in: an import is checked before anything is stored."""
