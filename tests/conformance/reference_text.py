"""Text as it is to be drawn: coverage pixel by pixel, blended by pixman itself."""

from collections.abc import Callable, Iterable

from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat
from gspice.qxl.ops import Glyph
from tests.gpu import pixman

Pixel = tuple[int, int]


def box(glyph: Glyph) -> Rect:
    """Where a glyph lies."""
    left, top = glyph.render_pos.x + glyph.origin.x, glyph.render_pos.y + glyph.origin.y
    return Rect(left, top, left + glyph.width, top + glyph.height)


def bounds(glyphs: Iterable[Glyph]) -> Rect:
    """Around all of them, empty ones included."""
    boxes = [box(glyph) for glyph in glyphs]
    return Rect(
        min(b.left for b in boxes),
        min(b.top for b in boxes),
        max(b.right for b in boxes),
        max(b.bottom for b in boxes),
    )


def coverage(glyphs: Iterable[Glyph], bits: int) -> dict[Pixel, int]:
    """What the glyphs cover of every pixel of their boxes; the last row of a glyph's data is its uppermost."""
    cover: dict[Pixel, int] = {}
    for glyph in glyphs:
        where, stride = box(glyph), (glyph.width * bits + 7) // 8
        for j in range(glyph.height):
            row = glyph.data[(glyph.height - 1 - j) * stride :][:stride]
            for i in range(glyph.width):
                at = where.left + i, where.top + j
                cover[at] = combine(cover.get(at, 0), row, i, bits)
    return cover


def combine(before: int, row: bytes, i: int, bits: int) -> int:
    """Glyphs that overlap: the most; but the right one of two 4-bit pixels is compared as its whole byte."""
    match bits:
        case 1:
            return 255 if row[i // 8] & 0x80 >> i % 8 else before
        case 4 if i % 2:
            return max(before, row[i // 2] * 16) % 256
        case 4:
            return max(before, row[i // 2] // 16 * 16)
        case _:
            return max(before, row[i])


def blended(
    form: SurfaceFormat,
    size: tuple[int, int],
    data: bytes,
    cover: dict[Pixel, int],
    where: Rect,
    source: Callable[[int, int], int],
) -> bytes:
    """A surface after OVER of all of ``where``; ``source`` gives A8R8G8B8 for a pixel of the surface."""
    width, height = where.width, where.height
    mask = bytes(
        cover.get((x, y), 0) for y in range(where.top, where.bottom) for x in range(where.left, where.right)
    )
    colors = b"".join(
        source(x, y).to_bytes(4, "little")
        for y in range(where.top, where.bottom)
        for x in range(where.left, where.right)
    )
    target = pixman.Image(form, *size, data)
    pixman.composite(
        pixman.OP_OVER,
        pixman.Image(SurfaceFormat.ARGB32, width, height, colors),
        pixman.Image(SurfaceFormat.A8, width, height, mask),
        target,
        (0, 0),
        (0, 0),
        (where.left, where.top),
        (width, height),
    )
    return target.data
