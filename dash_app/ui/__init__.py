"""The Dash page: `layout` builds it, `callbacks` connects it to the sessions."""
