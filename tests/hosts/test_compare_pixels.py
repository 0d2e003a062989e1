"""How far pixels are apart, in every format, and how they are made equal again."""

import random

import pytest

from gspice.geometry import Rect
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts import compare_pixels
from gspice.hosts.compare_pixels import MAX_RECTS, NOWHERE, compare, distances, few, make_equal, strips
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes


def pixel(form: SurfaceFormat, value: int) -> Pixels:
    size = max(1, form.bits_per_pixel // 8)
    return Pixels(1, 1, size, form, value.to_bytes(size, "little"))


def canvas(spec: SurfaceSpec, data: bytes) -> CpuCanvas:
    made = CpuCanvas()
    made.create_surface(7, spec, data)
    return made


def noise(spec: SurfaceSpec, seed: int) -> bytes:
    return random.Random(seed).randbytes(row_bytes(spec.width, spec.format.bits_per_pixel) * spec.height)


def whole(one: CpuCanvas) -> bytes:
    spec = one.surfaces()[7]
    return one.read(7, Rect(0, 0, spec.width, spec.height)).data


@pytest.mark.parametrize(
    ("form", "a", "b", "apart"),
    [
        (SurfaceFormat.XRGB32, 0x00102030, 0xFF102030, 0),
        (SurfaceFormat.XRGB32, 0x00102030, 0x00102130, 1),
        (SurfaceFormat.XRGB32, 0x00FF0000, 0x00000000, 255),
        (SurfaceFormat.ARGB32, 0x00102030, 0xFF102030, 255),
        (SurfaceFormat.ARGB32, 0x00102030, 0x00132030, 3),
        (SurfaceFormat.RGB565, 0xF800, 0x0000, 31),
        (SurfaceFormat.RGB565, 0x07E0, 0x07C0, 1),
        (SurfaceFormat.RGB555, 0x7C00, 0x7800, 1),
        (SurfaceFormat.RGB555, 0x8000, 0x0000, 1),
        (SurfaceFormat.A8, 3, 250, 247),
        (SurfaceFormat.A1, 1, 0, 1),
        (SurfaceFormat.A1, 3, 1, 0),
    ],
)
def test_distances(form: SurfaceFormat, a: int, b: int, apart: int) -> None:
    assert distances(pixel(form, a), pixel(form, b)).tolist() == [[apart]]
    assert distances(pixel(form, b), pixel(form, a)).tolist() == [[apart]]


def test_rows_may_have_padding() -> None:
    padded = Pixels(2, 2, 11, SurfaceFormat.A8, bytes([1, 2, *[99] * 9, 3, 4]))
    tight = Pixels(2, 2, 2, SurfaceFormat.A8, bytes([1, 2, 3, 5]))
    assert distances(padded, tight).tolist() == [[0, 0], [0, 1]]


def test_what_is_found_over_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_pixels, "STRIP_BYTES", 64)
    spec = SurfaceSpec(10, 9, SurfaceFormat.A8)
    other = bytearray(90)
    for x, y, value in ((3, 1, 1), (8, 2, 5), (2, 8, 9)):
        other[y * 10 + x] = value
    pair = canvas(spec, bytes(other)), canvas(spec, bytes(90))
    found = compare(*pair, 7, [Rect(0, 0, 10, 9)], 1)
    assert found.box == Rect(2, 2, 9, 9)
    assert (found.pixels, found.worst, found.near) == (2, 9, 1)
    assert compare(*pair, 7, [Rect(0, 0, 10, 9)], 9).box == NOWHERE
    assert compare(*pair, 7, [Rect(0, 3, 10, 8)], 0) == compare_pixels.Apart()


@pytest.mark.parametrize("form", SurfaceFormat)
def test_rectangles_are_made_equal_and_nothing_else(form: SurfaceFormat) -> None:
    spec = SurfaceSpec(21, 7, form)
    other, reference = canvas(spec, noise(spec, 1)), canvas(spec, noise(spec, 2))
    before = canvas(spec, noise(spec, 1))
    rect = Rect(3, 2, 14, 5)
    make_equal(other, reference, 7, [rect])
    assert not compare(other, reference, 7, [rect], 0).pixels
    outside = [Rect(0, 0, 21, 2), Rect(0, 5, 21, 7), Rect(0, 2, 3, 5), Rect(14, 2, 21, 5)]
    assert not compare(other, before, 7, outside, 0).pixels
    assert compare(other, before, 7, [rect], 0).pixels
    make_equal(other, reference, 7, [Rect(0, 0, 21, 7)])
    assert whole(other) == whole(reference) and other.surfaces() == {7: spec}


def test_strips() -> None:
    spec = SurfaceSpec(1 << 14, 300, SurfaceFormat.XRGB32)
    pieces = list(strips(Rect(0, 5, 1 << 14, 300), spec, 3))
    assert [piece.top for piece in pieces] == [5, *[piece.bottom for piece in pieces[:-1]]]
    assert pieces[-1].bottom == 300
    assert all(piece.width * piece.height * 4 <= compare_pixels.STRIP_BYTES for piece in pieces)
    assert all(piece.height % 3 == 0 for piece in pieces[:-1])


def test_few_rectangles_cover_many() -> None:
    rects = [Rect(x, 3 * x, x + 2, 3 * x + 2) for x in range(100)]
    joined = few(rects)
    assert len(joined) <= MAX_RECTS
    assert all(any(one.contains(rect) for one in joined) for rect in rects)
    assert few(rects[:MAX_RECTS]) == rects[:MAX_RECTS]
