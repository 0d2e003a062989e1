"""The shapes, one by one: what lies on the wire, and what is refused."""

from typing import Annotated

import pytest

from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.wire.fields import (
    INT8,
    INT16,
    INT32,
    U8,
    U16,
    Array,
    Blob,
    Bounded,
    Flag,
    Int,
    Pointer,
    Rest,
    Text,
    Uuid,
    When,
    WhenGiven,
    WhenMore,
    WirePoint,
    WirePoint16,
    WireRect,
)
from gspice.wire.message import Nested, OneOf, Struct, wire


def check(value: Struct, wire_form: bytes, given: tuple[str, ...] = ()) -> None:
    assert value.serialize() == wire_form
    assert type(value).parse(wire_form, given) == value


def refuse(cls: type[Struct], body: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        cls.parse(body)


@wire
class Geometry(Struct):
    rect: WireRect
    point: WirePoint
    small: WirePoint16
    flag: Flag
    uuid: Uuid


def test_geometry_order_and_fixed_bytes() -> None:
    value = Geometry(
        rect=Rect(left=2, top=1, right=4, bottom=3),
        point=Point(-1, 5),
        small=Point(-2, 6),
        flag=True,
        uuid=bytes(range(16)),
    )
    words = "01000000 02000000 03000000 04000000 ffffffff 05000000 feff 0600 01"
    check(value, bytes.fromhex(words) + bytes(range(16)))


def test_any_byte_but_zero_is_true() -> None:
    body = bytearray(16 + 8 + 4 + 1 + 16)
    body[28] = 7
    assert Geometry.parse(body).flag is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rect", Rect(2**31, 0, 0, 0)),
        ("point", Point(0, -(2**31) - 1)),
        ("small", Point(40000, 0)),
        ("uuid", b"short"),
    ],
)
def test_what_does_not_fit_is_named(field: str, value: object) -> None:
    values = {
        "rect": Rect(0, 0, 0, 0),
        "point": Point(0, 0),
        "small": Point(0, 0),
        "flag": False,
        "uuid": bytes(16),
        field: value,
    }
    with pytest.raises(ProtocolError, match=rf"Geometry\.{field}"):
        Geometry(**values).serialize()  # type: ignore[arg-type]


@wire
class Ahead(Struct):
    flags: U8
    data: Annotated[bytes, Blob(INT16, limit=4, ahead_of="flags")]


def test_a_count_may_go_ahead() -> None:
    check(Ahead(flags=9, data=b"abc"), b"\x03\x00\x09abc")


def test_counts_are_limited_both_ways() -> None:
    refuse(Ahead, b"\x05\x00\x09abcde", "limit is 4")
    refuse(Ahead, b"\x04\x00\x09abc", "truncated")
    with pytest.raises(ProtocolError, match="limit is 4"):
        Ahead(flags=0, data=b"abcde").serialize()


@wire
class Pair(Struct):
    x: U8
    y: U16


@wire
class Arrays(Struct):
    ints: Annotated[tuple[int, ...], Array(INT16, INT8, limit=3)]
    pairs: Annotated[tuple[Pair, ...], Array(Nested(Pair), INT32, limit=1 << 30)]


def test_arrays_of_integers_and_structs() -> None:
    value = Arrays(ints=(1, 2), pairs=(Pair(x=3, y=4), Pair(x=5, y=6)))
    check(value, bytes.fromhex("02 0100 0200 02000000 03 0400 05 0600"))


def test_a_count_is_held_against_the_bytes_before_anything_is_made() -> None:
    refuse(Arrays, b"\0" + (1 << 29).to_bytes(4, "little") + bytes(30), "truncated array")
    refuse(Arrays, b"\x04" + bytes(30), "limit is 3")


@wire
class Words(Struct):
    first: U8
    rest: Annotated[tuple[int, ...], Array(INT32, limit=3)]


def test_an_array_to_the_end() -> None:
    check(Words(first=1, rest=(2, 3)), bytes.fromhex("01 02000000 03000000"))
    refuse(Words, bytes(1 + 6), "2 bytes after")
    refuse(Words, bytes(1 + 16), "limit is 3")


@wire
class Raw(Struct):
    size: U8
    fitting: Annotated[bytes, Blob(limit=8, size=lambda scope: scope["size"] * 2)]
    rest: Rest


def test_sizes_worked_out_from_other_fields() -> None:
    check(Raw(size=2, fitting=b"abcd", rest=b"rest"), b"\x02abcdrest")
    refuse(Raw, b"\x05" + bytes(10), "limit is 8")
    with pytest.raises(ProtocolError, match="the other fields say 4"):
        Raw(size=2, fitting=b"abc", rest=b"").serialize()


@wire
class Strings(Struct):
    counted: Annotated[str, Text(INT32, limit=8)]
    after: Annotated[str, Text(INT32, limit=8, nul_uncounted=True)]


def test_c_strings() -> None:
    check(Strings(counted="hé", after="ok"), b"\x04\0\0\0h\xc3\xa9\0\x02\0\0\0ok\0")
    lax = Strings.parse(b"\x02\0\0\0h\xff\x02\0\0\0ok")
    assert lax == Strings(counted="h\N{REPLACEMENT CHARACTER}", after="ok")
    assert Strings.parse(b"\x04\0\0\0a\0bc\x00\0\0\0").counted == "a"
    with pytest.raises(ProtocolError, match="NUL inside"):
        Strings(counted="a\0b", after="").serialize()
    refuse(Strings, b"\x09\0\0\0" + bytes(20), "limit is 8")
    refuse(Strings, b"\x01\0\0\0\0\x00\0\0\0x", "after the end")


