"""What pixman draws, asked for the way spice's canvas asks: the formats, the arithmetic and the order of its calls.

Pixels come and go as rows of numbers. The one thing that is not as in spice is the high byte of XRGB32: what
pixman leaves there depends on which of its loops ran. Here a scaled copy carries it along, and blending clears it, and
the highest bit of RGB555 as well.
"""

import math
import struct
from dataclasses import dataclass

from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat
from gspice.qxl.ops import AlphaBlend, Composite, SurfaceImage
from tests.gpu import pixman

Rows = list[list[int]]
WORDS = {8: "B", 16: "H", 32: "I"}
XRGB, ARGB = SurfaceFormat.XRGB32, SurfaceFormat.ARGB32


class Refused(Exception):
    """The command makes no sense or is not an op of this canvas: nothing is drawn."""


@dataclass
class Grid:
    """Pixels of an image, ``rows[0][0]`` at the upper left of ``bounds``."""

    bounds: Rect
    form: SurfaceFormat
    rows: Rows
    self_bitmap: bool = False

    def at(self, x: int, y: int) -> int:
        return self.rows[y - self.bounds.top][x - self.bounds.left]


def image_of(rows: Rows, form: SurfaceFormat) -> pixman.Image:
    """A pixman image of these pixels."""
    return pixman.Image(
        form, len(rows[0]), len(rows), b"".join(pack(row, form.bits_per_pixel) for row in rows)
    )


