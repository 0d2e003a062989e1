"""Paths, strings of glyphs, clip rectangles: the arrays of guest memory that recordings hold as raw bytes.

Both ways. Reading raises GuestError for what a guest got wrong.
"""

import struct

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.qxl.ops import Glyph, PathSegment
from gspice.qxl.recording_events import MAX_CLIP_RECTS

_SEGMENT = struct.Struct("<II")
_RECT = struct.Struct("<4i")
_GLYPH = struct.Struct("<4iHH")
_GLYPH_BITS = {1: 1, 2: 4, 4: 8}
"""Bits of one glyph pixel by the raster flags A1, A4, A8."""
RASTER_FLAGS = 7
TRANSFORM = struct.Struct("<6i")


def read_path(data: bytes) -> tuple[PathSegment, ...]:
    """The segments of a path. Bytes at its end that cannot hold a segment are padding."""
    segments: list[PathSegment] = []
    offset = 0
    while len(data) - offset >= _SEGMENT.size:
        flags, count = _SEGMENT.unpack_from(data, offset)
        offset += _SEGMENT.size
        if count * 8 > len(data) - offset:
            raise GuestError(f"path segment {len(segments)}: {count} points in {len(data) - offset} bytes")
        numbers = struct.unpack_from(f"<{2 * count}i", data, offset)
        segments.append(PathSegment(flags, tuple(zip(numbers[::2], numbers[1::2], strict=True))))
        offset += count * 8
    return tuple(segments)


def write_path(path: tuple[PathSegment, ...]) -> bytes:
    """The bytes of a path."""
    parts = []
    for segment in path:
        numbers = [_signed(value) for point in segment.points for value in point]
        parts.append(_SEGMENT.pack(segment.flags, len(segment.points)))
        parts.append(struct.pack(f"<{len(numbers)}i", *numbers))
    return b"".join(parts)


def read_string(data: bytes, length: int, flags: int) -> tuple[Glyph, ...]:
    """The glyphs of a string, ``length`` of them."""
    bits = _GLYPH_BITS.get(flags & RASTER_FLAGS)
    if bits is None:
        raise GuestError(f"string: flags {flags:#x} name no glyph format")
    glyphs: list[Glyph] = []
    offset = 0
    while offset < len(data):
        if len(data) - offset < _GLYPH.size:
            raise GuestError(
                f"glyph {len(glyphs)}: its head does not fit the {len(data) - offset} bytes left"
            )
        x, y, origin_x, origin_y, width, height = _GLYPH.unpack_from(data, offset)
        offset += _GLYPH.size
        size = (width * bits + 7) // 8 * height
        if size > len(data) - offset:
            raise GuestError(
                f"glyph {len(glyphs)}: {width}x{height} take {size} of {len(data) - offset} bytes"
            )
        if len(glyphs) == length:
            raise GuestError(f"string: more glyphs than its length of {length}")
        pixels = data[offset : offset + size]
        glyphs.append(Glyph(Point(x, y), Point(origin_x, origin_y), width, height, pixels))
        offset += size
    if len(glyphs) != length:
        raise GuestError(f"string: length {length}, but only {len(glyphs)} glyphs")
    return tuple(glyphs)


def write_string(glyphs: tuple[Glyph, ...]) -> bytes:
    """The bytes of a string of glyphs."""
    parts = []
    for glyph in glyphs:
        parts.append(_GLYPH.pack(*glyph.render_pos, *glyph.origin, glyph.width, glyph.height))
        parts.append(glyph.data)
    return b"".join(parts)


def read_dashes(data: bytes) -> tuple[int, ...]:
    """The dash lengths of a line; a walk along them must get on: none is negative, some not 0."""
    dashes = struct.unpack(f"<{len(data) // 4}i", data)
    for index, dash in enumerate(dashes):
        if dash < 0:
            raise GuestError(f"line style: dash {index} has length {dash}")
    if not any(dashes):
        raise GuestError(f"line style: {len(dashes)} dashes, none with a length")
    return dashes


def write_dashes(style: tuple[int, ...]) -> bytes:
    """The bytes of dash lengths."""
    return struct.pack(f"<{len(style)}i", *style)


def read_clip(data: bytes, number: int) -> tuple[Rect, ...]:
    """The rectangles of a clip."""
    if number > MAX_CLIP_RECTS:
        raise GuestError(f"clip: num_rects {number} is more than {MAX_CLIP_RECTS}")
    if len(data) != number * _RECT.size:
        raise GuestError(f"clip: {len(data)} bytes, num_rects is {number}")
    rects = tuple(Rect(left, top, right, bottom) for top, left, bottom, right in _RECT.iter_unpack(data))
    for rect in rects:
        if rect.right < rect.left or rect.bottom < rect.top:
            raise GuestError(f"clip: {tuple(rect)} is inside out")
    return rects


def write_clip(rects: tuple[Rect, ...]) -> bytes:
    """The bytes of a clip's rectangles."""
    return b"".join(_RECT.pack(rect.top, rect.left, rect.bottom, rect.right) for rect in rects)


def _signed(value: int) -> int:
    """A 32-bit number as it prints with ``%d``."""
    return (value + 0x80000000 & 0xFFFFFFFF) - 0x80000000
