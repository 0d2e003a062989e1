from gspice.gpu.plans.stroke_pen import Pen

def cost(pen: Pen, lines: list[bytes], dashes: bytes) -> int:
    """About how long ``draw`` will take, in pixels of a plain line."""

def draw(pen: Pen, lines: list[bytes], dashes: bytes, offset: int) -> None:
    """Draw every other dash of the lines that ``path.flatten`` gave, one pixel wide.

    ``dashes`` are lengths in pixels, the first, third and so on of each round drawn; each line starts ``offset``
    pixels into them. ValueError: no dash has a length.
    """
