"""Making JPEG images, and those whose alpha channel lies behind the JPEG file.

Pillow does the work, with libjpeg's defaults, as libspice does: colours at half the resolution unless all of them are
asked for, one pass, no metadata. It is loaded with the first image, for most servers send none.
"""

import os
from typing import TYPE_CHECKING

from gspice.codec import lz_encode
from gspice.codec.lz import LzType
from gspice.errors import ConfigError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE = 65500
"""Pixels of a row or a column; libjpeg makes no more."""
QUALITIES = range(1, 101)
PIXEL_BYTES = 4
FULL_CHROMA, HALF_CHROMA = 0, 2
"""Pillow's numbers of 4:4:4 and 4:2:0."""


def load() -> None:
    """Load what encode() needs, for where it may be out of reach later. ConfigError: it is not there."""
    try:
        from PIL import Image, JpegImagePlugin  # noqa: F401, PLC0415
    except ImportError as error:
        raise ConfigError(f"JPEG images need Pillow: install it, or turn them off ({error})") from error
    # Saving the first image would load these formats as well.
    Image.preinit()


def encode(
    data: bytes | bytearray | memoryview,
    width: int,
    height: int,
    stride: int,
    quality: int,
    *,
    full_chroma: bool = False,
) -> bytes:
    """The JPEG file of rows of B, G, R, X, top-down; ``quality`` is libjpeg's, 1 to 100; ``full_chroma``: 4:4:4.

    ValueError: no pixels, more than a file can have, another quality, or ``data`` ends before its rows do.
    ConfigError as from load(); OSError: no file may be opened. It works without the GIL: ``data`` must not change
    meanwhile.
    """
    pixels = memoryview(data).cast("B")
    _check(len(pixels), width, height, stride, quality)
    return _file(_image(pixels, width, height, stride), quality, FULL_CHROMA if full_chroma else HALF_CHROMA)


def encode_alpha(
    data: bytes | bytearray | memoryview, width: int, height: int, stride: int, quality: int
) -> tuple[bytes, int]:
    """A JPEG file of rows of B, G, R, A with the alpha channel behind it, top-down; and the bytes of the file alone.

    Errors as from encode().
    """
    file = encode(data, width, height, stride, quality)
    return file + lz_encode.encode(data, LzType.XXXA, width, height, stride), len(file)


def _image(pixels: memoryview, width: int, height: int, stride: int) -> "Image":
    load()
    from PIL.Image import frombytes  # noqa: PLC0415

    return frombytes("RGB", (width, height), pixels, "raw", "BGRX", stride, 1)


def _file(image: "Image", quality: int, subsampling: int) -> bytes:
    # Pillow encodes without the GIL where it can write to a file of the system's, and only there.
    with open(os.memfd_create("jpeg"), "w+b", buffering=0) as file:
        image.save(file, "JPEG", quality=quality, subsampling=subsampling)
        file.seek(0)
        return file.read()


def _check(size: int, width: int, height: int, stride: int, quality: int) -> None:
    if not 0 < width <= MAX_SIDE or not 0 < height <= MAX_SIDE:
        raise ValueError(f"JPEG image of {width}x{height} pixels: sides go from 1 to {MAX_SIDE}")
    row = width * PIXEL_BYTES
    if stride < row:
        raise ValueError(f"JPEG image with {stride} bytes from row to row, and {row} in each")
    if stride * (height - 1) + row > size:
        raise ValueError(f"JPEG image of {height} rows of {stride} bytes: there are {size} bytes")
    if quality not in QUALITIES:
        raise ValueError(f"JPEG image of quality {quality}: it goes from 1 to 100")
