"""Any bytes-like object as an array that can be cut, copied without the GIL, and handed to a driver by address."""

from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


def as_bytes(data: Any) -> Bytes:
    """Its bytes, without a copy; they live as long as the array does. ValueError: they do not lie in one piece."""
    view = memoryview(data)
    if not view.c_contiguous:
        raise ValueError("the bytes lie apart: copy them into one piece")
    return np.frombuffer(view, np.uint8) if view.nbytes else np.empty(0, np.uint8)
