"""What the self-test draws: every operation and every kind of source once, each in a cell of its own."""

import random
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import (
    AlphaBlend,
    BitmapImage,
    Blackness,
    Blend,
    Brush,
    Composite,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Glyph,
    Image,
    Invers,
    Mask,
    Op,
    Opaque,
    Palette,
    PathSegment,
    Rop3,
    Stroke,
    SurfaceImage,
    Text,
    Transparent,
    Whiteness,
)

CELL = 24
"""Side of a cell; no power of two, and odd places in it, so that tiles and words are crossed."""
COLUMNS = 10
PUT, OR, AND, XOR, INVERS_DEST = 8, 16, 32, 64, 512
INVERT_SOURCE, INVERT_RESULT = 1, 1024
ROPDS = {
    "put": PUT,
    "put inverted": PUT | INVERT_SOURCE,
    "or": OR,
    "and": AND,
    "xor": XOR,
    "xor, result inverted": XOR | INVERT_RESULT,
}
ROP3S = (0x11, 0x5A, 0xB8, 0xE2)
ALPHAS = (0, 1, 128, 255)
OVER, IN, ADD = 3, 5, 12
NEAREST, BILINEAR = 0, 1
PAD_REPEAT, NORMAL_REPEAT = 2, 1
ONE = 1 << 16
"""In 16.16 fixed point."""
NO_MASK = Mask()
RAINBOW = 0x00C83CA5

SPECS = {surface_format: index for index, surface_format in enumerate(SurfaceFormat)}
"""The surface of each format, by number."""
SOURCE_ID = len(SPECS)
"""An off-screen surface that others are drawn from."""
SOURCE_SPEC = SurfaceSpec(CELL + 6, CELL + 3, SurfaceFormat.ARGB32)


class Step(NamedTuple):
    """One cell."""

    name: str
    cell: Rect
    ops: tuple[tuple[Rect, Op], ...]
    """Boxes, all inside the cell, and what is drawn in them, in order."""
    near: bool = False
    """Samples that lie between pixels: a difference of 1 in a channel is allowed."""

    def drawables(self, surface_id: int) -> list[Drawable]:
        """The commands; every second one is clipped."""
        left, top, right, bottom = self.cell
        clip = (Rect(left, top, right - 9, bottom - 5), Rect(left + 2, bottom - 5, right, bottom - 1))
        clips = None if sum(map(ord, self.name)) % 2 else clip
        return [Drawable(surface_id=surface_id, bbox=box, op=op, clip=clips) for box, op in self.ops]


def noise(seed: int, size: int) -> bytes:
    """The same bytes for the same seed."""
    return random.Random(seed).randbytes(size)


