"""Faulty beginnings of a connection, each with the error of the server's full reply, or None for silence.

Every vector is complete: a server that has read it owes its answer, and needs no more bytes for it.
"""

import struct

from gspice.wire.link import LinkError


def header(size: int, *, magic: bytes = b"REDQ", major: int = 2, minor: int = 2) -> bytes:
    """A link header of any content."""
    return magic + struct.pack("<III", major, minor, size)


def mess(
    *,
    connection_id: int = 0,
    channel_type: int = 1,
    channel_id: int = 0,
    common: int = 0,
    channel: int = 0,
    offset: int = 18,
    words: bytes = b"",
) -> bytes:
    """A link message of any content, without its header."""
    fixed = struct.pack("<IBBIII", connection_id, channel_type, channel_id, common, channel, offset)
    return fixed + words


def link(body: bytes) -> bytes:
    """A link message behind a fitting header."""
    return header(len(body)) + body


LINK_VECTORS: list[tuple[str, bytes, LinkError | None]] = [
    ("magic of another protocol", b"RFB 003.008\n", LinkError.INVALID_MAGIC),
    ("magic in the wrong order", header(18, magic=b"QDER") + mess(), LinkError.INVALID_MAGIC),
    ("magic wrong in its last byte", b"REDq", LinkError.INVALID_MAGIC),
    ("a TLS hello on a plain port", bytes.fromhex("16030100c8010000c40303"), LinkError.INVALID_MAGIC),
    ("major 0", header(18, major=0), None),
    ("major 0 with a message", header(18, major=0) + mess(), None),
    ("major 1", header(18, major=1), LinkError.VERSION_MISMATCH),
    ("major 3", header(18, major=3), LinkError.VERSION_MISMATCH),
    ("major of all ones", header(18, major=0xFFFFFFFF), LinkError.VERSION_MISMATCH),
    ("the version is judged before the size", header(0, major=3), LinkError.VERSION_MISMATCH),
    ("size 0", header(0), LinkError.INVALID_DATA),
    ("size one short of a message", header(17), LinkError.INVALID_DATA),
    ("size one above the limit", header(4097), LinkError.INVALID_DATA),
    ("size of all ones", header(0xFFFFFFFF), LinkError.INVALID_DATA),
    ("a common capability without room", link(mess(common=1)), LinkError.INVALID_DATA),
    ("a channel capability without room", link(mess(channel=1)), LinkError.INVALID_DATA),
    ("room for one word of two", link(mess(common=1, channel=1, words=bytes(4))), LinkError.INVALID_DATA),
    ("the last word is cut", link(mess(common=1, words=bytes(3))), LinkError.INVALID_DATA),
    (
        "capabilities start in the fixed part",
        link(mess(common=1, offset=17, words=bytes(4))),
        LinkError.INVALID_DATA,
    ),
    ("capabilities at offset 0", link(mess(common=1, offset=0, words=bytes(4))), LinkError.INVALID_DATA),
    (
        "capabilities one byte too far",
        link(mess(common=1, offset=19, words=bytes(4))),
        LinkError.INVALID_DATA,
    ),
    ("capabilities at the very end", link(mess(common=1, offset=22, words=bytes(4))), LinkError.INVALID_DATA),
    ("offset of all ones", link(mess(common=1, offset=0xFFFFFFFF, words=bytes(4))), LinkError.INVALID_DATA),
    (
        "offset that wraps back into the body",
        link(mess(common=2, offset=0xFFFFFFFC, words=bytes(8))),
        LinkError.INVALID_DATA,
    ),
    ("1025 common words", link(mess(common=1025, words=bytes(4078))), LinkError.INVALID_DATA),
    ("1025 channel words", link(mess(channel=1025, words=bytes(4078))), LinkError.INVALID_DATA),
    (
        "1024 words do not fit in the limit",
        link(mess(common=1024, words=bytes(4078))),
        LinkError.INVALID_DATA,
    ),
    (
        "counts whose sum wraps to 0",
        link(mess(common=0x80000000, channel=0x80000000)),
        LinkError.INVALID_DATA,
    ),
    ("counts of all ones", link(mess(common=0xFFFFFFFF, channel=0xFFFFFFFF)), LinkError.INVALID_DATA),
    ("count whose bytes wrap to 0", link(mess(common=0x40000000)), LinkError.INVALID_DATA),
]