def pack(row: list[int], bits: int) -> bytes:
    if bits > 1:
        return struct.pack(f"<{len(row)}{WORDS[bits]}", *row)
    number = sum(bit << i for i, bit in enumerate(row))
    return number.to_bytes((len(row) + 7) // 8, "little")


def rows_of(image: pixman.Image) -> Rows:
    """The pixels of a pixman image."""
    bits, data = image.form.bits_per_pixel, image.data
    size = (image.width * bits + 7) // 8
    rows = []
    for y in range(image.height):
        row = data[y * size : (y + 1) * size]
        if bits > 1:
            rows.append(list(struct.unpack(f"<{image.width}{WORDS[bits]}", row)))
        else:
            rows.append([row[x // 8] >> x % 8 & 1 for x in range(image.width)])
    return rows


def check(part: Rect, mode: int) -> None:
    backwards = part.right < part.left or part.bottom < part.top
    if mode not in (0, 1) or backwards or any(abs(edge) > 0x7FFF for edge in part):
        raise Refused


def scaled_image(grid: Grid, form: SurfaceFormat, part: Rect, box: Rect, mode: int) -> pixman.Image:
    """An image that pixman reads scaled, for all but ternary operations."""
    check(part, mode)
    image = image_of(grid.rows, form)
    step_x, step_y = part.width * 65536 // box.width, part.height * 65536 // box.height
    left, top = part.left - grid.bounds.left, part.top - grid.bounds.top
    image.transform((step_x, 0, left * 65536, 0, step_y, top * 65536))
    image.sample(pixman.REPEAT_NONE, pixman.FILTER_NEAREST if mode == 1 else pixman.FILTER_GOOD)
    return image


def merged(colors: Rows, high: Rows) -> Rows:
    """Colours of one result, high bytes of another."""
    return [
        [a & 0xFFFFFF | b & 0xFF000000 for a, b in zip(*rows, strict=True)]
        for rows in zip(colors, high, strict=True)
    ]


def scale(box: Rect, part: Rect, grid: Grid, mode: int) -> Rows:
    """A scaled copy in the image's own format, as large as ``box``."""
    made = []
    for form in (grid.form, ARGB) if grid.form is XRGB else (grid.form,):
        image = scaled_image(grid, form, part, box, mode)
        dest = pixman.Image(form, box.width, box.height)
        pixman.composite(pixman.OP_SRC, image, None, dest, (0, 0), (0, 0), (0, 0), (box.width, box.height))
        made.append(rows_of(dest))
    return merged(made[0], made[1]) if len(made) == 2 else made[0]


def scale_onto(surface: Grid, box: Rect, part: Rect, grid: Grid, mode: int) -> Rows:
    """What ``box`` of the surface becomes when the scaled image is put there."""
    ways = [(grid.form, surface.form)]
    if surface.form is XRGB:
        ways.append((ARGB if grid.form is XRGB else grid.form, ARGB))
    made = []
    for form, dest_form in ways:
        dest = image_of(surface.rows, dest_form)
        image = scaled_image(grid, form, part, box, mode)
        size = (box.width, box.height)
        pixman.composite(pixman.OP_SRC, image, None, dest, (0, 0), (0, 0), (box.left, box.top), size)
        made.append(cut(rows_of(dest), box))
    return merged(made[0], made[1]) if len(made) == 2 else made[0]


def scale_rounded(box: Rect, part: Rect, grid: Grid, mode: int) -> Rows:
    """A scaled copy as ternary operations make it."""
    check(part, mode)
    if part.empty:
        raise Refused
    across, down = part.width / box.width, part.height / box.height
    # The area of a self-bitmap counts from the corner of that.
    across_at = math.floor((part.left - grid.bounds.left) / across + 0.5)
    down_at = math.floor((part.top - grid.bounds.top) / down + 0.5)
    made = []
    for form in (grid.form, ARGB) if grid.form is XRGB else (grid.form,):
        image = image_of(grid.rows, form)
        image.transform((int(across * 65536), 0, 0, 0, int(down * 65536), 0))
        image.sample(pixman.REPEAT_NONE, pixman.FILTER_NEAREST if mode == 1 else pixman.FILTER_GOOD)
        dest = pixman.Image(form, box.width, box.height)
        at, size = (across_at, down_at), (box.width, box.height)
        pixman.composite(pixman.OP_SRC, image, None, dest, at, (0, 0), (0, 0), size)
        made.append(rows_of(dest))
    return merged(made[0], made[1]) if len(made) == 2 else made[0]


def cut(rows: Rows, box: Rect) -> Rows:
    return [row[box.left : box.right] for row in rows[box.top : box.bottom]]


def cleared(rows: Rows, form: SurfaceFormat) -> Rows:
    """Without the bits of a format that are no colour."""
    colour = {XRGB: 0xFFFFFF, SurfaceFormat.RGB555: 0x7FFF}.get(form, -1)
    return [[value & colour for value in row] for row in rows]


def alpha_blend(surface: Grid, box: Rect, op: AlphaBlend, grid: Grid, *, off_screen: bool) -> Rows:
    """What ``box`` of the surface becomes; ``off_screen``: a self-bitmap whose high bytes may be alpha."""
    form = grid.form
    if form is XRGB and isinstance(op.src, SurfaceImage) and op.alpha_flags & 2:
        form = ARGB
    highs = {value >> 24 for row in grid.rows for value in row}
    if off_screen and highs not in ({0}, {255}):
        form = ARGB
    dest_form = ARGB if surface.form is XRGB and op.alpha_flags & 1 else surface.form
    dest = image_of(surface.rows, dest_form)
    part, size = op.src_area, (box.width, box.height)
    check(part, 1)
    if (part.width, part.height) == size:
        image = image_of(grid.rows, form)
        at = part.left - grid.bounds.left, part.top - grid.bounds.top
    else:
        image, at = scaled_image(grid, form, part, box, 1), (0, 0)
    mask = None if op.alpha == 255 else op.alpha
    pixman.composite(pixman.OP_OVER, image, mask, dest, at, (0, 0), (box.left, box.top), size)
    made = cut(rows_of(dest), box)
    return cleared(made, dest_form)


OPERATORS = {*range(0x0E), *range(0x10, 0x1C), *range(0x20, 0x2C), *range(0x30, 0x3F)}


def composite(surface: Grid, box: Rect, op: Composite, source: Grid, mask: Grid | None) -> Rows:
    """What ``box`` of the surface becomes."""
    alphas = (SurfaceFormat.A1, SurfaceFormat.A8)
    dest_opaque, source_opaque = op.flags >> 24 & 1, op.flags >> 22 & 1 and isinstance(op.src, SurfaceImage)
    if (
        op.flags & 255 not in OPERATORS
        or (dest_opaque and surface.form in alphas)
        or (source_opaque and source.form in alphas)
        or op.flags >> 8 & 7 > 4
        or (mask and op.flags >> 11 & 7 > 4)
    ):
        raise Refused
    form = XRGB if source_opaque and source.form is ARGB else source.form
    image, cover = image_of(source.rows, form), None
    if op.src_transform:
        image.transform(op.src_transform)
    image.sample(op.flags >> 14 & 3, op.flags >> 8 & 7)
    if mask:
        cover = image_of(mask.rows, mask.form)
        if op.mask_transform:
            cover.transform(op.mask_transform)
        cover.sample(op.flags >> 16 & 3, op.flags >> 11 & 7)
        cover.component_alpha(bool(op.flags >> 18 & 1))
    dest = image_of(cut(surface.rows, box), surface.form)
    size = (box.width, box.height)
    pixman.composite(op.flags & 255, image, cover, dest, op.src_origin, op.mask_origin, (0, 0), size)
    made = rows_of(dest)
    return cleared(made, surface.form)
