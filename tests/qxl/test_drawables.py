import struct

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat
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
    Invers,
    Mask,
    Nop,
    Op,
    Opaque,
    Rop3,
    SurfaceImage,
    Transparent,
    Whiteness,
)
from gspice.vdi.qxl import CommandExt
from tests.qxl.guest_commands import commands
from tests.qxl.guest_memory import GROUP, SURFACES, GuestMemory
from tests.qxl.guest_structures import (
    ALPHA_BLEND,
    BLACKNESS,
    BLEND,
    COMPAT,
    COMPAT_16BPP,
    COMPOSITE,
    COPY,
    COPY_BITS,
    FILL,
    INVERS,
    NOP,
    OPAQUE,
    ROP3,
    TRANSPARENT,
    WHITENESS,
    copy,
    fill,
    mask,
    pattern,
    qxl,
    rect,
    solid,
)

AREA = Rect(0, 1, 2, 3)
PIXELS = bytes(range(24))
IMAGE = BitmapImage(
    id=77, flags=0, width=2, height=3, format=BitmapFormat.XRGB32, top_down=False, stride=8, data=PIXELS
)
BITS = BitmapImage(
    id=77, flags=0, width=9, height=1, format=BitmapFormat.BIT1_LE, top_down=False, stride=2, data=b"\0\1"
)
HAS_MASK, HAS_SRC_TRANSFORM, HAS_MASK_TRANSFORM = 1 << 19, 1 << 20, 1 << 21


@pytest.fixture
def guest() -> GuestMemory:
    return GuestMemory()


def bits(guest: GuestMemory) -> int:
    return guest.bitmap(9, 1, 1)


def op(guest: GuestMemory, type: int, body: bytes) -> Op:
    return guest.draw(guest.drawable(type, body)).op


def test_common_part(guest: GuestMemory) -> None:
    clip = rect(Rect(-5, -6, 7, 8)) + rect(Rect(3, 3, 3, 3))
    command = guest.drawable(
        NOP,
        surface_id=SURFACES - 1,
        effect=7,
        bbox=Rect(10, 20, 300, 2**31 - 1),
        clip=(1, guest.chunks(clip[:15], clip[15:], head=struct.pack("<I", 2))),
        mm_time=0xFFFFFFFF,
        self_bitmap=1,
        self_bitmap_area=Rect(1, 2, 3, 4),
        deps=(2, -1, 0),
        dep_rects=(Rect(5, 6, 7, 8), Rect(9, 9, 1, 1), Rect(0, 0, 0, 0)),
    )
    assert guest.draw(command) == Drawable(
        surface_id=SURFACES - 1,
        bbox=Rect(10, 20, 300, 2**31 - 1),
        op=Nop(),
        clip=(Rect(-5, -6, 7, 8), Rect(3, 3, 3, 3)),
        effect=7,
        mm_time=0xFFFFFFFF,
        self_bitmap_area=Rect(1, 2, 3, 4),
        surface_deps=((2, Rect(5, 6, 7, 8)), (0, Rect(0, 0, 0, 0))),
    )


def test_plain_drawable(guest: GuestMemory) -> None:
    drawable = guest.draw(guest.drawable(NOP))
    assert drawable == Drawable(surface_id=3, bbox=Rect(1, 2, 30, 40), op=Nop(), mm_time=1234)


def test_its_own_surface_is_no_dependency(guest: GuestMemory) -> None:
    command = guest.drawable(NOP, surface_id=3, deps=(3, 4, 3))
    assert guest.draw(command).surface_deps == ((4, Rect(0, 0, 0, 0)),)


def test_a_clip_without_rectangles_lets_nothing_through(guest: GuestMemory) -> None:
    assert guest.draw(guest.drawable(NOP, clip=(1, guest.chunks(b"", head=bytes(4))))).clip == ()


def test_fill(guest: GuestMemory) -> None:
    body = fill(solid(0xFF0102), 0x7FF, mask(bits(guest), Point(-1, 2), 1))
    assert op(guest, FILL, body) == Fill(Brush(1, 0xFF0102), 0x7FF, Mask(BITS, Point(-1, 2), True))


def test_opaque(guest: GuestMemory) -> None:
    image = guest.bitmap()
    body = qxl("QXLOpaque", image, rect(AREA), pattern(image), 0x402, 0, mask(bits(guest)))
    expected = Opaque(IMAGE, AREA, Brush(2, 0, IMAGE, Point(3, -4)), 0x402, 0, Mask(BITS))
    assert op(guest, OPAQUE, body) == expected


def test_copy_and_blend(guest: GuestMemory) -> None:
    body = copy(guest.bitmap(), AREA, ropd=0x41, mask_=mask(bits(guest)))
    assert op(guest, COPY, body) == Copy(IMAGE, AREA, 0x41, 1, Mask(BITS))
    assert op(guest, BLEND, body) == Blend(IMAGE, AREA, 0x41, 1, Mask(BITS))


