"""Between one word a pixel, as the device has them, and the rows of a format. Both release the GIL."""

def packed(words: bytes, width: int, height: int, bits: int) -> bytes:
    """Rows of pixels of 1, 8, 16 or 32 bits, each without padding but to a whole byte.

    ValueError: the words are not as many as said.
    """

def widened(rows: bytes, width: int, height: int, bits: int) -> bytes:
    """The other way round; ValueError: the bytes are not as many as said."""
