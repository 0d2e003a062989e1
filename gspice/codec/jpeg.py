"""JPEG images, and those with an alpha channel of their own behind the JPEG file.

The work is done by Pillow, which is libjpeg-turbo with a fuzzed wrapper. It sees only the segments that decoding
needs: the rest of a JPEG file (Exif, colour profiles, further pictures) means nothing to SPICE, and its parsers
are none of a network peer's business.
"""

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from gspice.codec import lz
from gspice.codec.errors import CodecError

if TYPE_CHECKING:
    from PIL.JpegImagePlugin import JpegImageFile

MAX_SCANS = 64
"""Servers send one, files for the web a dozen. Each makes the decoder go over all pixels, in a few bytes of file."""
MOST_PIXELS_PER_BYTE = 8192
"""A block of 8x8 pixels takes a bit at least, and a file of the oddest sampling has one for each 16 such blocks."""
PIXEL_BYTES = 4

_SOI, _EOI, _SOS, _DRI, _DQT, _DHT, _APP0, _APP14 = 0xD8, 0xD9, 0xDA, 0xDD, 0xDB, 0xC4, 0xE0, 0xEE
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, in Huffman codes of 8-bit samples."""
_OTHER_FRAMES = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_NEEDED = frozenset({_DQT, _DHT, _DRI, _APP0, _APP14, _SOS}) | _FRAMES
_RESTARTS = range(0xD0, 0xD8)
_MODES = ("RGB", "L")

_LENGTH = struct.Struct(">H")
_FRAME = struct.Struct(">BHH")


class _Segment(NamedTuple):
    marker: int
    bytes: memoryview
    """From the marker on; of a scan, the coded pixels as well."""


def decode(data: bytes | memoryview, width: int, height: int, max_bytes: int) -> bytes:
    """The rows of a JPEG file: B, G, R, 0, top-down, without padding.

    CodecError: it is malformed, or not of this size, or would take more than ``max_bytes``.
    """
    size = width * height * PIXEL_BYTES
    if width <= 0 or height <= 0 or size > max_bytes:
        raise CodecError(f"JPEG image of {width}x{height} pixels: {size} bytes of {max_bytes} allowed")
    if width * height > len(data) * MOST_PIXELS_PER_BYTE:
        raise CodecError(f"{len(data)} bytes of JPEG cannot hold an image of {width}x{height}")
    file = io.BytesIO(_plain_file(memoryview(data).cast("B"), width, height))
    try:
        with _open(file) as image:
            if image.size != (width, height) or image.mode not in _MODES:
                raise CodecError(
                    f"JPEG image of {image.size} pixels in {image.mode}, not {width}x{height} in RGB"
                )
            image.load()
            return (image if image.mode == "RGB" else image.convert("RGB")).tobytes("raw", "BGRX")
    except (OSError, SyntaxError, ValueError, IndexError, struct.error) as error:
        raise CodecError(f"JPEG image of {width}x{height} pixels: {error}") from error


def _open(file: io.BytesIO) -> "JpegImageFile":
    # Clients get such images all the time, servers from no driver there is: they do without the time and memory.
    try:
        from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415
    except ImportError as error:  # a host that has gone where Python's packages are not
        raise CodecError(f"JPEG images need Pillow, and it cannot be loaded any more: {error}") from error
    return JpegImageFile(file)


def decode_alpha(
    data: bytes | memoryview, jpeg_size: int, top_down: bool, width: int, height: int, max_bytes: int
) -> bytes:
    """The rows of a JPEG file of ``jpeg_size`` bytes and, behind it, its alpha: B, G, R, A, top-down.

    ``top_down``: how the rows of the alpha channel are ordered. CodecError as from decode().
    """
    view = memoryview(data).cast("B")
    if not 0 < jpeg_size < len(view):
        raise CodecError(f"JPEG of {jpeg_size} bytes with alpha in {len(view)} bytes")
    alpha = view[jpeg_size:]
    header = lz.parse_header(alpha)
    if header.type is not lz.LzType.XXXA or (header.width, header.height) != (width, height):
        raise CodecError(
            f"alpha of a JPEG of {width}x{height} pixels: {header.type.name} of {header.width}x{header.height}"
        )
    if header.top_down != top_down:
        raise CodecError("alpha of a JPEG: its header and the image disagree on the order of the rows")
    pixels = bytearray(decode(view[:jpeg_size], width, height, max_bytes))
    plane = bytes(lz.decode(alpha, max_bytes))
    if not top_down:
        plane = b"".join([plane[start : start + width] for start in range(len(plane) - width, -1, -width)])
    pixels[3::PIXEL_BYTES] = plane
    return bytes(pixels)


def _plain_file(data: memoryview, width: int, height: int) -> bytes:
    """The file with nothing but what decoding needs; CodecError where it is not of that size."""
    parts: list[bytes | memoryview] = [bytes((0xFF, _SOI))]
    frames = scans = 0
    for segment in _segments(data):
        if segment.marker in _FRAMES:
            frames += 1
            _check_frame(segment.bytes[4:], width, height)
        elif segment.marker in _OTHER_FRAMES:
            raise CodecError(f"JPEG image with a frame of type {segment.marker:#x}")
        elif segment.marker == _SOS:
            scans += 1
        if segment.marker in _NEEDED:
            parts.append(segment.bytes)
    if frames != 1 or not 0 < scans <= MAX_SCANS:
        raise CodecError(f"JPEG image with {frames} frames and {scans} scans")
    parts.append(bytes((0xFF, _EOI)))
    return b"".join(parts)


def _check_frame(frame: memoryview, width: int, height: int) -> None:
    if len(frame) < _FRAME.size:
        raise CodecError(f"JPEG image with a frame header of {len(frame)} bytes")
    bits, rows, columns = _FRAME.unpack_from(frame)
    if (bits, columns, rows) != (8, width, height):
        raise CodecError(
            f"JPEG image of {columns}x{rows} pixels and {bits} bits, not of {width}x{height} and 8"
        )


def _segments(data: memoryview) -> Iterator[_Segment]:
    """The segments of a file, from SOI to EOI; CodecError where it is not made of such."""
    if bytes(data[:2]) != bytes((0xFF, _SOI)):
        raise CodecError(f"JPEG image that begins with {bytes(data[:4]).hex() or 'nothing'}")
    whole = bytes(data)
    at = 2
    while at < len(data):
        start = at
        # Any number of 0xff bytes may stand before a marker.
        while at < len(data) and data[at] == 0xFF:
            at += 1
        if at == start or at == len(data):
            raise CodecError(f"JPEG image without a marker at byte {start}")
        marker = data[at]
        at += 1
        if marker == _EOI:
            return
        if at + _LENGTH.size > len(data):
            raise CodecError(f"JPEG image that ends within a segment of type {marker:#x}")
        (length,) = _LENGTH.unpack_from(data, at)
        if length < _LENGTH.size or at + length > len(data):
            raise CodecError(
                f"JPEG image with a segment of type {marker:#x} and {length} bytes at byte {start}"
            )
        first = at - 2
        at += length
        if marker == _SOS:
            at = _end_of_scan(whole, at)
        yield _Segment(marker, data[first:at])
    raise CodecError(f"JPEG image of {len(data)} bytes has no end")


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the coded pixels that begin at ``at`` end: at the first marker that is none of theirs."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 == len(data):
            return len(data)
        if data[at + 1] != 0 and data[at + 1] not in _RESTARTS:
            return at
        at += 2