def test_copy_bits(guest: GuestMemory) -> None:
    assert op(guest, COPY_BITS, qxl("QXLPoint", -7, 2**31 - 1)) == CopyBits(Point(-7, 2**31 - 1))


@pytest.mark.parametrize(("type", "kind"), [(BLACKNESS, Blackness), (WHITENESS, Whiteness), (INVERS, Invers)])
def test_ops_of_a_mask_alone(guest: GuestMemory, type: int, kind: type[Blackness]) -> None:
    assert op(guest, type, mask()) == kind(Mask())
    assert op(guest, type, mask(bits(guest), Point(4, 5))) == kind(Mask(BITS, Point(4, 5)))


def test_rop3(guest: GuestMemory) -> None:
    body = qxl("QXLRop3", guest.bitmap(), rect(AREA), solid(9), 0xCA, 1, mask())
    assert op(guest, ROP3, body) == Rop3(IMAGE, AREA, Brush(1, 9), 0xCA, 1, Mask())


def test_transparent(guest: GuestMemory) -> None:
    body = qxl("QXLTransparent", guest.bitmap(), rect(AREA), 0xFF00FF, 0x80FF00FF)
    assert op(guest, TRANSPARENT, body) == Transparent(IMAGE, AREA, 0xFF00FF, 0x80FF00FF)


def test_alpha_blend(guest: GuestMemory) -> None:
    body = qxl("QXLAlphaBlend", 3, 128, guest.bitmap(), rect(AREA))
    assert op(guest, ALPHA_BLEND, body) == AlphaBlend(3, 128, IMAGE, AREA)


def test_composite(guest: GuestMemory) -> None:
    src = guest.put(qxl("QXLTransform", 65536, -1, 2, -3, 65535, -2147483648))
    mask_transform = guest.put(qxl("QXLTransform", 1, 2, 3, 4, 5, 6))
    body = qxl("QXLComposite", 0x01C2D503, guest.bitmap(), src, bits(guest), mask_transform, 1, -2, 3, -4)
    guest.refuses(guest.drawable(COMPOSITE, body), "mask: BIT1_LE bitmap without a palette")
    alpha = guest.bitmap(2, 3, 10)
    body = qxl("QXLComposite", 0x01C2D503, guest.bitmap(), src, alpha, mask_transform, 1, -2, 3, -4)
    found = op(guest, COMPOSITE, body)
    assert isinstance(found, Composite) and isinstance(found.mask, BitmapImage)
    assert found == Composite(
        0x01C2D503 | HAS_MASK | HAS_SRC_TRANSFORM | HAS_MASK_TRANSFORM,
        IMAGE,
        found.mask,
        (65536, -1, 2, -3, 65535, -2147483648),
        (1, 2, 3, 4, 5, 6),
        Point(1, -2),
        Point(3, -4),
    )
    assert found.mask.format is BitmapFormat.A8


def test_composite_flags_say_which_parts_there_are(guest: GuestMemory) -> None:
    # A mask's transform without a mask is not looked at.
    body = qxl("QXLComposite", 0xFFFFFFFF, guest.bitmap(), 0, 0, 0xBAD, 0, 0, 0, 0)
    none = 0xFFFFFFFF & ~(HAS_MASK | HAS_SRC_TRANSFORM | HAS_MASK_TRANSFORM)
    expected = Composite(none, IMAGE, None, None, None, Point(0, 0), Point(0, 0))
    assert op(guest, COMPOSITE, body) == expected


@pytest.mark.parametrize(
    ("which", "reason"), [(0, "src"), (1, "src_transform"), (2, "mask"), (3, "mask_transform")]
)
def test_composite_parts_must_be_there(guest: GuestMemory, which: int, reason: str) -> None:
    transform = guest.put(qxl("QXLTransform", *range(6)))
    parts = [guest.bitmap(), transform, guest.bitmap(), transform]
    parts[which] = 0xBAD
    body = qxl("QXLComposite", 3, *parts, 0, 0, 0, 0)
    guest.refuses(guest.drawable(COMPOSITE, body), f"^{reason}: 1?2?8? ?.*bytes at")


# Self-bitmap: the op reads what its own surface shows


def self_op(guest: GuestMemory, type: int, area: Rect) -> CommandExt:
    bodies = {
        OPAQUE: qxl("QXLOpaque", 0, rect(area), solid(1), 8, 0, mask()),
        ROP3: qxl("QXLRop3", 0, rect(area), solid(1), 0xCC, 0, mask()),
        TRANSPARENT: qxl("QXLTransparent", 0, rect(area), 1, 2),
        ALPHA_BLEND: qxl("QXLAlphaBlend", 0, 9, 0, rect(area)),
    }
    return guest.drawable(type, bodies[type], self_bitmap=1, self_bitmap_area=Rect(100, 200, 110, 220))


