"""Properties of every struct and message, with values made up from their declarations."""

import struct
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.wire import fields, images, types
from gspice.wire.fields import Array, Blob, Pointer, Shape, Sized, Text, WhenGiven, WhenMore
from gspice.wire.message import Declared, Message, Nested, OneOf, Plan, Struct, plan_of
from gspice.wire.messages import (
    agent,
    base,
    cursor,
    display,
    draw,
    inputs,
    main,
    playback,
    port,
    record,
    smartcard,
    vmc,
)

MODULES = (
    types, images, agent, base, cursor, display, draw, inputs, main, playback, port, record, smartcard, vmc
)  # fmt: skip
AGREEMENTS = (agent.SELECTION, agent.GRAB_SERIAL)


def concrete(module: ModuleType) -> Iterator[type[Struct]]:
    """The structs of a module that have a wire form of their own."""
    bases = (Struct, Message, agent.AgentMessage, images.ImageDescriptor)
    for value in vars(module).values():
        if not isinstance(value, type) or not issubclass(value, Struct) or value in bases:
            continue
        if not value.__name__.startswith("_"):
            yield value


CLASSES = sorted({cls for module in MODULES for cls in concrete(module)}, key=lambda cls: cls.__name__)
# a glyph alone does not say its depth: it is tested in strings
PARSED_ALONE = [cls for cls in CLASSES if cls is not types.Glyph]
# fields that others' sizes are worked out from must be small, or of a legal combination
SMALL = st.integers(0, 9)
SPECIAL: dict[tuple[type[Struct], str], st.SearchStrategy[Any]] = {
    (images.Bitmap, "stride"): SMALL,
    (images.Bitmap, "y"): SMALL,
    (types.Glyph, "width"): SMALL,
    (types.Glyph, "height"): SMALL,
    (types.String, "flags"): st.sampled_from([1, 2, 4, 9, 10, 12]),
}


def integers(code: str) -> st.SearchStrategy[int]:
    bits = 8 * struct.calcsize("<" + code[0])
    low = 0 if code[0].isupper() else -(2 ** (bits - 1))
    return st.integers(low, low + 2**bits - 1)


def elements(shape: Sized, draw: st.DrawFn, scope: dict[str, Any]) -> Any:
    n = shape.size(scope) if shape.size else draw(st.integers(0, 3))
    if isinstance(shape, Text):
        return draw(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5))
    if isinstance(shape, Blob):
        return draw(st.binary(min_size=n, max_size=n if shape.size else 20))
    assert isinstance(shape, Array)
    inner = {f"^{name}": scope[name] for name in shape.inherit}
    return tuple(value_of(shape.item, draw, inner) for _ in range(n))


def value_of(shape: Shape, draw: st.DrawFn, scope: dict[str, Any]) -> Any:
    match shape:
        case fields.Bool():
            return draw(st.booleans())
        case fields.Bounded():
            return draw(st.integers(0, shape.limit))
        case fields.Int():
            return draw(integers("B" if shape.codes == "B3x" else shape.codes))
        case fields.RectShape():
            return Rect(*(draw(integers("i")) for _ in range(4)))
        case fields.PointShape():
            return Point(*(draw(integers(shape.codes[0])) for _ in range(2)))
        case fields.FixedBytes():
            return draw(st.binary(min_size=shape.min_size, max_size=shape.min_size))
        case fields.Fixed():
            return tuple(draw(integers(shape.codes[-1])) for _ in range(shape.arity))
        case Sized():
            return elements(shape, draw, scope)
        case Pointer():
            absent = shape.nullable and draw(st.booleans())
            return None if absent else value_of(shape.target, draw, scope)
        case Nested():
            return struct_of(shape.plan, draw, scope)
        case OneOf():
            return struct_of(plan_of(draw(st.sampled_from(shape.classes))), draw, {})
    raise AssertionError(f"no strategy for {shape}")


def there(declared: Declared, draw: st.DrawFn, scope: dict[str, Any]) -> bool:
    match declared.condition:
        case None:
            return True
        case WhenGiven(agreed=agreed):
            return agreed in scope.get("?", ())
        case WhenMore():
            return draw(st.booleans())
        case condition:
            return condition.on_write(0, scope)


def struct_of(plan: Plan, draw: st.DrawFn, outer: dict[str, Any]) -> Struct:
    scope = dict(outer)
    for declared in plan.declared:
        key = declared.key
        if key in plan.constants:
            scope[key] = plan.constants[key]
        elif not key.endswith("#"):
            special = SPECIAL.get((plan.cls, key))
            if not there(declared, draw, scope):
                scope[key] = None
            else:
                scope[key] = draw(special) if special is not None else value_of(declared.shape, draw, scope)
    return plan.cls(**{name: scope[name] for name in plan.names if name not in plan.constants})


@st.composite
def values(draw: st.DrawFn, cls: type[Struct], given: frozenset[str]) -> Struct:
    return struct_of(plan_of(cls), draw, {"?": given})


AGREED = st.frozensets(st.sampled_from(AGREEMENTS))


def loose_tail(value: Any, plan: Plan) -> int:
    """How many bytes at the end may be missing and still leave a legal body (of another value)."""
    if not plan.declared:
        return 0
    last = plan.declared[-1]
    content = getattr(value, last.key)
    match last.shape:
        case Blob(rest=True):
            return len(content)
        case Array(rest=True, item=item):
            return len(content) * item.min_size
        case Text(nul_uncounted=True):
            return 1
        case Nested():
            return loose_tail(content, last.shape.plan)
    return 1 if isinstance(last.condition, WhenMore) and content is not None else 0


FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("cls", PARSED_ALONE, ids=lambda cls: cls.__name__)
@FEW
@given(data=st.data())
def test_what_is_written_is_read(cls: type[Struct], data: st.DataObject) -> None:
    agreed = data.draw(AGREED)
    value = data.draw(values(cls, agreed))
    body = value.serialize()
    assert b"".join(value.buffers()) == body
    assert cls.parse(body, agreed) == value
    assert cls.parse(memoryview(body), agreed) == value
    for end in range(len(body) - loose_tail(value, plan_of(cls))):
        with pytest.raises(ProtocolError):
            cls.parse(body[:end], agreed)


def parse_or_refuse(cls: type[Struct], body: bytes, agreed: frozenset[str]) -> None:
    try:
        value = cls.parse(body, agreed)
    except ProtocolError:
        return
    # text may have been mended, which changes its length; everything else reads as it was
    assert cls.parse(value.serialize(), agreed) == value


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@FEW
@given(body=st.binary(max_size=200), agreed=AGREED)
def test_any_bytes_are_read_or_refused(cls: type[Struct], body: bytes, agreed: frozenset[str]) -> None:
    parse_or_refuse(cls, body, agreed)


@pytest.mark.parametrize("cls", PARSED_ALONE, ids=lambda cls: cls.__name__)
@FEW
@given(data=st.data())
def test_damaged_bodies_are_read_or_refused(cls: type[Struct], data: st.DataObject) -> None:
    agreed = data.draw(AGREED)
    body = bytearray(data.draw(values(cls, agreed)).serialize())
    for index, byte in data.draw(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4)):
        if body:
            body[index % len(body)] = byte
    parse_or_refuse(cls, bytes(body), agreed)


def test_the_strategies_reach_every_class() -> None:
    assert len(CLASSES) > 140
    for cls in CLASSES:
        assert cls.__doc__ and cls.__doc__ != f"{cls.__name__}()"
