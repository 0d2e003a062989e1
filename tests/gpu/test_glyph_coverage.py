"""Coverage of glyphs against a pixel by pixel reference."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.plans.glyph_coverage import bounds, coverage
from gspice.qxl.ops import Glyph
from tests.conformance import reference_text as reference

BITS = [1, 4, 8]
SIDE = 20


@st.composite
def glyph_lists(draw: st.DrawFn, bits: int) -> tuple[Glyph, ...]:
    """Glyphs that overlap and stick out."""
    out = []
    for _ in range(draw(st.integers(1, 4))):
        width, height = draw(st.integers(0, 11)), draw(st.integers(0, 6))
        size = (width * bits + 7) // 8 * height
        data = random.Random(draw(st.integers(0, 1 << 20))).randbytes(size)
        if draw(st.booleans()):
            data = bytes(byte & (0x0F, 0xF0, 0)[i % 3] for i, byte in enumerate(data))
        at = Point(draw(st.integers(-6, SIDE + 3)), draw(st.integers(-6, SIDE + 3)))
        out.append(Glyph(at, Point(draw(st.integers(-4, 4)), draw(st.integers(-9, 2))), width, height, data))
    return tuple(out)


@pytest.mark.parametrize("bits", BITS)
@settings(deadline=None)
@given(data=st.data())
def test_coverage(bits: int, data: st.DataObject) -> None:
    some = data.draw(glyph_lists(bits))
    left, top = data.draw(st.integers(-5, 15)), data.draw(st.integers(-5, 15))
    window = Rect(left, top, left + data.draw(st.integers(1, 20)), top + data.draw(st.integers(1, 12)))
    want = reference.coverage(some, bits)
    got = coverage(some, bits, window)
    assert list(got) == [
        want.get((x, y), 0)
        for y in range(window.top, window.bottom)
        for x in range(window.left, window.right)
    ]
    assert bounds(some) == reference.bounds(some)


def test_rows_are_bottom_up_and_bits_run_from_the_left() -> None:
    glyph = Glyph(Point(2, 5), Point(1, -2), 9, 2, b"\x01\x80" + b"\xc0\x00")
    assert bounds((glyph,)) == Rect(3, 3, 12, 5)
    cover = coverage((glyph,), 1, Rect(3, 3, 12, 5))
    assert cover == b"\xff\xff" + bytes(7) + bytes(7) + b"\xff\xff"


def test_a_right_pixel_of_four_bits_replaces_what_lies_under_a_pair() -> None:
    under = Glyph(Point(0, 0), Point(0, 0), 2, 1, b"\x99")
    assert (
        coverage((under, Glyph(Point(0, 0), Point(0, 0), 2, 1, b"\x13")), 4, Rect(0, 0, 2, 1)) == b"\x90\x30"
    )
    assert (
        coverage((under, Glyph(Point(0, 0), Point(0, 0), 2, 1, b"\x03")), 4, Rect(0, 0, 2, 1)) == b"\x90\x90"
    )


def test_glyphs_far_away_and_of_any_size() -> None:
    low, high = -(2**31), 2**31 - 1
    window = Rect(0, 0, 4, 4)
    for x in (low, high):
        for y in (low, high):
            glyph = Glyph(Point(x, y), Point(x, y), 3, 3, bytes(b"\xff" * 9))
            assert not any(coverage((glyph,), 8, window))
    assert bounds((Glyph(Point(high, low), Point(high, low), 65535, 65535, b""),)) == Rect(
        2 * high, 2 * low, 2 * high + 65535, 2 * low + 65535
    )
    around = Glyph(Point(low, low), Point(high, high), 3, 3, b"\xff" * 9)
    assert coverage((around,), 8, window) == b"\xff\xff\0\0" * 2 + bytes(8)
    thin = Glyph(Point(0, 0), Point(0, 0), 0, 65535, b"")
    assert not any(coverage((thin,), 8, window))


def test_glyphs_without_their_data_are_refused() -> None:
    with pytest.raises(GuestError, match="glyph 1 of 9x2 has 3 bytes"):
        coverage(
            (
                Glyph(Point(0, 0), Point(0, 0), 9, 2, bytes(4)),
                Glyph(Point(0, 0), Point(0, 0), 9, 2, bytes(3)),
            ),
            1,
            Rect(0, 0, 9, 9),
        )
    with pytest.raises(GuestError):
        coverage((Glyph(Point(0, 0), Point(0, 0), 65535, 65535, bytes(9)),), 8, Rect(0, 0, 9, 9))


def test_what_is_not_asked_rightly_is_refused() -> None:
    for bits, seen in ((2, Rect(0, 0, 4, 4)), (8, Rect(0, 0, 0, 4))):
        with pytest.raises(ValueError, match="coverage"):
            coverage((), bits, seen)
    with pytest.raises(ValueError, match="bounds"):
        bounds(())