@pytest.mark.parametrize("type", [OPAQUE, ROP3, TRANSPARENT, ALPHA_BLEND])
def test_self_bitmap_as_source(guest: GuestMemory, type: int) -> None:
    drawable = guest.draw(self_op(guest, type, Rect(1, 2, 10, 20)))
    assert drawable.self_bitmap_area == Rect(100, 200, 110, 220)
    assert isinstance(drawable.op, Opaque | Rop3 | Transparent | AlphaBlend)
    assert drawable.op.src == SurfaceImage(id=0, flags=0, width=110, height=220, surface_id=3)
    assert drawable.op.src_area == Rect(101, 202, 110, 220)
    guest.refuses(
        self_op(guest, type, Rect(0, 0, 11, 20)), "src_area: it is not inside a self-bitmap of 10x20"
    )
    guest.refuses(self_op(guest, type, Rect(-1, 0, 5, 5)), "src_area.*negative")


@pytest.mark.parametrize("type", [OPAQUE, ROP3, TRANSPARENT, ALPHA_BLEND])
def test_no_source_and_no_self_bitmap(guest: GuestMemory, type: int) -> None:
    command = self_op(guest, type, Rect(0, 0, 1, 1))
    flag = 8 + 4 + 1 + 1
    guest.write(command.data + flag, b"\0")
    guest.refuses(command, "src_bitmap: no address")


@pytest.mark.parametrize("type", [COPY, BLEND])
def test_copies_have_no_self_bitmap(guest: GuestMemory, type: int) -> None:
    area = Rect(5, 5, 1, 1)
    command = guest.drawable(type, copy(guest.bitmap()), self_bitmap=1, self_bitmap_area=area)
    assert guest.draw(command).self_bitmap_area is None
    guest.refuses(guest.drawable(type, copy(0), self_bitmap=1), "src_bitmap: no address")


@pytest.mark.parametrize("area", [Rect(-1, 0, 5, 5), Rect(0, 0, 0, 5), Rect(0, 5, 5, 5), Rect(5, 0, 1, 5)])
def test_self_bitmap_area(guest: GuestMemory, area: Rect) -> None:
    guest.refuses(guest.drawable(NOP, self_bitmap=1, self_bitmap_area=area), "self_bitmap_area")


# What is wrong with a drawable is named


@pytest.mark.parametrize("type", [15, 16, 128, 255])
def test_unknown_operation(guest: GuestMemory, type: int) -> None:
    guest.refuses(guest.drawable(type), f"drawable: type {type}")


def test_unknown_effect(guest: GuestMemory) -> None:
    guest.refuses(guest.drawable(NOP, effect=8), "effect 8")


@pytest.mark.parametrize("surface_id", [SURFACES, 1024, 10000, 2**31, 2**32 - 1])
def test_cve_2015_5260_surface_id_of_a_drawable(guest: GuestMemory, surface_id: int) -> None:
    guest.refuses(guest.drawable(NOP, surface_id=surface_id), f"drawable: surface id {surface_id}")


@pytest.mark.parametrize("dep", [SURFACES, -2, -(2**31), 2**31 - 1])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_cve_2015_5260_surface_id_of_a_dependency(guest: GuestMemory, dep: int, place: int) -> None:
    deps = [-1, -1, -1]
    deps[place] = dep
    guest.refuses(guest.drawable(NOP, deps=deps), "surfaces_dest: surface id")


def test_dependency_area(guest: GuestMemory) -> None:
    guest.refuses(guest.drawable(NOP, deps=(1, -1, -1), dep_rects=(Rect(5, 0, 1, 1),) * 3), "surfaces_rects")


@pytest.mark.parametrize(
    ("bbox", "reason"),
    [
        (Rect(-1, 0, 5, 5), "negative"),
        (Rect(0, -(2**31), 5, 5), "negative"),
        (Rect(6, 0, 5, 5), "inside out"),
        (Rect(0, 6, 5, 5), "inside out"),
        (Rect(0, 0, -5, -5), "inside out"),
    ],
)
def test_bounding_box(guest: GuestMemory, bbox: Rect, reason: str) -> None:
    guest.refuses(guest.drawable(NOP, bbox=bbox), f"bbox: .*{reason}")
    guest.refuses(guest.compat_drawable(NOP, bbox=bbox), f"bbox: .*{reason}")


