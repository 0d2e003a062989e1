"""Few images in place of many slivers."""

from collections.abc import Sequence

from gspice.geometry import Rect

def merge(rects: Sequence[Rect], slack: int, limit: int) -> list[Rect]:
    """Disjoint rectangles put together where that adds no more than ``slack`` pixels, and down to ``limit``.

    What comes back covers all of ``rects``, top to bottom. Two of them may overlap in pixels that were in neither.
    """
