"""The pieces of dashed lines: gathered so that each pixel is drawn once, or drawn as they come."""

import pytest

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface
from gspice.gpu.cpu.surface_pen import SurfacePen
from gspice.gpu.plans import stroke_dashes
from tests.gpu.test_stroke_lines import packed, toggled

WIDTH, HEIGHT = 200, 150
ROP_COPY, ROP_XOR, ROP_INVERT, ROP_OR = 2, 6, 5, 14
STAR = packed((5, 5), (190, 140), (190, 5), (5, 140), (100, 0), (100, 149), (0, 70), (199, 70), (5, 5))


def drawn(rop: int, area: list[Rect], line: bytes = STAR) -> set[tuple[int, int]]:
    """Pixels that become set by drawing 1 on 0."""
    surface = Surface(WIDTH, HEIGHT, 8)
    stroke_dashes.draw(SurfacePen(surface, area, rop, 1), [line], b"\x0b\x03", 0)
    return toggled(surface)


def test_pixels_where_a_line_crosses_itself_are_drawn_once() -> None:
    """So nothing is missing where parts cross, and corners have their tips besides."""
    whole = [Rect(0, 0, WIDTH, HEIGHT)]
    once, as_they_come = drawn(ROP_XOR, whole), drawn(ROP_COPY, whole)
    assert as_they_come <= once
    assert len(once) > 700
    assert len(once - as_they_come) < 20
    assert drawn(ROP_INVERT, whole) == once
    assert drawn(ROP_OR, whole) == as_they_come


@pytest.mark.parametrize("width", [1, 63, 64, 65, 128])
@pytest.mark.parametrize("left", [0, 1, 63, 64])
def test_gathered_pixels_at_the_edges_of_words(left: int, width: int) -> None:
    window = Rect(left, 20, left + width, 120)
    whole = drawn(ROP_XOR, [Rect(0, 0, WIDTH, HEIGHT)])
    assert drawn(ROP_XOR, [window]) == {p for p in whole if window.contains_point(*p)}


def test_what_was_gathered_is_forgotten_after_each_line() -> None:
    surface = Surface(WIDTH, HEIGHT, 8)
    pen = SurfacePen(surface, [Rect(0, 0, WIDTH, HEIGHT)], ROP_XOR, 1)
    other = packed((20, 0), (150, 100), (0, 120))
    stroke_dashes.draw(pen, [STAR, other], b"\x0b\x03", 0)
    whole = [Rect(0, 0, WIDTH, HEIGHT)]
    assert toggled(surface) == drawn(ROP_XOR, whole) ^ drawn(ROP_XOR, whole, other)


def test_one_straight_part_is_drawn_as_it_comes() -> None:
    line = packed((3, 3), (60, 40))
    assert drawn(ROP_XOR, [Rect(0, 0, WIDTH, HEIGHT)], line) == drawn(
        ROP_COPY, [Rect(0, 0, WIDTH, HEIGHT)], line
    )