@pytest.mark.parametrize("type", [2, 3, 2**32 - 1])
def test_unknown_clip(guest: GuestMemory, type: int) -> None:
    guest.refuses(guest.drawable(NOP, clip=(type, 0)), f"clip: type {type}")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (0, "hold more than 0 bytes"),
        (1, "hold more than 16 bytes"),
        (3, "hold 32 bytes, num_rects is 3"),
        (65537, "num_rects 65537 is more than 65536"),
        (0x10000002, "num_rects"),
    ],
)
def test_number_of_clip_rectangles(guest: GuestMemory, number: int, reason: str) -> None:
    clip = guest.chunks(rect(AREA), rect(AREA), head=struct.pack("<I", number))
    guest.refuses(guest.drawable(NOP, clip=(1, clip)), f"clip: .*{reason}")


def test_clip_rectangle_inside_out_or_nowhere(guest: GuestMemory) -> None:
    clip = guest.chunks(rect(Rect(5, 0, 1, 1)), head=struct.pack("<I", 1))
    guest.refuses(guest.drawable(NOP, clip=(1, clip)), "clip: .*inside out")
    guest.refuses(guest.drawable(NOP, clip=(1, 0)), "clip: no address")
    guest.refuses(guest.drawable(NOP, clip=(1, guest.address(guest.size - 3))), "clip: .*not all inside")


@pytest.mark.parametrize("scale_mode", [2, 255])
def test_scale_mode(guest: GuestMemory, scale_mode: int) -> None:
    image = guest.bitmap()
    for type, body in {
        COPY: copy(image, AREA, scale_mode=scale_mode),
        BLEND: copy(image, AREA, scale_mode=scale_mode),
        OPAQUE: qxl("QXLOpaque", image, rect(AREA), solid(1), 8, scale_mode, mask()),
        ROP3: qxl("QXLRop3", image, rect(AREA), solid(1), 8, scale_mode, mask()),
    }.items():
        guest.refuses(guest.drawable(type, body), f"scale_mode: {scale_mode}")


@pytest.mark.parametrize("type", [OPAQUE, ROP3, TRANSPARENT, ALPHA_BLEND])
def test_source_area_of_every_op_that_has_one(guest: GuestMemory, type: int) -> None:
    image, outside = guest.bitmap(), rect(Rect(0, 0, 3, 3))
    body = {
        OPAQUE: qxl("QXLOpaque", image, outside, solid(1), 8, 0, mask()),
        ROP3: qxl("QXLRop3", image, outside, solid(1), 0xCC, 0, mask()),
        TRANSPARENT: qxl("QXLTransparent", image, outside, 1, 2),
        ALPHA_BLEND: qxl("QXLAlphaBlend", 0, 9, image, outside),
    }[type]
    guest.refuses(guest.drawable(type, body), "src_area .* not inside its bitmap of 2x3")


# The old layout


def test_compat_drawable(guest: GuestMemory) -> None:
    command = guest.compat_drawable(FILL, fill(), bitmap_offset=40, bitmap_area=Rect(1, 2, 3, 4))
    assert guest.draw(command) == Drawable(
        surface_id=0,
        bbox=Rect(1, 2, 30, 40),
        op=Fill(Brush(1, 0x123456), 8, Mask()),
        mm_time=1234,
        self_bitmap_area=Rect(1, 2, 3, 4),
    )


def test_compat_alpha_blend_has_no_flags(guest: GuestMemory) -> None:
    body = qxl("QXLCompatAlphaBlend", 200, guest.bitmap(), rect(AREA))
    assert guest.draw(guest.compat_drawable(ALPHA_BLEND, body)).op == AlphaBlend(0, 200, IMAGE, AREA)


def test_compat_colours_of_16_bpp(guest: GuestMemory) -> None:
    command = guest.compat_drawable(FILL, fill(solid(0x7C1F)), flags=COMPAT | COMPAT_16BPP)
    found = guest.draw(command).op
    assert isinstance(found, Fill)
    assert found.brush.color == 0xFF00FF


@pytest.mark.parametrize("type", [COMPOSITE, 15, 255])
def test_operations_that_the_old_layout_does_not_know(guest: GuestMemory, type: int) -> None:
    guest.refuses(guest.compat_drawable(type, bytes(100)), f"compat drawable: type {type}")


# A structure that reaches over the end of its slot is not read


@pytest.mark.parametrize("name", commands())
def test_a_command_may_end_with_its_slot_but_not_later(name: str) -> None:
    """Its own structure moved to the end of the slot: whole it parses, one byte later it does not."""
    guest = GuestMemory()
    guest.put(bytes(512))
    command = commands()[name](guest)
    value = guest.parse(command)
    structure = guest.read(command.data, 512)
    parsed = 0
    for length in range(1, 400):
        moved = guest.address(guest.size - length)
        guest.write(moved, structure[:length])
        try:
            assert guest.parse(command._replace(data=moved)) == value
            parsed += 1
        except GuestError as error:
            assert parsed == 0, f"{length} bytes: {error}"
            assert "not all inside" in str(error) or "does not end" in str(error)
    assert parsed > 0
    assert command.group_id == GROUP
