"""Drawing with patterns, colour keys and three inputs. Rectangles, sources and masks as in kernels.pyi.

Long calls release the GIL. ValueError: something does not fit, or a surface is to be its own source or pattern.
A pattern repeats without end; the pixel at (tile_x, tile_y) of the surface is its upper left one.
"""

from collections.abc import Collection

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Source, Surface

def tile(
    target: Surface,
    rects: Collection[Rect],
    pattern: Source,
    tile_x: int,
    tile_y: int,
    rop: int,
    mask: Source | None = None,
    mask_dx: int = 0,
    mask_dy: int = 0,
) -> None:
    """Combine the pattern with the rectangles."""

def colorkey(target: Surface, rects: Collection[Rect], source: Source, dx: int, dy: int, key: int) -> None:
    """Copy the source's pixels but for those equal to ``key``; of 32-bit pixels only the low 24 bits count."""

def rop3(
    target: Surface,
    rects: Collection[Rect],
    source: Source,
    dx: int,
    dy: int,
    code: int,
    color: int = 0,
    pattern: Source | None = None,
    tile_x: int = 0,
    tile_y: int = 0,
    mask: Source | None = None,
    mask_dx: int = 0,
    mask_dy: int = 0,
) -> None:
    """Combine pattern (or ``color``), source and destination bit by bit.

    Bit ``4 * pattern + 2 * source + destination`` of ``code`` (0 to 255) is the result.
    """
