"""Equality to the last bit."""

from __future__ import annotations

import numpy as np

from graddesc_xl.language.values import Array


def same_bits(left: Array, right: Array) -> bool:
    """Equal shape and equal to the last bit; one #DIV/0! is as good as another."""
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    if left.shape != right.shape:
        return False
    equal = (left.view(np.uint64) == right.view(np.uint64)) | (np.isnan(left) & np.isnan(right))
    return bool(equal.all())
