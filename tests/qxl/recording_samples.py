"""Commands of every kind as recordings hold them: random ones, and one of each."""

import random

from hypothesis import strategies as st

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, SurfaceFormat, row_bytes
from gspice.qxl import ops
from gspice.qxl.recording_events import RecordedPrimary

u32 = st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, (1 << 64) - 1)
coordinates = st.integers(-(1 << 31), (1 << 31) - 1)
points = st.builds(Point, coordinates, coordinates)
points16 = st.builds(Point, st.integers(-(1 << 15), (1 << 15) - 1), st.integers(-(1 << 15), (1 << 15) - 1))
surface_ids = st.integers(0, 1023)
HAS_MASK, HAS_SRC_TRANSFORM, HAS_MASK_TRANSFORM = 1 << 19, 1 << 20, 1 << 21
COMPOSITE_PARTS = HAS_MASK | HAS_SRC_TRANSFORM | HAS_MASK_TRANSFORM


def noise(seed: int, size: int) -> bytes:
    """Bytes that need not shrink one by one."""
    return random.Random(seed).randbytes(size)


seeds = st.integers(0, 1 << 30)


@st.composite
def rects(draw: st.DrawFn, least: int = 0, width: int = 1 << 15, height: int = 1 << 15) -> Rect:
    """A rectangle whose corners are in order."""
    left, top = draw(st.integers(least, width)), draw(st.integers(least, height))
    return Rect(left, top, draw(st.integers(left, width)), draw(st.integers(top, height)))


@st.composite
def bitmaps(draw: st.DrawFn, mask: bool = False) -> ops.BitmapImage:
    kind = draw(st.sampled_from(BitmapFormat))
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    stride = row_bytes(width, kind.bits_per_pixel) + draw(st.integers(0, 5))
    palette = None
    if kind.indexed and (not mask or draw(st.booleans())):
        ents = draw(st.lists(u32, max_size=1 << kind.bits_per_pixel))
        palette = ops.Palette(draw(u64), tuple(ents))
    return ops.BitmapImage(
        id=draw(u64),
        flags=draw(st.integers(0, 3)),
        width=width,
        height=height,
        format=kind,
        top_down=draw(st.booleans()),
        unstable=draw(st.booleans()),
        stride=stride,
        data=noise(draw(seeds), stride * height),
        palette=palette,
    )


surface_images = st.builds(
    ops.SurfaceImage,
    id=u64.filter(bool),
    flags=st.integers(0, 3),
    width=st.integers(0, 1 << 15),
    height=st.integers(0, 1 << 15),
    surface_id=surface_ids,
)
quic_images = st.builds(
    ops.EncodedImage,
    id=u64,
    flags=st.integers(0, 3),
    width=st.integers(1, 1 << 15),
    height=st.integers(1, 1 << 15),
    type=st.just(1),
    data=st.binary(max_size=40),
)
images = bitmaps() | surface_images | quic_images
brushes = (
    st.just(ops.Brush(0))
    | st.builds(ops.Brush, st.just(1), u32)
    | st.builds(ops.Brush, st.just(2), st.just(0), images, points)
)
masks = st.just(ops.Mask()) | st.builds(ops.Mask, bitmaps(mask=True) | surface_images, points, st.booleans())


@st.composite
def sources(draw: st.DrawFn) -> tuple[ops.Image, Rect]:
    """An image, and an area of it."""
    image = draw(images)
    bitmap = isinstance(image, ops.BitmapImage)
    return image, draw(rects(0, image.width, image.height) if bitmap else rects())


