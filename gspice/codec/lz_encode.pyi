"""Making LZ images."""

from gspice.codec.lz import LzType

def encode(
    data: bytes | bytearray | memoryview,
    kind: LzType,
    width: int,
    height: int,
    stride: int,
    *,
    top_down: bool = True,
) -> bytes:
    """The LZ image of rows of pixels, ``stride`` bytes from each to the next; ``top_down`` is how they are ordered.

    PLT* and A8: as they are; RGB16: X1R5G5B5; RGB24: B, G, R; RGB32, RGBA, XXXA: 4 bytes, of which RGB32 leaves out
    the last and XXXA all others. ValueError: no pixels, more than an LZ image may hold, or ``data`` ends before they
    do. A large image is encoded without the GIL: ``data`` must not change meanwhile.
    """
