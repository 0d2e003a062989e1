"""Random surfaces, images, masks and drawing commands, most of them legal, some of them not."""

import random

from hypothesis import strategies as st

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
    Image,
    Invers,
    Mask,
    Nop,
    Op,
    Opaque,
    Palette,
    Rop3,
    SurfaceImage,
    Transparent,
    Whiteness,
)

Specs = dict[int, SurfaceSpec]
MAX_SIDE = 40
NO_MASK = Mask()
NO_SURFACE = 99
ROPD_OPS = (8, 16, 32, 64, 128, 256, 512, 0, 24, 192)
MASK_FORMATS = (BitmapFormat.BIT1_LE, BitmapFormat.BIT1_BE)


def noise(seed: int, size: int) -> bytes:
    """Bytes that need not shrink one by one."""
    return random.Random(seed).randbytes(size)


seeds = st.integers(0, 1 << 30)


@st.composite
def specs(draw: st.DrawFn) -> Specs:
    """Two to four surfaces."""
    one = st.builds(
        SurfaceSpec, st.integers(1, MAX_SIDE), st.integers(1, MAX_SIDE), st.sampled_from(SurfaceFormat)
    )
    return dict(enumerate(draw(st.lists(one, min_size=2, max_size=4))))


@st.composite
def rects_in(draw: st.DrawFn, width: int, height: int) -> Rect:
    """A rectangle with area inside the given size."""
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return Rect(left, top, draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height)))


@st.composite
def any_rects(draw: st.DrawFn) -> Rect:
    """A rectangle that may stick out anywhere or be empty."""
    near = st.integers(-5, MAX_SIDE + 5)
    return Rect(draw(near), draw(near), draw(near), draw(near))


@st.composite
def bitmaps(draw: st.DrawFn, bitmap_format: BitmapFormat, width: int, height: int) -> BitmapImage:
    """A bitmap with any legal stride and, where it is indexed, a palette that may be too short or missing."""
    stride = row_bytes(width, bitmap_format.bits_per_pixel) + draw(st.integers(0, 5))
    palette = None
    if bitmap_format.indexed and draw(st.integers(0, 9)):
        values = random.Random(draw(seeds))
        size = draw(st.sampled_from((0, 1, 2, 3, 16, 200, 256, 300)))
        palette = Palette(1, tuple(values.getrandbits(32) for _ in range(size)))
    return BitmapImage(
        id=1,
        flags=draw(st.sampled_from((0, 1, 2))),
        width=width,
        height=height,
        format=bitmap_format,
        top_down=draw(st.booleans()),
        stride=stride,
        data=noise(draw(seeds), stride * height),
        palette=palette,
    )


@st.composite
def masks(draw: st.DrawFn, surfaces: Specs) -> Mask:
    """Mostly none; else a 1-bit bitmap or a surface that covers the op, some of it or nothing."""
    kind = draw(st.integers(0, 6))
    if kind < 4:
        return NO_MASK
    image: Image
    if kind < 6:
        side = st.integers(1, MAX_SIDE)
        odd = draw(st.integers(0, 9)) == 0
        image_format = BitmapFormat.BIT8 if odd else draw(st.sampled_from(MASK_FORMATS))
        image = draw(bitmaps(image_format, draw(side), draw(side)))
    else:
        image = SurfaceImage(
            id=2, flags=0, width=1, height=1, surface_id=draw(st.sampled_from(sorted(surfaces)))
        )
    near = st.integers(-4, MAX_SIDE)
    return Mask(image, Point(draw(near), draw(near)), draw(st.booleans()))


@st.composite
def descriptors(draw: st.DrawFn) -> int:
    """A rop descriptor: an operation, or none or two of them, and any inversions."""
    return draw(st.sampled_from(ROPD_OPS)) | draw(st.integers(0, 7)) | draw(st.sampled_from((0, 1024)))


@st.composite
def images(
    draw: st.DrawFn, surfaces: Specs, least: tuple[int, int] = (1, 1)
) -> tuple[Image, tuple[int, int]]:
    """A bitmap, mostly of at least the given size, or a surface, and its size."""
    if draw(st.booleans()):
        spare = st.integers(0, 4)
        size = (least[0] + draw(spare), least[1] + draw(spare))
        return draw(bitmaps(draw(st.sampled_from(BitmapFormat)), *size)), size
    surface_id = draw(st.sampled_from((*surfaces, *surfaces, NO_SURFACE)))
    spec = surfaces.get(surface_id)
    size = (spec.width, spec.height) if spec else (1, 1)
    return SurfaceImage(id=3, flags=0, width=size[0], height=size[1], surface_id=surface_id), size


@st.composite
def source_areas(draw: st.DrawFn, size: tuple[int, int], box: Rect) -> Rect:
    """As large as the box, or scaled to it, or anything."""
    kind = draw(st.integers(0, 9))
    if kind < 6:
        left = draw(st.integers(0, max(0, size[0] - box.width)))
        top = draw(st.integers(0, max(0, size[1] - box.height)))
        return Rect.sized(left, top, box.width, box.height)
    return draw(rects_in(*size)) if kind < 9 else draw(any_rects())


