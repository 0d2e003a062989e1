"""Every field of every structure that a command consists of, found by following its addresses.

The layouts are those that the device model writes with (``gspice/qxl/structures*.py``), so a structure that is added
there and not here is noticed by the tests.
"""

import ctypes
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from gspice.qxl import structures_command as command
from gspice.qxl import structures_draw as draw
from gspice.qxl import structures_image as image
from gspice.qxl.structures import (
    I32,
    U8,
    U16,
    U32,
    Address,
    Packed,
    PackedUnion,
    QXLDataChunk,
    QXLHead,
    QXLMonitorsConfig,
    QXLRect,
    QXLReleaseInfo,
    packed,
)
from gspice.vdi.qxl import CommandExt
from tests.qxl.guest_memory import GuestMemory

COMPAT = 1
DIRECT = 1


class Field(NamedTuple):
    """A number in guest memory."""

    name: str
    """Its path from the command, as ``QXLDrawable.clip.data->num_rects``."""
    structure: type[ctypes.Structure]
    field: str
    """Its name in the structure that holds it."""
    places: tuple[int, ...]
    """Offsets of its bytes in the slot; what lies in data chunks may be torn apart."""
    address: bool

    def read(self, guest: GuestMemory) -> int:
        return int.from_bytes(_read(guest, self.places), "little")

    def write(self, guest: GuestMemory, value: int) -> None:
        for place, byte in zip(self.places, value.to_bytes(len(self.places), "little"), strict=True):
            guest.write(guest.address(place), bytes([byte]))


@packed
class QXLTransform(Packed):
    t00: I32
    t01: I32
    t02: I32
    t10: I32
    t11: I32
    t12: I32


@packed
class FixedPoint(Packed):
    x: I32
    y: I32


@packed
class PaletteEntry(Packed):
    color: U32


@packed
class Dash(Packed):
    length: I32


@packed
class QXLCompatAlphaBlend(Packed):
    alpha: U8
    src_bitmap: Address
    src_area: QXLRect


@packed
class CompatDrawBody(PackedUnion):
    """As ``DrawBody``, but for one member."""

    compat: draw.DrawBody
    alpha_blend: QXLCompatAlphaBlend


@packed
class QXLCompatDrawable(Packed):
    release_info: QXLReleaseInfo
    effect: U8
    type: U8
    bitmap_offset: U16
    bitmap_area: QXLRect
    bbox: QXLRect
    clip: draw.QXLClip
    mm_time: U32
    u: CompatDrawBody


@packed
class QXLCompatUpdateCmd(Packed):
    release_info: QXLReleaseInfo
    area: QXLRect
    update_id: U32


Kind = Any
"""A type of ctypes; its own stubs have no useful name for them all."""

