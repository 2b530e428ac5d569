"""The Dash page: `layout` builds it, `callbacks` connects it with the sessions."""