@st.composite
def brushes(draw: st.DrawFn, surfaces: Specs) -> Brush:
    """Mostly colours; patterns of all sizes, at places far and near."""
    kind = draw(st.sampled_from((0, 1, 1, 1, 2, 2, 3)))
    if kind < 2:
        return Brush(kind, draw(st.integers(0, 0xFFFFFFFF)))
    side = st.integers(1, MAX_SIDE)
    pattern, _ = draw(images(surfaces, (draw(side), draw(side))))
    place = st.integers(-MAX_SIDE, MAX_SIDE) | st.sampled_from((-(2**31), 2**31 - 1))
    return Brush(kind, 0, pattern, Point(draw(place), draw(place)))


@st.composite
def image_ops(draw: st.DrawFn, surfaces: Specs, box: Rect) -> Op:
    """An op that reads an image and is not COMPOSITE."""
    image, size = draw(images(surfaces, (box.width, box.height)))
    area = draw(source_areas(size, box))
    mode, mask = draw(st.sampled_from((0, 1, 0, 1, 0, 1, 7))), masks(surfaces)
    color = st.integers(0, 0xFFFFFFFF)
    match draw(st.sampled_from(("copy", "blend", "opaque", "rop3", "transparent", "alpha"))):
        case "copy":
            return Copy(image, area, draw(descriptors()), mode, draw(mask))
        case "blend":
            return Blend(image, area, draw(descriptors()), mode, draw(mask))
        case "opaque":
            return Opaque(image, area, draw(brushes(surfaces)), draw(descriptors()), mode, draw(mask))
        case "rop3":
            return Rop3(image, area, draw(brushes(surfaces)), draw(st.integers(0, 255)), mode, draw(mask))
        case "transparent":
            key = draw(color)
            if isinstance(image, BitmapImage) and draw(st.booleans()):
                # One that is there: a pixel of 32-bit images, and of others not far from it.
                key = int.from_bytes(image.data[:4], "little")
            return Transparent(image, area, draw(color), key)
        case _:
            return AlphaBlend(
                draw(st.integers(0, 3)), draw(st.sampled_from((0, 1, 77, 128, 255))), image, area
            )


@st.composite
def transforms(draw: st.DrawFn) -> tuple[int, ...] | None:
    """None, or a mild scaling with some turn and shift, or any numbers."""
    kind = draw(st.integers(0, 5))
    if kind < 2:
        return None
    if kind < 5:
        near, far = st.integers(-0x20000, 0x20000), st.integers(-0x200000, 0x200000)
        turn = near if kind == 4 else st.just(0)
        return (draw(near), draw(turn), draw(far), draw(turn), draw(near), draw(far))
    return tuple(draw(st.integers(-(2**31), 2**31 - 1)) for _ in range(6))


@st.composite
def composites(draw: st.DrawFn, surfaces: Specs, box: Rect) -> Composite:
    """All operators, filters and repeats, with those that do not exist."""
    image, _ = draw(images(surfaces, (box.width, box.height)))
    mask = draw(images(surfaces, (box.width, box.height)))[0] if draw(st.booleans()) else None
    operator = draw(st.integers(0, 13) | st.integers(0, 66))
    filters = st.sampled_from((0, 1, 2, 3, 4, 0, 1, 3, 4, 5, 7))
    flags = operator | draw(filters) << 8 | draw(st.integers(0, 3)) << 14 | draw(st.integers(0, 3)) << 16
    flags |= (
        draw(filters) << 11 | draw(st.integers(0, 1)) << 18 | draw(st.sampled_from((0, 0, 1, 2, 4, 7))) << 22
    )
    src_transform, mask_transform = draw(transforms()), draw(transforms()) if mask else None
    flags |= bool(mask) << 19 | bool(src_transform) << 20 | bool(mask_transform) << 21
    near = st.integers(-8, MAX_SIDE)
    places = [Point(draw(near), draw(near)) for _ in range(2)]
    return Composite(flags, image, mask, src_transform, mask_transform, *places)


@st.composite
def drawables(draw: st.DrawFn, surfaces: Specs) -> Drawable:
    """One command for one of the surfaces."""
    surface_id = draw(st.sampled_from(sorted(surfaces)))
    spec = surfaces[surface_id]
    box = draw(rects_in(spec.width, spec.height)) if draw(st.integers(0, 11)) else draw(any_rects())
    near = st.integers(-6, MAX_SIDE)
    size_box = box if not box.empty else Rect(0, 0, 1, 1)
    kinds: tuple[st.SearchStrategy[Op], ...] = (
        image_ops(surfaces, size_box),
        st.builds(Fill, brushes(surfaces), descriptors(), masks(surfaces)),
        st.builds(CopyBits, st.builds(Point, near, near)),
        st.sampled_from((Blackness, Whiteness, Invers)).flatmap(lambda op: st.builds(op, masks(surfaces))),
        st.builds(Nop),
        composites(surfaces, size_box),
    )
    op = draw(kinds[draw(st.sampled_from((0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 5)))])
    clip = draw(st.none() | st.lists(any_rects(), max_size=4).map(tuple))
    self_area = None
    if not isinstance(op, Copy | Blend) and draw(st.integers(0, 3)) == 0:
        self_area = draw(rects_in(spec.width, spec.height)) if draw(st.integers(0, 7)) else draw(any_rects())
    return Drawable(surface_id=surface_id, bbox=box, op=op, clip=clip, self_bitmap_area=self_area)
