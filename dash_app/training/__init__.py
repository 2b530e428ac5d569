"""Training from scratch in the background, and the housekeeping that goes with it."""
