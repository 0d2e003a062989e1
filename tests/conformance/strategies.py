"""Random surfaces, images, masks and drawing commands, most of them legal, some of them not."""

import random

from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import (
    BitmapImage,
    Blackness,
    Brush,
    Copy,
    CopyBits,
    Drawable,
    Fill,
    Image,
    Invers,
    Mask,
    Nop,
    Op,
    Palette,
    SurfaceImage,
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
def copies(draw: st.DrawFn, surfaces: Specs, box: Rect) -> Copy:
    """From a bitmap or a surface, its own included."""
    image: Image
    if draw(st.booleans()):
        spare = st.integers(0, 4)
        size = (box.width + draw(spare), box.height + draw(spare))
        image = draw(bitmaps(draw(st.sampled_from(BitmapFormat)), *size))
    else:
        surface_id = draw(st.sampled_from((*surfaces, *surfaces, NO_SURFACE)))
        spec = surfaces.get(surface_id)
        size = (spec.width, spec.height) if spec else (1, 1)
        image = SurfaceImage(id=3, flags=0, width=size[0], height=size[1], surface_id=surface_id)
    kind = draw(st.integers(0, 9))
    left = draw(st.integers(0, max(0, size[0] - box.width)))
    top = draw(st.integers(0, max(0, size[1] - box.height)))
    area = Rect.sized(left, top, box.width, box.height) if kind else draw(any_rects())
    return Copy(image, area, draw(descriptors()), 1, draw(masks(surfaces)))


@st.composite
def drawables(draw: st.DrawFn, surfaces: Specs) -> Drawable:
    """One command for one of the surfaces."""
    surface_id = draw(st.sampled_from(sorted(surfaces)))
    spec = surfaces[surface_id]
    box = draw(rects_in(spec.width, spec.height)) if draw(st.integers(0, 11)) else draw(any_rects())
    near = st.integers(-6, MAX_SIDE)
    color = st.integers(0, 0xFFFFFFFF)
    brush = st.builds(Brush, st.sampled_from((0, 1, 1, 1)), color)
    kinds: tuple[st.SearchStrategy[Op], ...] = (
        copies(surfaces, box if not box.empty else Rect(0, 0, 1, 1)),
        st.builds(Fill, brush, descriptors(), masks(surfaces)),
        st.builds(CopyBits, st.builds(Point, near, near)),
        st.sampled_from((Blackness, Whiteness, Invers)).flatmap(lambda op: st.builds(op, masks(surfaces))),
        st.builds(Nop),
    )
    op = draw(kinds[draw(st.sampled_from((0, 0, 0, 1, 1, 2, 2, 3, 4)))])
    clip = draw(st.none() | st.lists(any_rects(), max_size=4).map(tuple))
    return Drawable(surface_id=surface_id, bbox=box, op=op, clip=clip)
