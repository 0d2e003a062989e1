"""A canvas that draws pixel by pixel, slowly and plainly: what every backend must agree with, byte for byte.

It shares no code with the backends. A surface is a list of rows of pixel values, numbers of as many bits
as the format has.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gspice.geometry import Rect
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
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
    Image,
    Invers,
    Mask,
    Nop,
    Opaque,
    Rop3,
    SurfaceImage,
    Transparent,
    Whiteness,
)
from tests.conformance import reference_render as render
from tests.conformance.reference_pixels import (
    CHANNELS,
    ORIGINALS,
    THIRTY_TWO,
    Rows,
    narrow,
    rop,
    stored,
    surface_argb,
    ternary,
    unpack,
    widen,
)
from tests.conformance.reference_render import Grid, Refused

Draw = Callable[[int, int, int], int]
"""What a pixel becomes, by x, y and what it was."""


@dataclass
class Picture:
    """An image with its pixels as A8R8G8B8, or as raw values of the surface that is drawn on."""

    bounds: Rect
    at: Callable[[int, int], int]
    raw: bool


class ReferenceCanvas:
    """Surfaces and drawing as the Canvas contract says, for the ops that every backend must know."""

    def __init__(self) -> None:
        self.specs: dict[int, SurfaceSpec] = {}
        self.rows: dict[int, Rows] = {}

    def create(self, surface_id: int, spec: SurfaceSpec, data: bytes, stride: int) -> None:
        self.specs[surface_id] = spec
        self.rows[surface_id] = unpack(spec, data, stride)

    def draw(self, drawable: Drawable) -> bool:
        """Whether it was drawn."""
        try:
            changes = list(self._changes(drawable))
        except Refused:
            return False
        for x, y, value in changes:
            self.rows[drawable.surface_id][y][x] = value
        return True

    def area(self, drawable: Drawable) -> set[tuple[int, int]]:
        """The pixels of bounding box and clip."""
        box = drawable.bbox
        points = {(x, y) for y in range(box.top, box.bottom) for x in range(box.left, box.right)}
        if drawable.clip is None:
            return points
        return {(x, y) for x, y in points if any(rect.contains_point(x, y) for rect in drawable.clip)}

    def _changes(self, drawable: Drawable) -> Iterator[tuple[int, int, int]]:
        """Every (x, y, new value), all found before any is stored."""
        spec = self.specs.get(drawable.surface_id)
        box, op = drawable.bbox, drawable.op
        if spec is None or box.empty or not Rect(0, 0, spec.width, spec.height).contains(box):
            raise Refused
        rows = self.rows[drawable.surface_id]
        ones = (1 << spec.format.bits_per_pixel) - 1
        if isinstance(op, Nop):
            return
        if isinstance(op, CopyBits):
            for x, y in self.area(drawable):
                u, v = x - box.left + op.src.x, y - box.top + op.src.y
                if 0 <= u < spec.width and 0 <= v < spec.height:
                    yield x, y, rows[v][u]
            return
        value = self._value(drawable, spec.format, ones)
        mask = getattr(op, "mask", None)
        covered = self._mask(mask) if isinstance(mask, Mask) else lambda x, y: True
        for x, y in self.area(drawable):
            if covered(x - box.left, y - box.top):
                yield x, y, value(x, y, rows[y][x])

    def _value(self, drawable: Drawable, target: SurfaceFormat, ones: int) -> Draw:
        op, box = drawable.op, drawable.bbox
        match op:
            case Fill():
                brush, fill_ropd = self._brush(drawable, op.brush, target, ones), op.ropd
                return lambda x, y, dst: rop(fill_ropd, True, brush(x, y), dst, ones)
            case Copy() | Blend():
                return self._put(drawable, op.src, op.src_area, op.scale_mode, op.ropd)
            case Opaque():
                put = self._put(drawable, op.src, op.src_area, op.scale_mode, 8)
                over, ropd = self._brush(drawable, op.brush, target, ones), op.ropd
                return lambda x, y, dst: rop(ropd, True, over(x, y), put(x, y, dst), ones, dest_flag=1)
            case Rop3():
                pattern, source, code = (
                    self._brush(drawable, op.brush, target, ones),
                    self._rop3_source(drawable),
                    op.rop3,
                )
                return lambda x, y, dst: ternary(code, pattern(x, y), source(x, y), dst, ones)
            case Transparent():
                return self._keyed(drawable, op, target)
            case AlphaBlend():
                if op.alpha == 0:
                    return lambda x, y, dst: dst
                grid = self.grid(drawable, op.src, target, original=True)
                own = grid.self_bitmap and target is SurfaceFormat.XRGB32 and drawable.surface_id != 0
                made = render.alpha_blend(self._own_grid(drawable), box, op, grid, off_screen=own)
                if (op.src_area.width, op.src_area.height) != (box.width, box.height):
                    return lambda x, y, dst: made[y - box.top][x - box.left]
                seen = grid.bounds.translate(box.left - op.src_area.left, box.top - op.src_area.top)
                return lambda x, y, dst: made[y - box.top][x - box.left] if seen.contains_point(x, y) else dst
            case Composite():
                mask = self.grid(drawable, op.mask, target) if op.flags & 1 << 19 and op.mask else None
                made = render.composite(
                    self._own_grid(drawable), box, op, self.grid(drawable, op.src, target), mask
                )
                return lambda x, y, dst: made[y - box.top][x - box.left]
            case Blackness() | Whiteness() | Invers():
                fixed = {Blackness: 128, Whiteness: 256, Invers: 512}[type(op)]
                return lambda x, y, dst: rop(fixed, True, 0, dst, ones)
            case _:
                raise Refused

    def _brush(
        self, drawable: Drawable, brush: Brush, target: SurfaceFormat, ones: int
    ) -> Callable[[int, int], int]:
        if brush.type == 0:
            return lambda x, y: 0
        if brush.type == 1:
            return lambda x, y: brush.color & ones
        if brush.type != 2 or brush.pattern is None:
            raise Refused
        grid = self._same_depth(self.grid(drawable, brush.pattern, target), target)
        left, top, right, bottom = grid.bounds
        pos = brush.pos
        return lambda x, y: grid.rows[(y - pos.y) % (bottom - top)][(x - pos.x) % (right - left)]

    def _same_depth(self, grid: Grid, target: SurfaceFormat) -> Grid:
        """Raw pixels where the depths are alike, else what their colours are in the target's format."""
        if grid.form.bits_per_pixel == target.bits_per_pixel:
            return grid
        rows = [[narrow(surface_argb(value, grid.form), target) for value in row] for row in grid.rows]
        return Grid(grid.bounds, target, rows, self_bitmap=grid.self_bitmap)

    def _scaled(self, rows: Rows, grid: Grid, target: SurfaceFormat) -> Rows:
        """Scaled pixels of an image as those of the target."""
        return self._same_depth(Grid(grid.bounds, grid.form, rows), target).rows

    def _put(self, drawable: Drawable, image: Image, part: Rect, mode: int, ropd: int) -> Draw:
        box, target = drawable.bbox, self.specs[drawable.surface_id].format
        ones = (1 << target.bits_per_pixel) - 1
        if (part.width, part.height) != (box.width, box.height):
            grid = self.grid(drawable, image, target)
            if rop(ropd, False, 5, 3, 7) == 5 and rop(ropd, False, 2, 3, 7) == 2:
                made = render.scale_onto(self._own_grid(drawable), box, part, grid, mode)
                return lambda x, y, dst: made[y - box.top][x - box.left]
            scaled = self._scaled(render.scale(box, part, grid, mode), grid, target)
            return lambda x, y, dst: rop(ropd, False, scaled[y - box.top][x - box.left], dst, ones)
        picture = self._picture(drawable, image, target)

        def copied(x: int, y: int, dst: int) -> int:
            u, v = x - box.left + part.left, y - box.top + part.top
            if not picture.bounds.contains_point(u, v):
                return dst
            src = picture.at(u, v)
            return rop(ropd, False, src if picture.raw else narrow(src, target), dst, ones)

        return copied

    def _rop3_source(self, drawable: Drawable) -> Callable[[int, int], int]:
        op, box = drawable.op, drawable.bbox
        assert isinstance(op, Rop3)
        target = self.specs[drawable.surface_id].format
        grid, part = self.grid(drawable, op.src, target), op.src_area
        if (part.width, part.height) != (box.width, box.height):
            rows = self._scaled(render.scale_rounded(box, part, grid, op.scale_mode), grid, target)
            return lambda x, y: rows[y - box.top][x - box.left]
        if not grid.bounds.contains(part):
            raise Refused
        grid = self._same_depth(grid, target)
        return lambda x, y: grid.at(x - box.left + part.left, y - box.top + part.top)

    def _keyed(self, drawable: Drawable, op: Transparent, target: SurfaceFormat) -> Draw:
        box, part = drawable.bbox, op.src_area
        grid = self.grid(drawable, op.src, target)
        seen = (1 << min(24, target.bits_per_pixel)) - 1
        alone = target in (SurfaceFormat.A1, SurfaceFormat.A8)
        key = 0 if alone else narrow(op.true_color, target) & seen
        if (part.width, part.height) == (box.width, box.height):
            grid = self._same_depth(grid, target)

            def keyed(x: int, y: int, dst: int) -> int:
                u, v = x - box.left + part.left, y - box.top + part.top
                inside = grid.bounds.contains_point(u, v)
                return grid.at(u, v) if inside and grid.at(u, v) & seen != key else dst

            return keyed
        rows = self._scaled(render.scale(box, part, grid, 1), grid, target)

        def keyed_scaled(x: int, y: int, dst: int) -> int:
            src = rows[y - box.top][x - box.left]
            return dst if src & seen == key else src

        return keyed_scaled

    def _own_grid(self, drawable: Drawable) -> Grid:
        spec = self.specs[drawable.surface_id]
        return Grid(Rect(0, 0, spec.width, spec.height), spec.format, self.rows[drawable.surface_id])

    def grid(
        self, drawable: Drawable, image: Image, target: SurfaceFormat, *, original: bool = False
    ) -> Grid:
        """All pixels of an image as pixman is given them: bitmaps in the target's format, or in their own."""
        if isinstance(image, SurfaceImage):
            own = image.surface_id == drawable.surface_id
            spec = self.specs.get(image.surface_id)
            if spec is None:
                raise Refused
            area = drawable.self_bitmap_area if own else None
            whole = Rect(0, 0, spec.width, spec.height)
            if area is None:
                return Grid(whole, spec.format, self.rows[image.surface_id])
            if area.empty or not whole.contains(area):
                raise Refused
            rows = [
                row[area.left : area.right] for row in self.rows[image.surface_id][area.top : area.bottom]
            ]
            return Grid(area, spec.format, rows, self_bitmap=True)
        if not isinstance(image, BitmapImage):
            raise Refused
        form = target
        if original and not image.format.indexed:
            form = ORIGINALS[image.format]
        elif target in THIRTY_TWO and not (original and image.format.indexed):
            form = SurfaceFormat.ARGB32 if image.format is BitmapFormat.ARGB32 else SurfaceFormat.XRGB32
        picture = self._picture(drawable, image, form)
        columns, lines = range(image.width), range(image.height)
        rows = [[picture.at(x, y) for x in columns] for y in lines]
        if not picture.raw:
            rows = [[narrow(value, form) for value in row] for row in rows]
        return Grid(picture.bounds, form, rows)

    def _mask(self, mask: Mask) -> Callable[[int, int], bool]:
        image = mask.image
        if image is None:
            return lambda x, y: True
        if isinstance(image, BitmapImage):
            if image.format not in (BitmapFormat.BIT1_LE, BitmapFormat.BIT1_BE):
                raise Refused
            width, height = image.width, image.height
        elif isinstance(image, SurfaceImage):
            spec = self.specs.get(image.surface_id)
            if spec is None or spec.format is not SurfaceFormat.A1:
                raise Refused
            width, height = spec.width, spec.height
        else:
            raise Refused

        def covered(x: int, y: int) -> bool:
            u, v = x + mask.pos.x, y + mask.pos.y
            if not (0 <= u < width and 0 <= v < height):
                return False
            if isinstance(image, BitmapImage):
                return bool(stored(image, u, v)) != mask.inverse
            assert isinstance(image, SurfaceImage)
            return bool(self.rows[image.surface_id][v][u]) != mask.inverse

        return covered

    def _picture(self, drawable: Drawable, image: Image, target: SurfaceFormat) -> Picture:
        bits = target.bits_per_pixel
        if isinstance(image, SurfaceImage):
            grid = self.grid(drawable, image, target)
            raw = grid.form.bits_per_pixel == bits
            return Picture(
                grid.bounds,
                lambda x, y: grid.at(x, y) if raw else surface_argb(grid.at(x, y), grid.form),
                raw,
            )
        if not isinstance(image, BitmapImage):
            raise Refused
        high = 0xFF000000 if image.flags & 2 and bits == 32 else 0
        if image.format.indexed:
            if image.palette is None:
                raise Refused
            ents = image.palette.ents

            def entry(x: int, y: int) -> int:
                index = stored(image, x, y)
                return ((ents[index] | high) if index < len(ents) else 0) & ((1 << bits) - 1)

            return Picture(Rect(0, 0, image.width, image.height), entry, True)
        raw = image.format is BitmapFormat.RGB555 and target is SurfaceFormat.RGB555
        if raw:
            return Picture(Rect(0, 0, image.width, image.height), lambda x, y: stored(image, x, y), True)

        def argb(x: int, y: int) -> int:
            value = stored(image, x, y)
            match image.format:
                case BitmapFormat.ARGB32:
                    return value
                case BitmapFormat.XRGB32 | BitmapFormat.RGB24:
                    return value | (high if bits == 32 else 0xFF000000)
                case BitmapFormat.A8:
                    return value << 24
                case _:
                    return widen(value, CHANNELS[image.format])

        return Picture(Rect(0, 0, image.width, image.height), argb, False)
