"""Pictures of surfaces as PNG files."""

import io
from pathlib import Path

from PIL import Image

from gspice.hosts.whole_file import write_whole
from gspice.pixels import Pixels, SurfaceFormat


def write_png(path: Path, pixels: Pixels) -> None:
    """Write 32-bit pixels as an RGB PNG, whole or not at all.

    ConfigError where the file cannot be written; ValueError for other formats.
    """
    if pixels.format not in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32):
        raise ValueError(f"no PNG of {pixels.format.name} pixels")
    image = Image.frombuffer(
        "RGB", (pixels.width, pixels.height), pixels.data, "raw", "BGRX", pixels.stride, 1
    )
    data = io.BytesIO()
    image.save(data, format="PNG")
    write_whole(path, data.getvalue(), "the picture")
