"""Export and import of a session as one JSON document; an import is checked before it is stored."""
