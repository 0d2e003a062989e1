"""Arrays of guest memory, both ways, and what guests get wrong in them."""

import struct
from collections.abc import Callable

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.qxl.ops import Glyph, PathSegment
from gspice.qxl.recording_shapes import (
    read_clip,
    read_dashes,
    read_path,
    read_string,
    write_clip,
    write_dashes,
    write_path,
    write_string,
)

PATH = (PathSegment(3, ((0, 0), (160, -16))), PathSegment(16, ()))
PATH_BYTES = struct.pack("<II4iII", 3, 2, 0, 0, 160, -16, 16, 0)
GLYPH = Glyph(Point(1, -2), Point(-3, 4), 9, 2, b"abcd")
GLYPH_BYTES = struct.pack("<4iHH", 1, -2, -3, 4, 9, 2) + b"abcd"
CLIP = (Rect(1, 2, 3, 4), Rect(-5, -6, 7, 8))
CLIP_BYTES = struct.pack("<8i", 2, 1, 4, 3, -6, -5, 8, 7)


def test_both_ways() -> None:
    assert (write_path(PATH), read_path(PATH_BYTES)) == (PATH_BYTES, PATH)
    assert (write_string((GLYPH,)), read_string(GLYPH_BYTES, 1, 9)) == (GLYPH_BYTES, (GLYPH,))
    assert (write_clip(CLIP), read_clip(CLIP_BYTES, 2)) == (CLIP_BYTES, CLIP)
    assert (write_dashes((16, 0)), read_dashes(b"\x10\0\0\0\0\0\0\0")) == (b"\x10\0\0\0\0\0\0\0", (16, 0))


def test_a_path_may_be_padded() -> None:
    assert read_path(PATH_BYTES + bytes(7)) == PATH


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (lambda: read_path(PATH_BYTES[:20]), "path segment 0: 2 points in 12 bytes"),
        (lambda: read_string(GLYPH_BYTES, 1, 0), "name no glyph format"),
        (lambda: read_string(GLYPH_BYTES, 1, 3), "name no glyph format"),
        (lambda: read_string(GLYPH_BYTES, 1, 4), "9x2 take 18 of 4 bytes"),
        (lambda: read_string(GLYPH_BYTES[:10], 1, 1), "head does not fit the 10 bytes left"),
        (lambda: read_string(GLYPH_BYTES, 0, 1), "more glyphs than its length of 0"),
        (lambda: read_string(GLYPH_BYTES, 2, 1), "length 2, but only 1 glyphs"),
        (lambda: read_clip(CLIP_BYTES, 3), "32 bytes, num_rects is 3"),
        (lambda: read_clip(b"", 65537), "num_rects 65537 is more than 65536"),
        (lambda: read_clip(struct.pack("<4i", 0, 5, 0, 4), 1), "inside out"),
        (lambda: read_dashes(struct.pack("<2i", 4, -1)), "dash 1 has length -1"),
        (lambda: read_dashes(bytes(8)), "2 dashes, none with a length"),
    ],
)
def test_what_a_guest_got_wrong(read: Callable[[], object], reason: str) -> None:
    with pytest.raises(GuestError, match=reason):
        read()
