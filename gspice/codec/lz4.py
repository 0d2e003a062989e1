"""SPICE LZ4 images: rows of a bitmap as blocks of one chained LZ4 stream.

Payload: u8 top-down, u8 bitmap format, then per chunk a big-endian u32 length and that many bytes of LZ4
block. A chunk may refer to what the chunks before it gave, wherever they end. Rows have no padding.
"""

import struct
from typing import NamedTuple

import lz4.block

from gspice.errors import ProtocolError
from gspice.pixels import BitmapFormat, row_bytes

FORMATS = frozenset({BitmapFormat.RGB555, BitmapFormat.RGB24, BitmapFormat.XRGB32, BitmapFormat.ARGB32})
"""What clients decode from LZ4; other bitmaps must go another way."""

MAX_IMAGE_BYTES = 1 << 29
"""Pixels of one image: above any real desktop (16384x8192 of 32 bits), below what starves the process."""
_WINDOW = 1 << 16
"""How far back an LZ4 match can reach."""
_MAX_RATIO = 255
"""No byte of an LZ4 block stands for more bytes of output: longer lengths take a byte for every 255."""

_HEADER = struct.Struct("BB")
_LENGTH = struct.Struct(">I")


class DecodedRows(NamedTuple):
    """What an LZ4 image held: rows without padding, in the order that ``top_down`` says."""

    format: BitmapFormat
    top_down: bool
    rows: bytes


def encode(
    rows: bytes | memoryview,
    stride: int,
    width: int,
    height: int,
    bitmap_format: BitmapFormat,
    *,
    top_down: bool,
) -> bytes:
    """The payload for rows of ``stride`` bytes, whose padding is left out; ValueError where they do not fit.

    It may be longer than the rows: the caller then sends them raw.
    """
    if bitmap_format not in FORMATS:
        raise ValueError(f"{bitmap_format.name} bitmaps cannot be sent as LZ4")
    row = row_bytes(width, bitmap_format.bits_per_pixel)
    view = memoryview(rows).cast("B")
    if width <= 0 or height <= 0 or stride < row or len(view) < stride * (height - 1) + row:
        raise ValueError(f"{len(view)} bytes with stride {stride} for {height} rows of {row} bytes")
    tight: bytes | memoryview = view[: row * height]
    if stride != row:
        tight = b"".join(view[y * stride : y * stride + row] for y in range(height))
    block = lz4.block.compress(tight, store_size=False)
    return b"".join((_HEADER.pack(top_down, bitmap_format), _LENGTH.pack(len(block)), block))


def decode(
    payload: bytes | memoryview, width: int, height: int, max_bytes: int = MAX_IMAGE_BYTES
) -> DecodedRows:
    """The rows of an image of this size; ProtocolError where the payload is not one.

    Memory is taken for no more than the image needs and the payload could fill.
    """
    view = memoryview(payload).cast("B")
    if len(view) < _HEADER.size:
        raise ProtocolError(f"LZ4 image of {len(view)} bytes has no header")
    top_down, number = _HEADER.unpack_from(view)
    if number not in FORMATS:
        raise ProtocolError(f"LZ4 image of bitmap format {number}")
    if width <= 0 or height <= 0:
        raise ProtocolError(f"LZ4 image of {width}x{height} pixels")
    bitmap_format = BitmapFormat(number)
    size = row_bytes(width, bitmap_format.bits_per_pixel) * height
    if size > max_bytes:
        raise ProtocolError(f"LZ4 image of {size} bytes, more than {max_bytes}")
    if size > len(view) * _MAX_RATIO:
        raise ProtocolError(f"{len(view)} bytes of LZ4 cannot hold an image of {size}")
    return DecodedRows(bitmap_format, bool(top_down), _inflate(view[_HEADER.size :], size))


def _inflate(chunks: memoryview, size: int) -> bytes:
    block, at = _chunk(chunks, 0)
    if at == len(chunks):
        part = _block(block, memoryview(b""), size)
        if len(part) != size:
            raise ProtocolError(f"LZ4 image holds {len(part)} bytes of {size}")
        return part
    rows = memoryview(bytearray(size))
    done = at = 0
    while at < len(chunks):
        block, at = _chunk(chunks, at)
        part = _block(block, rows[max(0, done - _WINDOW) : done], size - done)
        rows[done : done + len(part)] = part
        done += len(part)
    if done != size:
        raise ProtocolError(f"LZ4 image holds {done} bytes of {size}")
    return bytes(rows)


def _chunk(chunks: memoryview, at: int) -> tuple[memoryview, int]:
    """The block of the chunk at ``at``, and where the next one begins."""
    start = at + _LENGTH.size
    if start > len(chunks):
        raise ProtocolError("LZ4 image ends within the length of a chunk")
    (length,) = _LENGTH.unpack_from(chunks, at)
    if length > len(chunks) - start:
        raise ProtocolError(f"LZ4 chunk of {length} bytes, only {len(chunks) - start} are there")
    return chunks[start : start + length], start + length


def _block(block: memoryview, before: memoryview, room: int) -> bytes:
    try:
        part = bytes(
            lz4.block.decompress(block, uncompressed_size=min(room, len(block) * _MAX_RATIO), dict=before)
        )
    except (lz4.block.LZ4BlockError, ValueError) as error:
        raise ProtocolError(f"LZ4 chunk of {len(block)} bytes: {error}") from error
    if not part:
        raise ProtocolError("LZ4 chunk without pixels")
    return part
