"""Compare online training of Gaussian mixtures with training from scratch, in the browser."""

__version__ = "1.0.0"
