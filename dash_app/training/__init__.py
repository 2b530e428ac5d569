"""Training from scratch in the background, and maintenance of the store."""
