"""GLZ images: LZ with matches into the images before, as far as they are in a window of pixels."""

from typing import NamedTuple

from gspice.codec.lz import LzType

class GlzHeader(NamedTuple):
    """What a stream says of its image. ``stride`` is that of the rows that decode() gives.

    ``win_head_dist``: how many ids before its own the oldest image has that later ones may still refer to.
    """

    type: LzType
    width: int
    height: int
    top_down: bool
    stride: int
    id: int
    win_head_dist: int

class DecodedRows(NamedTuple):
    """An image: rows without padding, in the order that the header says."""

    header: GlzHeader
    data: bytes

def parse_header(data: bytes | bytearray | memoryview) -> GlzHeader:
    """The header of a stream; CodecError where it is none, or of an image without pixels."""

class GlzWindow:
    """A client's end of the dictionary. Not thread-safe: one window for each channel that has its own images.

    Every image that the server sends must be decoded, in the order of arrival, drawn or not. ``max_pixels`` is what
    the client has announced to the server: a window of more is a CodecError.
    """

    def __init__(self, max_pixels: int) -> None: ...
    @property
    def max_pixels(self) -> int: ...
    @property
    def pixels(self) -> int:
        """Pixels of all images that are kept."""

    def __len__(self) -> int:
        """Images that are kept."""

    def decode(self, data: bytes | bytearray | memoryview, max_bytes: int) -> DecodedRows:
        """The next image, which is then kept for those to come.

        RGB16: X1R5G5B5; RGB24, RGB32, RGBA: B, G, R, and A or 0. CodecError: malformed, too short, too long, of more
        than ``max_bytes``, or in need of an image that is not in the window; no later one can then be relied on.
        """
