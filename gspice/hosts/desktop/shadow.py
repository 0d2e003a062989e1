"""The soft shadow around a window: dark where a blurred rectangle of the window's size would be."""

from functools import lru_cache
from math import erf

import numpy as np
import numpy.typing as npt

from gspice.geometry import Rect
from gspice.hosts.desktop import theme
from gspice.hosts.desktop.screen import Raster

_ONE = 1024
"""Full strength of one profile."""


def shadow_bounds(rect: Rect) -> Rect:
    """All that a window at ``rect`` and its shadow touch."""
    reach = theme.SHADOW
    return Rect(
        rect.left - reach,
        rect.top - reach + theme.SHADOW_DROP,
        rect.right + reach,
        rect.bottom + reach + theme.SHADOW_DROP,
    )


@lru_cache(maxsize=32)
def _profile(length: int) -> npt.NDArray[np.int64]:
    """Strength along one axis, from ``SHADOW`` before a side of that length to ``SHADOW`` behind it."""
    sigma = theme.SHADOW / 2.3

    def edge(distance: float) -> float:
        return 0.5 * (1 + erf(distance / (sigma * 2**0.5)))

    places = [index + 0.5 - theme.SHADOW for index in range(length + 2 * theme.SHADOW)]
    strengths = [edge(place) * edge(length - place) for place in places]
    return np.array([round(strength * _ONE) for strength in strengths], np.int64)


def cast_shadow(target: Raster, area: Rect, rect: Rect, piece: Rect) -> None:
    """Darken the part ``piece`` of ``target``, which shows ``area``, by the shadow of ``rect``."""
    bounds = shadow_bounds(rect)
    seen = piece.intersect(area).intersect(bounds)
    if seen.empty:
        return
    across = _profile(rect.width)[seen.left - bounds.left : seen.right - bounds.left]
    down = _profile(rect.height)[seen.top - bounds.top : seen.bottom - bounds.top]
    dark = (down[:, None] * across[None, :] * round(theme.SHADOW_STRENGTH * 256)) >> 20
    view = target[
        seen.top - area.top : seen.bottom - area.top, seen.left - area.left : seen.right - area.left
    ]
    lit = (256 - dark[:, :, None]).astype(np.uint16)
    view[:] = ((view * lit + 128) >> 8).astype(np.uint8)
