"""The screen that the desktop draws on: the guest driver's drawing calls, and a screen in memory."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from gspice.geometry import Point, Rect

Raster = npt.NDArray[np.uint8]
"""Pixels of shape (height, width, 4), bytes B G R X; X is 0 everywhere on the desktop."""


class Screen(Protocol):
    """What the desktop asks of a display driver; commands are carried out in order.

    A call for which the device has no room raises DeviceBusy, and has then drawn nothing.
    """

    def set_mode(self, width: int, height: int) -> None:
        """Make a new primary surface, with nothing on it. DoesNotFit: too large for the device."""

    def fill(self, rect: Rect, color: int) -> None:
        """``color`` is 0xRRGGBB."""

    def copy(self, rect: Rect, pixels: Raster) -> None:
        """Show pixels of exactly the size of ``rect``; they are read before the call returns."""

    def copy_bits(self, rect: Rect, src_point: Point) -> None:
        """Move pixels of the screen from ``src_point`` to ``rect``; the two places may overlap."""

    def set_cursor(
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
    ) -> None:
        """Set the pointer's shape and place; ``data`` is as SPICE lays out that kind of cursor."""

    def move_cursor(self, x: int, y: int) -> None: ...


class MemoryScreen:
    """A screen that is a numpy array: for pictures of the desktop, and for looking at what was drawn."""

    def __init__(self) -> None:
        self.pixels: Raster = np.zeros((0, 0, 4), np.uint8)
        self.cursor: tuple[int, int, int] | None = None
        """unique id, x and y of the pointer."""

    def set_mode(self, width: int, height: int) -> None:
        self.pixels = np.zeros((height, width, 4), np.uint8)

    def _part(self, rect: Rect) -> Raster:
        height, width = self.pixels.shape[:2]
        if rect.empty or not Rect(0, 0, width, height).contains(rect):
            raise ValueError(f"{rect} does not lie on the screen of {width}x{height}")
        return self.pixels[rect.top : rect.bottom, rect.left : rect.right]

    def fill(self, rect: Rect, color: int) -> None:
        self._part(rect)[:] = (color & 255, color >> 8 & 255, color >> 16 & 255, 0)

    def copy(self, rect: Rect, pixels: Raster) -> None:
        part = self._part(rect)
        if part.shape != pixels.shape:
            raise ValueError(f"{pixels.shape} pixels for {rect}")
        part[:] = pixels

    def copy_bits(self, rect: Rect, src_point: Point) -> None:
        source = self._part(Rect.sized(src_point.x, src_point.y, rect.width, rect.height)).copy()
        self._part(rect)[:] = source

    def set_cursor(
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
    ) -> None:
        if len(data) != width * height * 4:
            raise ValueError(f"{len(data)} bytes for a cursor of {width}x{height}")
        self.cursor = (unique, x, y)

    def move_cursor(self, x: int, y: int) -> None:
        if self.cursor is None:
            raise ValueError("there is no cursor to move")
        self.cursor = (self.cursor[0], x, y)
