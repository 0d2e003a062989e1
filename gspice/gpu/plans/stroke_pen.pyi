from collections.abc import Collection

from gspice.geometry import Rect

class Pen:
    """What lines are drawn with: where, and by which rop; what becomes of the spans is its subclass's affair.

    ``area``: disjoint rectangles inside a surface of ``width`` by ``height`` pixels, banded as ``Region.rects``
    gives them.
    """

    def __init__(self, width: int, height: int, area: Collection[Rect], rop: int) -> None:
        """ValueError: the area or the rop is not as said."""
    def fill(self) -> None:
        """Draw the whole area."""

class RecordingPen(Pen):
    """A pen that draws nothing and notes where it would have drawn."""

    def boxes(self) -> bytes:
        """What was drawn, in order: x1, y1, x2, y2 as native 32-bit integers for each box.

        Spans that follow one another and make a rectangle are one box. Boxes may overlap where the pen drew twice.
        16 bytes a pixel at most, so bound what is drawn first. MemoryError: there was no memory for them.
        """