@wire
class Pointers(Struct):
    pair: Annotated[Pair | None, Pointer(Nested(Pair), nullable=True)]
    name: Annotated[str, Pointer(Text(INT8, limit=8))]
    style: Annotated[tuple[int, ...], Pointer(Array(INT16, INT8, limit=8), nullable=True)]


def test_pointed_to_data_follow_in_pointer_order() -> None:
    value = Pointers(pair=Pair(x=1, y=2), name="n", style=(7,))
    check(value, bytes.fromhex("0e000000 02 11000000 01 13000000 01 0200 6e00 0700"))


def test_null_pointers() -> None:
    value = Pointers(pair=None, name="", style=())
    check(value, bytes.fromhex("00000000 01 0e000000 00 00000000 00"))
    refuse(Pointers, bytes.fromhex("00000000 01 00000000 00 00000000"), "null pointer")
    refuse(Pointers, bytes.fromhex("00000000 01 0e000000 01 00000000 00"), "null pointer to 1")
    with pytest.raises(ProtocolError):
        Pointers(pair=None, name=None, style=()).serialize()  # type: ignore[arg-type]


def test_pointers_stay_inside_and_do_not_overlap() -> None:
    refuse(Pointers, bytes.fromhex("0f000000 01 0e000000 00 00000000 00"), "outside|truncated")
    # the pair lies inside of the fixed part: more is covered than there is
    refuse(Pointers, bytes.fromhex("02000000 01 0e000000 00 00000000 00"), "overlapping")
    refuse(Pointers, bytes.fromhex("ffffffff 01 0e000000 00 00000000 00"), "outside")


@wire
class ManyPointers(Struct):
    parts: Annotated[tuple[Pair, ...], Array(Pointer(Nested(Pair)), INT16, limit=1000)]


def test_many_pointers_to_one_place_are_refused() -> None:
    check(ManyPointers(parts=(Pair(x=1, y=2),)), bytes.fromhex("0100 06000000 01 0200"))
    n = 100
    body = n.to_bytes(2, "little") + (2 + 4 * n).to_bytes(4, "little") * n + bytes(3)
    refuse(ManyPointers, body, "overlapping")


@wire
class Optional(Struct):
    flags: U8
    some: Annotated[int | None, INT16, When("flags", 6)] = None
    none: Annotated[Pair | None, Nested(Pair), When("flags", 6, unset=True)] = None
    list: Annotated[tuple[int, ...] | None, Array(INT8, INT8, limit=9), When("flags", 8)] = None
    agreed: Annotated[int | None, Int("B3x"), WhenGiven("it")] = None
    more: Annotated[int | None, INT8, WhenMore()] = None


def test_fields_that_are_there_only_sometimes() -> None:
    check(Optional(flags=2, some=5), b"\x02\x05\0")
    check(Optional(flags=4, some=5, more=6), b"\x04\x05\0\x06")
    check(Optional(flags=9, none=Pair(x=1, y=2), list=(3, 4)), b"\x09\x01\x02\0\x02\x03\x04")
    check(Optional(flags=2, some=5, agreed=7), b"\x02\x05\0\x07\0\0\0", given=("it",))


def test_flags_and_fields_must_agree() -> None:
    with pytest.raises(ProtocolError, match=r"Optional\.some is missing"):
        Optional(flags=2).serialize()
    with pytest.raises(ProtocolError, match=r"Optional\.some is set"):
        Optional(flags=0, some=1, none=Pair(x=1, y=2)).serialize()
    with pytest.raises(ProtocolError, match=r"Optional\.list"):
        Optional(flags=10, some=1).serialize()


def test_limits_on_what_a_number_promises() -> None:
    @wire
    class Promise(Struct):
        size: Annotated[int, Bounded("I", limit=1000)]

    check(Promise(size=1000), b"\xe8\x03\0\0")
    refuse(Promise, b"\xe9\x03\0\0", "limit is 1000")
    with pytest.raises(ProtocolError):
        Promise(size=1001).serialize()


def test_unions_are_told_apart_by_their_type() -> None:
    from gspice.wire.types import BrushNone, BrushSolid, ClipNone

    @wire
    class Holder(Struct):
        brush: Annotated[BrushNone | BrushSolid, OneOf(BrushNone, BrushSolid)]
        after: U8

    check(Holder(brush=BrushSolid(color=0x112233), after=1), bytes.fromhex("01 33221100 01"))
    check(Holder(brush=BrushNone(), after=1), bytes.fromhex("00 01"))
    refuse(Holder, b"\x02\x01", "unknown type 2")
    refuse(Holder, b"", "truncated")
    with pytest.raises(ProtocolError, match="no place"):
        Holder(brush=ClipNone(), after=1).serialize()  # type: ignore[arg-type]


def test_a_constant_must_read_as_it_is() -> None:
    from gspice.wire.types import BrushSolid

    refuse(BrushSolid, b"\x02\0\0\0\0", "type is 2")


def test_a_field_without_a_wire_form_is_a_mistake_of_ours() -> None:
    @wire
    class Formless(Struct):
        x: int

    with pytest.raises(TypeError, match="field x"):
        Formless(x=1).serialize()
