"""Pixels of neighbouring cells, one cell behind the other."""

def cell_pixels(
    rows: bytes, width: int, pixel_bytes: int, cell_width: int, *, ignore_high: bool
) -> list[bytes]:
    """Rows of ``width`` pixels without padding, cut into columns of ``cell_width`` or what is left: the rows of each.

    ``ignore_high``: the last byte of each pixel of 4 bytes becomes 0. ValueError: no whole rows of such pixels.
    """
