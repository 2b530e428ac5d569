"""Online training of Gaussian mixtures against training from scratch, in the browser."""

__version__ = "1.0.0"