COMMANDS: dict[tuple[int, bool], Kind] = {
    (1, False): draw.QXLDrawable,
    (1, True): QXLCompatDrawable,
    (2, False): command.QXLUpdateCmd,
    (2, True): QXLCompatUpdateCmd,
    (3, False): command.QXLCursorCmd,
    (4, False): command.QXLMessage,
    (5, False): command.QXLSurfaceCmd,
}
POINTEES: dict[tuple[Kind, str], Kind] = {
    (draw.QXLPattern, "pat"): image.QXLImage,
    (draw.QXLQMask, "bitmap"): image.QXLImage,
    (draw.QXLOpaque, "src_bitmap"): image.QXLImage,
    (draw.QXLCopy, "src_bitmap"): image.QXLImage,
    (draw.QXLTransparent, "src_bitmap"): image.QXLImage,
    (draw.QXLAlphaBlend, "src_bitmap"): image.QXLImage,
    (QXLCompatAlphaBlend, "src_bitmap"): image.QXLImage,
    (draw.QXLRop3, "src_bitmap"): image.QXLImage,
    (draw.QXLComposite, "src"): image.QXLImage,
    (draw.QXLComposite, "mask"): image.QXLImage,
    (draw.QXLComposite, "src_transform"): QXLTransform,
    (draw.QXLComposite, "mask_transform"): QXLTransform,
    (draw.QXLStroke, "path"): draw.QXLPath,
    (draw.QXLLineAttr, "style"): Dash * 2,
    (draw.QXLText, "str"): draw.QXLString,
    (draw.QXLClip, "data"): draw.QXLClipRects,
    (image.QXLBitmap, "palette"): image.QXLPalette,
    (image.QXLBitmap, "data"): QXLDataChunk,
    (QXLDataChunk, "next_chunk"): QXLDataChunk,
    (command.CursorSetBody, "shape"): command.QXLCursor,
}
MEMBERS: dict[Kind, tuple[str, dict[int, str]]] = {
    draw.DrawBody: (
        "type",
        {
            1: "fill",
            2: "opaque",
            3: "copy",
            4: "copy_bits",
            5: "blend",
            6: "blackness",
            7: "whiteness",
            8: "invers",
            9: "rop3",
            10: "stroke",
            11: "text",
            12: "transparent",
            13: "alpha_blend",
            14: "composite",
        },
    ),
    draw.BrushBody: ("type", {1: "color", 2: "pattern"}),
    image.ImageBody: ("descriptor", {0: "bitmap", 1: "quic", 104: "surface_image"}),
    command.SurfaceCmdBody: ("type", {0: "surface_create"}),
    command.CursorBody: ("type", {0: "set", 1: "position", 3: "trail"}),
}
"""Of each union: the field beside it that says which member counts."""
MEMBERS[CompatDrawBody] = (
    "type",
    {kind: "compat" for kind in MEMBERS[draw.DrawBody][1]} | {13: "alpha_blend"},
)
FOLLOWERS: dict[Kind, Kind] = {
    draw.QXLClipRects: QXLRect * 2,
    image.QXLPalette: PaletteEntry * 3,
    image.QXLQUICData: QXLDataChunk,
}
"""What lies behind a structure; behind a chunk at its end, in the chunk's chain."""
REPEATED: dict[Kind, Kind] = {draw.QXLPath: draw.QXLPathSeg, draw.QXLString: draw.QXLRasterGlyph}
"""What a chain holds several of, each with data of its own behind it."""


def fields_of(guest: GuestMemory, made: CommandExt) -> list[Field]:
    """All fields of a valid command."""
    kind = COMMANDS[made.type, bool(made.flags & COMPAT)]
    places = range(guest.offset(made.data), guest.size)
    return list(dict.fromkeys(_walk(guest, kind, places, kind.__name__, None, "")))


def fields_of_monitors(guest: GuestMemory, address: int, heads: int) -> list[Field]:
    """All fields of a monitors configuration."""
    places = range(guest.offset(address), guest.size)
    size = ctypes.sizeof(QXLMonitorsConfig)
    return [
        *_walk(guest, QXLMonitorsConfig, places, "QXLMonitorsConfig", None, ""),
        *_walk(guest, QXLHead * heads, places[size:], "heads", None, ""),
    ]


