"""What pixman draws: compositing with operators, transforms and filters, over the canvas's own memory.

Formats are SurfaceFormat numbers. ValueError: something does not fit; MemoryError: none left.
"""

from collections.abc import Collection

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Source, Surface

class Picture:
    """Pixels for pixman to read, kept alive; a source that pixman cannot read as it lies is copied.

    ``part``: what of a source is needed, if only a part is; (``left``, ``top``) is then where the picture's own
    (0, 0) lies in the source. A fresh picture is not transformed, has nothing around it and is sampled nearest.
    """

    left: int
    top: int
    def __init__(self, pixels: Surface | Source, form: int, part: Rect | None = None) -> None: ...
    def transform(self, t00: int, t01: int, t02: int, t10: int, t11: int, t12: int) -> None:
        """Where a pixel is read, from where it is drawn: 16.16 fixed point, as in RENDER."""
    def sample(self, repeat: int, filtering: int) -> None:
        """Repeat NONE 0, NORMAL 1, PAD 2, REFLECT 3; filter FAST 0, GOOD 1, BEST 2, NEAREST 3, BILINEAR 4."""
    def component_alpha(self, wanted: bool) -> None:
        """Whether a mask has one alpha for each channel."""

def composite(
    op: int,
    src: Picture,
    target: Surface,
    form: int,
    rects: Collection[Rect],
    dest: Rect,
    *,
    src_x: int = 0,
    src_y: int = 0,
    mask: Picture | None = None,
    mask_x: int = 0,
    mask_y: int = 0,
    alpha: int = 255,
) -> None:
    """PIXMAN_OP_* into ``dest`` of a surface that is read and written as of format ``form``.

    Only ``rects`` are touched. Without a mask ``alpha`` counts as one of that value everywhere. Releases the GIL.
    """

def is_operator(op: int) -> bool:
    """Whether pixman has an operator of this number."""
