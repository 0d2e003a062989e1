"""Copying pixels of scanouts, without numpy: hosts that never hand one over do not wait for it. Releases the GIL.

ValueError: something does not fit. Targets and what is read back: shape (height, width, 4), bytes B, G, R, X.
"""

from mmap import mmap

def copy_pixels(
    source: bytes | bytearray | memoryview | mmap,
    first: int,
    step: int,
    size: int,
    places: tuple[int, int, int],
    target: memoryview,
    left: int,
    top: int,
    width: int,
    height: int,
) -> None:
    """Copy pixels of ``size`` bytes to ``target`` at (left, top).

    The first row begins at byte ``first`` of the source, each next one ``step`` bytes on, which may be negative.
    ``places``: where in a pixel blue, green and red lie; an X byte is copied from pixels of four bytes in that order.
    """

def read_pixels(source: memoryview, left: int, top: int, width: int, height: int) -> bytes:
    """A copy of a rectangle, rows without padding."""
