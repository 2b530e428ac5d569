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


def _singles(*numbers: float) -> tuple[Any, ...]:
    """Return numbers in float32: one in float64 would make a whole expression float64."""
    return tuple(np.float32(number) for number in numbers)


_LOG2_E_SINGLE, _LN_2, _HALF, _ONE, _ROOT_2_SINGLE = _singles(_LOG2_E, _LN_2_HIGH, 0.5, 1, _ROOT_2)
_LEAST_SINGLE, _BIASED = _singles(-87.0, 1.5 * 2.0**23 + 127.0)
# minimises the largest relative error of 1 + r + r^2 (...) for |r| <= ln 2 / 2, which is 1.1e-7
_E2, _E3, _E4, _E5 = _singles(0.49999232, 0.16667114, 0.04189012, 0.00831253)
_L1, _L3, _L5, _L7 = _singles(2.0, 2.0 / 3, 2.0 / 5, 2.0 / 7)
_SHIFT, _BIAS, _FRACTION_SINGLE = np.int32(23), np.int32(127), np.int32((1 << 23) - 1)
_ONE_BITS_SINGLE = np.int32(127 << 23)


@inlined
def exp_single(x: Any) -> Any:
    """Return e^x in float32, relative error at most 1e-6; x is at most 88, below -87 it is -87."""
    x = max(x, _LEAST_SINGLE)
    k = np.floor(x * _LOG2_E_SINGLE + _HALF)
    r = x - k * _LN_2
    r2 = r * r
    series = (_ONE + r) + (_E2 + r * _E3) * r2 + (_E4 + r * _E5) * (r2 * r2)
    exponent = np.float32(k + _BIASED).view(np.int32)
    return series * np.int32(exponent << _SHIFT).view(np.float32)


@inlined
def log_single(x: Any) -> Any:
    """Return the natural logarithm of a normal float32 x > 0.

    The error is at most 1e-6, or 1e-6 of the logarithm if that is more.
    """
    bits = np.float32(x).view(np.int32)
    m: Any = np.int32((bits & _FRACTION_SINGLE) | _ONE_BITS_SINGLE).view(np.float32)
    k: Any = np.float32((bits >> _SHIFT) - _BIAS)
    large = m > _ROOT_2_SINGLE
    m = _HALF * m if large else m
    k = k + _ONE if large else k
    s = (m - _ONE) / (m + _ONE)
    z = s * s
    return k * _LN_2 + s * (_L1 + z * (_L3 + z * (_L5 + z * _L7)))
