from gspice.gpu.cpu.stroke_pen import Pen

def cost(pen: Pen, points: bytes, dashes: bytes) -> int:
    """About how many pixels and dashes ``draw`` will take."""

def draw(pen: Pen, points: bytes, dashes: bytes, offset: int) -> None:
    """Draw every other dash of a line of one pixel's width through ``points``, from ``path.flatten``.

    ``dashes`` are lengths in pixels, the first, third and so on of each round drawn; the line starts ``offset``
    pixels into them. ValueError: no dash has a length.
    """
