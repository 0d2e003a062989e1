"""The screen that the desktop draws on: the guest driver's drawing calls, and a screen in memory."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gspice.errors import GSpiceError
from gspice.geometry import Point, Rect

Raster = npt.NDArray[np.uint8]
"""Pixels of shape (height, width, 4), bytes B G R X; X is 0 everywhere on the desktop."""


class ScreenBusyError(GSpiceError):
    """The device has no room for the command now: nothing was drawn, try again at a later tick."""


class Screen(Protocol):
    """What the desktop asks of a display driver; commands are carried out in order.

    A call that has no room raises ScreenBusyError or returns False, and has then drawn nothing. Any other value
    is success.
    """

    def set_mode(self, width: int, height: int) -> Any:
        """Make a new primary surface; what was on the old one is gone."""

    def fill(self, rect: Rect, color: int) -> Any:
        """``color`` is 0xRRGGBB."""

    def copy(self, rect: Rect, pixels: Raster) -> Any:
        """Show pixels of exactly the size of ``rect``; they are read before the call returns."""

    def copy_bits(self, rect: Rect, src_point: Point) -> Any:
        """Move pixels of the screen from ``src_point`` to ``rect``; the two places may overlap."""

    def set_cursor(  # noqa: PLR0917  the driver's order
        self,
        kind: int,
        width: int,
        height: int,
        hot: Point,
        data: bytes,
        x: int,
        y: int,
        visible: bool = True,
        unique: int = 0,
    ) -> Any:
        """Set the pointer's shape and place; ``data`` is as SPICE lays out that kind of cursor."""

    def move_cursor(self, x: int, y: int) -> Any: ...


class MemoryScreen:
    """A screen that is a numpy array: for pictures of the desktop, and for looking at what was drawn."""

    def __init__(self) -> None:
        self.pixels: Raster = np.zeros((0, 0, 4), np.uint8)
        self.cursor: tuple[int, int, int] | None = None
        """unique id, x and y of the pointer."""

    def set_mode(self, width: int, height: int) -> bool:
        self.pixels = np.zeros((height, width, 4), np.uint8)
        return True

    def _part(self, rect: Rect) -> Raster:
        height, width = self.pixels.shape[:2]
        if rect.empty or not Rect(0, 0, width, height).contains(rect):
            raise ValueError(f"{rect} does not lie on the screen of {width}x{height}")
        return self.pixels[rect.top : rect.bottom, rect.left : rect.right]

    def fill(self, rect: Rect, color: int) -> bool:
        self._part(rect)[:] = (color & 255, color >> 8 & 255, color >> 16 & 255, 0)
        return True

    def copy(self, rect: Rect, pixels: Raster) -> bool:
        part = self._part(rect)
        if part.shape != pixels.shape:
            raise ValueError(f"{pixels.shape} pixels for {rect}")
        part[:] = pixels
        return True

    def copy_bits(self, rect: Rect, src_point: Point) -> bool:
        source = self._part(Rect.sized(src_point.x, src_point.y, rect.width, rect.height)).copy()
        self._part(rect)[:] = source
        return True

    def set_cursor(  # noqa: PLR0917  the driver's order
        self,
        kind: int,
        width: int,
        height: int,
        hot: Point,
        data: bytes,
        x: int,
        y: int,
        visible: bool = True,
        unique: int = 0,
    ) -> bool:
        if len(data) != width * height * 4:
            raise ValueError(f"{len(data)} bytes for a cursor of {width}x{height}")
        self.cursor = (unique, x, y)
        return True

    def move_cursor(self, x: int, y: int) -> bool:
        if self.cursor is None:
            raise ValueError("there is no cursor to move")
        self.cursor = (self.cursor[0], x, y)
        return True
