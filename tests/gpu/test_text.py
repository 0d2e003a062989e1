"""TEXT commands: what is drawn where, and what hostile ones cost."""

import time

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.plans.text import draw_text
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Brush, Glyph, Text
from tests.gpu.targets import target_of

PUT = 8
NOWHERE = Rect(0, 0, 0, 0)
SPEC = SurfaceSpec(8, 6, SurfaceFormat.ARGB32)
WHOLE = [Rect(0, 0, 8, 6)]
BLOCK = Glyph(Point(2, 4), Point(0, -3), 3, 3, b"\xe0" * 3)
INK, PAPER = b"\x33\x22\x11\xff", b"\x66\x55\x44\x77"
FORE, BACK = Brush(1, 0x00112233), Brush(1, 0x77445566)


def drawn(op: Text, area: list[Rect]) -> list[bytes]:
    """The rows of a surface of zeros after the text."""
    surface = Surface(8, 6, 32)
    draw_text(target_of(surface, SPEC, area), op)
    return [surface.read(Rect(0, y, 8, y + 1)) for y in range(6)]


def test_background_then_glyphs() -> None:
    rows = drawn(Text(1, (BLOCK,), Rect(1, 0, 4, 3), FORE, BACK, PUT, 0), WHOLE)
    clear = bytes(4)
    assert rows[0] == clear + PAPER * 3 + clear * 4
    assert rows[1] == rows[2] == clear + PAPER + INK * 3 + clear * 3
    assert rows[3] == clear * 2 + INK * 3 + clear * 3
    assert rows[4] == rows[5] == bytes(32)


def test_only_the_area_is_drawn() -> None:
    area = [Rect(3, 2, 4, 3), Rect(4, 3, 8, 6)]
    rows = drawn(Text(1, (BLOCK,), Rect(0, 0, 8, 6), FORE, BACK, PUT, 0), area)
    assert rows[2] == bytes(12) + INK + bytes(16)
    assert rows[3] == bytes(16) + INK + PAPER * 3
    assert rows[0] == rows[1] == bytes(32)
    assert drawn(Text(0, (), NOWHERE, FORE, BACK, 0, 0), []) == [bytes(32)] * 6


def test_without_ink_or_letters_there_is_only_background() -> None:
    rows = drawn(Text(1, (BLOCK,), Rect(0, 0, 8, 1), Brush(0), BACK, PUT, 0), WHOLE)
    assert rows == [PAPER * 8] + [bytes(32)] * 5
    assert drawn(Text(1, (), Rect(0, 0, 8, 1), FORE, BACK, PUT, 0), WHOLE) == rows


def test_the_pattern_begins_at_the_corner_of_the_string() -> None:
    pattern = BitmapImage(
        id=1,
        flags=0,
        width=2,
        height=1,
        format=BitmapFormat.ARGB32,
        top_down=True,
        stride=8,
        data=INK + PAPER,
    )
    letter = Glyph(Point(3, 4), Point(0, -3), 3, 3, b"\xe0" * 3)
    rows = drawn(Text(1, (letter,), NOWHERE, Brush(2, 0, pattern, Point(1, 0)), BACK, PUT, 0), WHOLE)
    assert rows[1] == bytes(12) + PAPER + INK + PAPER + bytes(8)


def test_a_glyph_that_lacks_data_leaves_all_as_it_was() -> None:
    surface = Surface(8, 6, 32)
    broken = Glyph(Point(2, 4), Point(0, -3), 3, 3, b"\xe0")
    with pytest.raises(GuestError, match="glyph 1"):
        draw_text(target_of(surface, SPEC, WHOLE), Text(1, (BLOCK, broken), WHOLE[0], FORE, BACK, PUT, 0))
    assert not any(surface.read(WHOLE[0]))


def test_hostile_strings_end_soon() -> None:
    surface, spec = Surface(2000, 1000, 32), SurfaceSpec(2000, 1000, SurfaceFormat.XRGB32)
    whole = [Rect(0, 0, 2000, 1000)]
    low, high = -(2**31), 2**31 - 1
    apart = [
        Glyph(Point(x, y), Point(x, y), 4, 4, b"\xff" * 4) for x in (low, 0, high) for y in (low, 0, high)
    ]
    thin = [Glyph(Point(0, 0), Point(0, 0), 0, 65535, b"")] * 30_000
    data = b"\xff" * (2000 * 1000 // 8)
    large = [Glyph(Point(0, 0), Point(0, 0), 2000, 1000, data)] * 60
    start = time.perf_counter()
    for glyphs in (apart, thin, large, apart * 3000):
        draw_text(target_of(surface, spec, whole), Text(1, tuple(glyphs), NOWHERE, FORE, BACK, PUT, 0))
    assert time.perf_counter() - start < 10
    assert surface.read(Rect(1999, 999, 2000, 1000)) == b"\x33\x22\x11\0"
