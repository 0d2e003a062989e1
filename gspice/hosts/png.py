"""Pictures of surfaces as PNG files."""

from pathlib import Path

from PIL import Image

from gspice.errors import ConfigError
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
    part = path.with_name(path.name + ".part")
    try:
        image.save(part, format="PNG")
        part.rename(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot write the picture: {error.strerror or error}") from error
