"""Online training of Gaussian mixtures against training from scratch, in the browser."""