def spec(surface_format: SurfaceFormat) -> SurfaceSpec:
    """Size of the surface that all steps of a format fit on."""
    rows = -(-len(steps(surface_format)) // COLUMNS)
    return SurfaceSpec(COLUMNS * CELL, rows * CELL, surface_format)


def steps(surface_format: SurfaceFormat) -> list[Step]:
    """All cells of the surface of a format."""
    deep = surface_format not in (SurfaceFormat.A1, SurfaceFormat.A8)
    makers = [_fills, _images, _copies, *([_blends, _strings] if deep else [])]
    found: list[Step] = []
    for maker in makers:
        for name, draw, near in maker():
            row, column = divmod(len(found), COLUMNS)
            cell = Rect.sized(column * CELL, row * CELL, CELL, CELL)
            found.append(Step(name, cell, tuple(draw(cell)), near))
    return found


_Draw = Callable[[Rect], list[tuple[Rect, Op]]]
_Made = Iterator[tuple[str, _Draw, bool]]


def _inner(cell: Rect) -> Rect:
    return Rect(cell.left + 1, cell.top + 2, cell.right - 2, cell.bottom - 1)


def _one(op: Op) -> _Draw:
    return lambda cell: [(_inner(cell), op)]


def bitmap(bitmap_format: BitmapFormat, seed: int, side: int = CELL) -> BitmapImage:
    """A square of noise, bottom row first where ``seed`` is odd."""
    stride = row_bytes(side, bitmap_format.bits_per_pixel) + seed % 3
    palette = None
    if bitmap_format.indexed:
        colors = 1 << bitmap_format.bits_per_pixel
        palette = Palette(1, struct.unpack(f"<{colors}I", noise(seed + 77, 4 * colors)))
    return BitmapImage(
        id=seed,
        flags=0,
        width=side,
        height=side,
        format=bitmap_format,
        top_down=seed % 2 == 0,
        stride=stride,
        data=noise(seed, stride * side),
        palette=palette,
    )


def _off_screen() -> SurfaceImage:
    return SurfaceImage(
        id=0, flags=0, width=SOURCE_SPEC.width, height=SOURCE_SPEC.height, surface_id=SOURCE_ID
    )


def _area(cell: Rect) -> Rect:
    """As large as the box that is drawn."""
    inner = _inner(cell)
    return Rect.sized(2, 1, inner.width, inner.height)


def _with_area(make: Callable[[Rect], Op]) -> _Draw:
    return lambda cell: [(_inner(cell), make(_area(cell)))]


def _fills() -> _Made:
    tile = bitmap(BitmapFormat.XRGB32, 5, 7)
    mask = Mask(bitmap(BitmapFormat.BIT1_BE, 8), Point(1, -2))
    for name, ropd in ROPDS.items():
        yield f"fill, {name}", _one(Fill(Brush(1, RAINBOW), ropd, NO_MASK)), False
    yield "fill, pattern", _one(Fill(Brush(2, 0, tile, Point(3, -4)), PUT, NO_MASK)), False
    yield "fill, pattern, xor", _one(Fill(Brush(2, 0, tile, Point(-9, 2)), XOR, NO_MASK)), False
    yield "fill, mask", _one(Fill(Brush(1, RAINBOW), PUT, mask)), False
    yield "fill, pattern, mask", _one(Fill(Brush(2, 0, tile, Point(0, 0)), OR, mask)), False
    inverse = Mask(bitmap(BitmapFormat.BIT1_LE, 9), Point(0, 3), True)
    yield "blackness", _one(Blackness(NO_MASK)), False
    yield "whiteness, mask", _one(Whiteness(inverse)), False
    yield "invers", _one(Invers(NO_MASK)), False
    yield "invers of the destination", _one(Fill(Brush(1, 0), INVERS_DEST, inverse)), False


def _images() -> _Made:
    for number, bitmap_format in enumerate(BitmapFormat):
        if bitmap_format is not BitmapFormat.A8:
            image = bitmap(bitmap_format, 20 + number)
            yield f"copy of {bitmap_format.name}", _with_area(_copy(image, PUT)), False
    image = bitmap(BitmapFormat.XRGB32, 40)
    for name, ropd in ROPDS.items():
        yield f"copy, {name}", _with_area(_copy(image, ropd)), False
    mask = Mask(bitmap(BitmapFormat.BIT1_BE, 41), Point(2, 1))
    brush = Brush(1, RAINBOW)
    yield "copy, mask", _with_area(_copy(image, XOR, mask)), False
    yield "copy of a surface", _with_area(_copy(_off_screen(), PUT)), False
    yield "blend", _with_area(lambda area: Blend(image, area, AND, 0, mask)), False
    yield "opaque", _with_area(lambda area: Opaque(image, area, brush, XOR, 0, mask)), False
    for rop3 in ROP3S:
        yield f"rop3 {rop3:#x}", _with_area(_rop3(image, brush, rop3, mask)), False
    yield "copy, scaled, nearest", _one(Copy(image, Rect(1, 2, 12, 10), PUT, 1, NO_MASK)), True
    yield "copy, scaled", _one(Copy(image, Rect(1, 2, 12, 10), PUT, 0, NO_MASK)), True


def _copy(image: Image, ropd: int, mask: Mask = NO_MASK) -> Callable[[Rect], Op]:
    return lambda area: Copy(image, area, ropd, 0, mask)


def _rop3(image: Image, brush: Brush, rop3: int, mask: Mask) -> Callable[[Rect], Op]:
    return lambda area: Rop3(image, area, brush, rop3, 0, mask)


def _copies() -> _Made:
    for dx, dy in ((3, 0), (-3, 0), (0, 2), (0, -2), (2, 1), (-1, -3)):
        yield f"copy-bits by {dx}, {dy}", _copy_bits(dx, dy), False
    yield "copy-bits, twice, of what was just drawn", _moved_twice, False


def _copy_bits(dx: int, dy: int) -> _Draw:
    def draw(cell: Rect) -> list[tuple[Rect, Op]]:
        box = Rect(cell.left + 4, cell.top + 4, cell.right - 4, cell.bottom - 4)
        return [(box, CopyBits(Point(box.left - dx, box.top - dy)))]

    return draw


def _moved_twice(cell: Rect) -> list[tuple[Rect, Op]]:
    """Each reads what the one before wrote: drawn out of order, or at once, it shows."""
    spot = Rect.sized(cell.left + 2, cell.top + 2, 9, 9)
    right, down = spot.translate(6, 1), spot.translate(8, 9)
    return [
        (spot, Fill(Brush(1, RAINBOW), XOR, NO_MASK)),
        (right, CopyBits(Point(spot.left, spot.top))),
        (right, Invers(NO_MASK)),
        (down, CopyBits(Point(right.left, right.top))),
        (Rect.sized(cell.left, cell.top, 7, 20), Fill(Brush(1, 0x00010203), OR, NO_MASK)),
    ]


def _blends() -> _Made:
    argb, off = bitmap(BitmapFormat.ARGB32, 60), _off_screen()
    for alpha in ALPHAS:
        yield f"alpha {alpha}", _with_area(_alpha(argb, alpha)), False
    yield "alpha of a surface", _with_area(_alpha(off, 77)), False
    yield "transparent", _with_area(_transparent), False
    for operator in (OVER, IN, ADD):
        yield f"composite {operator}", _one(_composite(argb, operator)), False
        yield f"composite {operator}, mask", _one(_composite(argb, operator, mask=off)), False
    shifted = (ONE * 5 // 4, 0, ONE // 3, 0, ONE * 3 // 4, ONE // 2)
    yield "composite, scaled, nearest", _one(_composite(argb, OVER, shifted, NEAREST)), True
    yield "composite, scaled", _one(_composite(argb, OVER, shifted, BILINEAR)), True
    turned = (ONE * 4 // 5, -ONE * 3 // 5, ONE * 9, ONE * 3 // 5, ONE * 4 // 5, -ONE * 2)
    yield "composite, turned", _one(_composite(argb, OVER, turned, BILINEAR)), True


def _alpha(image: Image, alpha: int) -> Callable[[Rect], Op]:
    return lambda area: AlphaBlend(0, alpha, image, area)


def _transparent(area: Rect) -> Op:
    """Few colours, so that one of them is often left out."""
    stripes = BitmapImage(
        id=61,
        flags=0,
        width=CELL,
        height=CELL,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=CELL * 4,
        data=bytes((0x40, 9, 200, 0, 0x80, 9, 200, 0, 0xC0, 9, 200, 0)) * (CELL * CELL // 3),
    )
    return Transparent(stripes, area, 0x00C80940, 0x00C80940)


def _composite(
    image: Image,
    operator: int,
    transform: tuple[int, ...] | None = None,
    sampling: int = NEAREST,
    mask: Image | None = None,
) -> Op:
    flags = operator | sampling << 8 | NORMAL_REPEAT << 14 | PAD_REPEAT << 16
    flags |= bool(mask) << 19 | bool(transform) << 20
    return Composite(flags, image, mask, transform, None, Point(1, 2), Point(0, 0))


def _strings() -> _Made:
    for bits, flag in ((1, 1), (4, 2), (8, 4)):
        yield f"text of {bits} bits", _text(bits, flag), False
    points = ((0, 0), (16 * 15, 16 * 6), (16 * 3, 16 * 17), (16 * 4, 16 * 2))
    yield "stroke", _stroke(points, ()), False
    yield "stroke, dashed", _stroke(points, (48, 32)), False


def _text(bits: int, flag: int) -> _Draw:
    def draw(cell: Rect) -> list[tuple[Rect, Op]]:
        inner = _inner(cell)
        glyphs = tuple(
            Glyph(
                Point(inner.left + 1 + 6 * i, inner.top + 12),
                Point(i - 1, -9),
                9,
                8,
                noise(bits + i, row_bytes(9, bits) * 8),
            )
            for i in range(3)
        )
        back = Rect(inner.left, inner.top + 1, inner.left + 15, inner.top + 9)
        return [(inner, Text(flag, glyphs, back, Brush(1, RAINBOW), Brush(1, 0x00204060), PUT, PUT))]

    return draw


def _stroke(points: tuple[tuple[int, int], ...], style: tuple[int, ...]) -> _Draw:
    def draw(cell: Rect) -> list[tuple[Rect, Op]]:
        placed = tuple((x + 16 * (cell.left + 2), y + 16 * (cell.top + 3)) for x, y in points)
        flags = 8 if style else 0
        path = (PathSegment(1 | 2, placed),)
        return [(_inner(cell), Stroke(path, flags, style, Brush(1, RAINBOW), XOR, PUT))]

    return draw