def values_for(guest: GuestMemory, field: Field, rng: random.Random) -> list[int]:
    """What to set a field to: edges, neighbours of what is right, addresses of other things, noise."""
    bits = 8 * len(field.places)
    top, right = (1 << bits) - 1, field.read(guest)
    sign = 1 << bits - 1
    values = [0, 1, top, sign, sign - 1, right + 1, right - 1, right ^ sign, rng.getrandbits(bits)]
    if bits > 8:
        values += [rng.randrange(1 << bits // 2), right * 2]
    if field.address:
        low, high = guest.address(0), guest.address(guest.size)
        values += [low, high, high - 1, high - 8, guest.address(field.places[0]), rng.randrange(low, high)]
    return [value & top for value in dict.fromkeys(values)]


def _read(guest: GuestMemory, places: Sequence[int]) -> bytes:
    return b"".join(guest.read(guest.address(place), 1) for place in places)


def _walk(
    guest: GuestMemory, kind: Kind, places: Sequence[int], name: str, holder: Kind, field: str
) -> Iterator[Field]:
    size = ctypes.sizeof(kind)
    if issubclass(kind, ctypes.Array):
        step = ctypes.sizeof(kind._type_)
        for i in range(kind._length_):
            yield from _walk(guest, kind._type_, places[i * step :], f"{name}[{i}]", holder, field)
    elif issubclass(kind, ctypes.Structure):
        yield from _walk_structure(guest, kind, places, name)
    elif len(places) >= size:
        pointee = POINTEES.get((holder, field))
        address = size == 8 and field not in ("id", "unique")
        yield Field(name, holder, field, tuple(places[:size]), address)
        value = int.from_bytes(_read(guest, places[:size]), "little")
        if pointee is not None and value and not _direct(guest, holder, places):
            target = range(guest.offset(value), guest.size)
            yield from _walk(guest, pointee, target, f"{name}->{pointee.__name__}", None, "")


def _direct(guest: GuestMemory, holder: Kind, places: Sequence[int]) -> bool:
    """Whether this is the address of pixels that come without chunks."""
    if holder is not image.QXLBitmap:
        return False
    start = places[0] - _offset(holder, "data")
    return bool(guest.read(guest.address(start + _offset(holder, "flags")), 1)[0] & DIRECT)


def _offset(kind: Kind, field: str) -> int:
    """Of a field in its structure."""
    return int(getattr(kind, field).offset)


def _walk_structure(guest: GuestMemory, kind: Kind, places: Sequence[int], name: str) -> Iterator[Field]:
    size = ctypes.sizeof(kind)
    for field, part in kind._fields_:
        inner, inner_name = places[_offset(kind, field) :], f"{name}.{field}"
        if issubclass(part, ctypes.Union):
            yield from _walk_member(guest, kind, part, places, inner_name)
        elif len(inner) >= min(ctypes.sizeof(part), 1):
            yield from _walk(guest, part, inner, inner_name, kind, field)
    if kind is QXLDataChunk or not kind._fields_:
        return
    if kind._fields_[-1][0] == "chunk":
        places, size = _chain(guest, places[size - ctypes.sizeof(QXLDataChunk) :]), 0
    if kind in FOLLOWERS:
        yield from _walk(guest, FOLLOWERS[kind], places[size:], f"{name}+", kind, "behind")
    if kind in REPEATED:
        yield from _walk_repeated(guest, REPEATED[kind], places, name)


def _walk_member(
    guest: GuestMemory, holder: Kind, union: Kind, places: Sequence[int], name: str
) -> Iterator[Field]:
    if union not in MEMBERS:
        # release_info: the number itself is the host's, and shares its bytes with an address.
        yield from _walk(guest, _type_of(union, "id"), places, f"{name}.id", union, "id")
        return
    tag, members = MEMBERS[union]
    at = _offset(holder, tag)
    at += _offset(image.QXLImageDescriptor, "type") if tag == "descriptor" else 0
    member = members.get(_read(guest, places[at : at + 1])[0])
    if member is None:
        return
    inner = places[_offset(holder, "u") :]
    kind = _type_of(union, member)
    if kind is draw.DrawBody:
        kind = _type_of(kind, MEMBERS[kind][1][_read(guest, places[at : at + 1])[0]])
    yield from _walk(guest, kind, inner, f"{name}.{member}", union, member)


def _type_of(kind: Kind, field: str) -> Kind:
    return dict(kind._fields_)[field]


def _chain(guest: GuestMemory, places: Sequence[int]) -> list[int]:
    """Where the data of a chain of chunks lie, byte by byte."""
    found: list[int] = []
    head = ctypes.sizeof(QXLDataChunk)
    while True:
        chunk = QXLDataChunk.from_buffer_copy(_read(guest, places[:head]))
        found += places[head : head + chunk.data_size]
        if not chunk.next_chunk:
            return found
        places = range(guest.offset(chunk.next_chunk), guest.size)


def _walk_repeated(guest: GuestMemory, kind: Kind, places: Sequence[int], name: str) -> Iterator[Field]:
    head = ctypes.sizeof(kind)
    while len(places) >= head:
        yield from _walk(guest, kind, places, f"{name}+{kind.__name__}", None, "")
        item = kind.from_buffer_copy(_read(guest, places[:head]))
        if kind is draw.QXLPathSeg:
            points = FixedPoint * item.count
            yield from _walk(guest, points, places[head:], f"{name}+points", None, "")
            places = places[head + ctypes.sizeof(points) :]
        else:
            # The valid commands have glyphs of one bit a pixel.
            places = places[head + (item.width + 7) // 8 * item.height :]
