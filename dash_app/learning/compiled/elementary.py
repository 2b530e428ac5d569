"""Exponential and logarithm without branches or function calls.

The compiler vectorises a loop over these functions. It cannot vectorise a loop that calls the C
library.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dash_app.learning.compiled.compilation import inlined

_LOG2_E = 1.4426950408889634
# ln 2 = high + low. The high part has so few bits that k * high is exact for every k used here.
_LN_2_HIGH, _LN_2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_LARGEST_EXPONENT = 700.0
"""Largest |x| of `exp`. e^700 is about 1e304, close to the largest float64."""
_WHOLE = 1.5 * 2.0**52
"""The lowest bits of k + 1.5 * 2^52 are the whole number k. AVX2 has no instruction that converts
float64 to int64."""


@inlined
def exp(x: float) -> float:
    """Return e^x with a relative error of at most 1e-13; x is clamped to [-700, 700].

    Write x = k ln 2 + r with a whole k. Then e^x = 2^k e^r, and e^r is a Taylor polynomial.

    References
    ----------
    Cody and Waite (1980), Software Manual for the Elementary Functions.
    """
    x = min(max(x, -_LARGEST_EXPONENT), _LARGEST_EXPONENT)
    k = np.floor(x * _LOG2_E + 0.5)
    r = x - k * _LN_2_HIGH - k * _LN_2_LOW
    # Estrin's scheme (1960): terms in pairs do not wait for each other, as Horner's scheme does
    r2 = r * r
    r4 = r2 * r2
    low = (1.0 + r) + (0.5 + r * (1.0 / 6)) * r2
    middle = (1.0 / 24 + r * (1.0 / 120)) + (1.0 / 720 + r * (1.0 / 5040)) * r2
    high = (1.0 / 40320 + r * (1.0 / 362880)) + (1.0 / 3628800 + r * (1.0 / 39916800)) * r2
    series = low + r4 * (middle + r4 * high)
    exponent = np.float64(k + (_WHOLE + 1023.0)).view(np.int64)
    exponential: float = series * np.int64(exponent << 52).view(np.float64)  # times 2^k
    return exponential


_EXPONENT_BITS, _FRACTION = 52, (1 << 52) - 1
_ONE_BITS = 1023 << _EXPONENT_BITS
_ROOT_2 = 1.4142135623730951


@inlined
def log(x: float) -> float:
    """Return the natural logarithm of a normal float64 x > 0, relative error at most 1e-15.

    Write x = 2^k m with m near 1. Then log m = 2 artanh((m - 1) / (m + 1)), by its Taylor series.
    """
    bits = np.float64(x).view(np.int64)
    m: Any = np.int64((bits & _FRACTION) | _ONE_BITS).view(np.float64)
    k: Any = np.float64((bits >> _EXPONENT_BITS) - 1023)
    large = m > _ROOT_2
    m = 0.5 * m if large else m
    k = k + 1.0 if large else k
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = 1.0 / 19
    series = series * z + 1.0 / 17
    series = series * z + 1.0 / 15
    series = series * z + 1.0 / 13
    series = series * z + 1.0 / 11
    series = series * z + 1.0 / 9
    series = series * z + 1.0 / 7
    series = series * z + 1.0 / 5
    series = series * z + 1.0 / 3
    series = series * z + 1.0
    logarithm: float = k * _LN_2_HIGH + (k * _LN_2_LOW + 2.0 * s * series)
    return logarithm
