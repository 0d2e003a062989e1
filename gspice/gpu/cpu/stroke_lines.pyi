from gspice.gpu.cpu.stroke_pen import Pen

def cost(pen: Pen, points: bytes) -> int:
    """How many pixels of a line lie in the extents of the pen's area: what ``draw`` will take, about."""

def draw(pen: Pen, points: bytes) -> None:
    """Draw a line of one pixel's width through ``points``, as ``path.flatten`` gives them.

    It has no pixel at its last point; pixels where parts of it meet or cross are drawn once for each.
    """
