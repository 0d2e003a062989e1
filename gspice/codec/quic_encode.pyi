"""Making QUIC images."""

from gspice.codec.quic import QuicType

def encode(
    data: bytes | bytearray | memoryview, kind: QuicType, width: int, height: int, stride: int
) -> bytes:
    """The QUIC image of rows of pixels, top-down, ``stride`` bytes from each to the next: just libspice's bytes.

    GRAY: 1 byte; RGB16: X1R5G5B5; RGB24: B, G, R; RGB32, RGBA: 4 bytes, of which RGB32 leaves out the last.
    ValueError: no pixels, more than a QUIC image may hold, or ``data`` ends before they do. A large image is encoded
    without the GIL: ``data`` must not change meanwhile.
    """
