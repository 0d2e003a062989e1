from gspice.gpu.plans.stroke_pen import Pen

def cost(pen: Pen, lines: list[bytes]) -> int:
    """How many pixels of the lines lie in the extents of the pen's area: what ``draw`` will take, about."""

def draw(pen: Pen, lines: list[bytes]) -> None:
    """Draw the lines that ``path.flatten`` gave, one pixel wide.

    A line has no pixel at its last point; pixels where parts of it meet or cross are drawn once for each.
    """