@st.composite
def glyphs(draw: st.DrawFn, bits: int) -> ops.Glyph:
    width, height = draw(st.integers(0, 20)), draw(st.integers(0, 5))
    return ops.Glyph(
        draw(points), draw(points), width, height, noise(draw(seeds), (width * bits + 7) // 8 * height)
    )


@st.composite
def texts(draw: st.DrawFn) -> ops.Text:
    flag, bits = draw(st.sampled_from([(1, 1), (2, 4), (4, 8)]))
    string = tuple(draw(st.lists(glyphs(bits), max_size=3)))
    flags = flag | draw(st.sampled_from([0, 8]))
    back = st.builds(Rect, coordinates, coordinates, coordinates, coordinates)
    return ops.Text(flags, string, draw(back), draw(brushes), draw(brushes), draw(st.integers(0, 0xFFFF)), 0)


@st.composite
def strokes(draw: st.DrawFn) -> ops.Stroke:
    segments = st.builds(
        ops.PathSegment, u32, st.lists(st.tuples(coordinates, coordinates), max_size=4).map(tuple)
    )
    styled = draw(st.booleans())
    dashes = st.lists(st.integers(0, 1 << 30), min_size=1, max_size=5).filter(any).map(tuple)
    return ops.Stroke(
        tuple(draw(st.lists(segments, max_size=3))),
        (8 if styled else 0) | draw(st.sampled_from([0, 4])),
        draw(dashes) if styled else (),
        draw(brushes),
        draw(st.integers(0, 0xFFFF)),
        draw(st.integers(0, 0xFFFF)),
    )


@st.composite
def composites(draw: st.DrawFn) -> ops.Composite:
    transforms = st.none() | st.tuples(*[coordinates] * 6)
    mask = draw(st.none() | images)
    source_transform, mask_transform = draw(transforms), draw(transforms) if mask else None
    flags = draw(u32) & ~COMPOSITE_PARTS
    flags |= HAS_MASK if mask else 0
    flags |= HAS_SRC_TRANSFORM if source_transform else 0
    flags |= HAS_MASK_TRANSFORM if mask_transform else 0
    return ops.Composite(
        flags, draw(images), mask, source_transform, mask_transform, draw(points), draw(points)
    )


@st.composite
def operations(draw: st.DrawFn) -> ops.Op:
    image, area = draw(sources())
    scale = draw(st.integers(0, 1))
    ropd = draw(st.integers(0, 0xFFFF))
    kinds: list[st.SearchStrategy[ops.Op]] = [
        st.builds(ops.Nop),
        st.builds(ops.Fill, brushes, st.just(ropd), masks),
        st.builds(ops.Opaque, st.just(image), st.just(area), brushes, st.just(ropd), st.just(scale), masks),
        st.builds(ops.Copy, st.just(image), st.just(area), st.just(ropd), st.just(scale), masks),
        st.builds(ops.Blend, st.just(image), st.just(area), st.just(ropd), st.just(scale), masks),
        st.builds(ops.CopyBits, points),
        st.builds(ops.Blackness, masks),
        st.builds(ops.Whiteness, masks),
        st.builds(ops.Invers, masks),
        st.builds(
            ops.Rop3, st.just(image), st.just(area), brushes, st.integers(0, 255), st.just(scale), masks
        ),
        strokes(),
        texts(),
        st.builds(ops.Transparent, st.just(image), st.just(area), u32, u32),
        st.builds(ops.AlphaBlend, st.integers(0, 3), st.integers(0, 255), st.just(image), st.just(area)),
        composites(),
    ]
    return draw(st.one_of(kinds))


@st.composite
def drawables(draw: st.DrawFn) -> ops.Drawable:
    op, surface_id = draw(operations()), draw(surface_ids)
    own = None
    if not isinstance(op, ops.Copy | ops.Blend) and draw(st.booleans()):
        own = draw(rects().filter(lambda rect: not rect.empty))
    deps = st.lists(st.tuples(surface_ids.filter(lambda id: id != surface_id), rects(-(1 << 15))), max_size=3)
    return ops.Drawable(
        surface_id=surface_id,
        bbox=draw(rects()),
        op=op,
        clip=draw(st.none() | st.lists(rects(-(1 << 15)), max_size=4).map(tuple)),
        effect=draw(st.integers(0, 7)),
        mm_time=draw(u32),
        self_bitmap_area=own,
        surface_deps=tuple(draw(deps)),
    )


@st.composite
def surface_creates(draw: st.DrawFn) -> ops.SurfaceCreate:
    kind = draw(st.sampled_from(SurfaceFormat))
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    step = row_bytes(width, kind.bits_per_pixel) + draw(st.integers(0, 3))
    keep = draw(st.booleans())
    return ops.SurfaceCreate(
        surface_id=draw(surface_ids),
        format=kind,
        width=width,
        height=height,
        stride=draw(st.sampled_from([step, -step])),
        keep_data=keep,
        data=noise(draw(seeds), step * height) if keep else None,
    )


@st.composite
def cursor_sets(draw: st.DrawFn) -> ops.CursorSet:
    width, height = draw(st.integers(0, 20)), draw(st.integers(0, 20))
    u16 = st.integers(0, 0xFFFF)
    shape = ops.CursorShape(
        unique=draw(u64),
        type=draw(st.integers(0, 6)),
        width=width,
        height=height,
        hot_x=draw(u16),
        hot_y=draw(u16),
        data=noise(draw(seeds), 5 * width * height + 4096),
    )
    return ops.CursorSet(draw(points16), draw(st.booleans()), shape)


commands: st.SearchStrategy[ops.Command] = (
    drawables()
    | surface_creates()
    | cursor_sets()
    | st.builds(ops.UpdateCommand, rects(-(1 << 15)), u32, surface_ids)
    | st.builds(ops.MessageCommand, st.binary(max_size=30))
    | st.builds(ops.SurfaceDestroy, surface_ids)
    | st.builds(ops.CursorMove, points16)
    | st.builds(ops.CursorHide)
    | st.builds(ops.CursorTrail, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
)


@st.composite
def primaries(draw: st.DrawFn) -> RecordedPrimary:
    step, height = draw(st.integers(0, 40)), draw(st.integers(0, 9))
    number = st.integers(-(1 << 31), (1 << 31) - 1)
    mapped = draw(st.booleans())
    return RecordedPrimary(
        width=draw(st.integers(0, 1 << 15)),
        height=height,
        stride=draw(st.sampled_from([step, -step])),
        format=draw(number),
        position=draw(number),
        mouse_mode=draw(number),
        flags=draw(number),
        type=draw(number),
        data=noise(draw(seeds), step * height) if mapped else b"",
    )


BITMAP = ops.BitmapImage(
    id=7,
    flags=1,
    width=2,
    height=2,
    format=BitmapFormat.XRGB32,
    top_down=True,
    stride=8,
    data=bytes(range(16)),
)
BOX = Rect(10, 20, 12, 22)
AREA = Rect(0, 0, 2, 2)
MASK = ops.Mask(
    ops.BitmapImage(
        id=8,
        flags=0,
        width=2,
        height=2,
        format=BitmapFormat.BIT1_BE,
        top_down=True,
        stride=1,
        data=b"\x40\x80",
    ),
    Point(1, -1),
    True,
)
ALPHA = ops.BitmapImage(
    id=11, flags=0, width=2, height=1, format=BitmapFormat.A8, top_down=True, stride=2, data=b"\x80\xff"
)
PATTERN = ops.Brush(2, 0, BITMAP, Point(3, 4))
SOLID = ops.Brush(1, 0xFF123456)
QUIC = ops.EncodedImage(id=9, flags=0, width=5, height=6, type=1, data=b"QUIC data")
PALETTED = ops.BitmapImage(
    id=10,
    flags=0,
    width=3,
    height=1,
    format=BitmapFormat.BIT8,
    top_down=False,
    stride=4,
    data=b"\0\1\2\0",
    palette=ops.Palette(99, (0xFFFFFFFF, 0, 0x123456)),
)
OPERATIONS: tuple[ops.Op, ...] = (
    ops.Nop(),
    ops.Fill(SOLID, 8, MASK),
    ops.Fill(PATTERN, 8, ops.Mask()),
    ops.Opaque(BITMAP, AREA, SOLID, 8, 1, ops.Mask()),
    ops.Copy(PALETTED, Rect(0, 0, 3, 1), 8, 0, ops.Mask()),
    ops.Copy(QUIC, AREA, 8, 0, ops.Mask()),
    ops.Blend(BITMAP, AREA, 32, 1, MASK),
    ops.CopyBits(Point(-3, 4)),
    ops.Blackness(ops.Mask()),
    ops.Whiteness(MASK),
    ops.Invers(ops.Mask()),
    ops.Rop3(BITMAP, AREA, PATTERN, 0xCA, 1, ops.Mask()),
    ops.Stroke((ops.PathSegment(3, ((0, 0), (160, -16))), ops.PathSegment(1, ())), 8, (16, 32), SOLID, 8, 8),
    ops.Text(
        1,
        (ops.Glyph(Point(1, 2), Point(0, -7), 9, 2, b"\x81\x80\x42\x00"),),
        Rect(0, 0, 0, 0),
        SOLID,
        ops.Brush(0),
        8,
        8,
    ),
    ops.Transparent(BITMAP, AREA, 0x00FF00, 0xFF00FF),
    ops.AlphaBlend(1, 128, BITMAP, AREA),
    ops.Composite(
        HAS_MASK | HAS_SRC_TRANSFORM | 3,
        BITMAP,
        ALPHA,
        (65536, 0, 0, 0, 65536, -65536),
        None,
        Point(1, 2),
        Point(3, -4),
    ),
)
"""One of each operation, and of each kind of image, brush and mask."""


def drawn(op: ops.Op, surface_id: int = 0) -> ops.Drawable:
    """A drawable with that operation."""
    return ops.Drawable(surface_id=surface_id, bbox=BOX, op=op, clip=(Rect(-1, 2, 30, 40),))


CURSOR = ops.CursorSet(
    Point(-5, 6),
    True,
    ops.CursorShape(unique=1 << 63, type=0, width=2, height=1, hot_x=1, hot_y=0, data=b"pixels!!"),
)
OTHERS: tuple[ops.Command, ...] = (
    ops.UpdateCommand(BOX, 0xFFFFFFFF, 0),
    ops.MessageCommand(b"hello, \xff"),
    ops.SurfaceCreate(surface_id=1, format=SurfaceFormat.A8, width=3, height=2, stride=-4),
    ops.SurfaceCreate(
        surface_id=2,
        format=SurfaceFormat.ARGB32,
        width=1,
        height=2,
        stride=-4,
        keep_data=True,
        data=b"row0row1",
    ),
    ops.SurfaceDestroy(1),
    CURSOR,
    ops.CursorMove(Point(-1, 700)),
    ops.CursorHide(),
    ops.CursorTrail(2, 30),
)
"""One of each command that is not drawn."""
EVERYTHING: tuple[ops.Command, ...] = (*map(drawn, OPERATIONS), *OTHERS)
