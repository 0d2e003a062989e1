import ast
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from gspice.geometry import Point, Rect
from gspice.pixels import BitmapFormat, SurfaceFormat
from gspice.qxl import ops

STUB = ast.parse(Path(str(ops.__file__)).with_name("ops.pyi").read_text())
BITMAP = {
    "id": 2**64 - 1,
    "flags": 3,
    "width": 2,
    "height": 1,
    "format": BitmapFormat.XRGB32,
    "top_down": True,
    "stride": 8,
    "data": b"12345678",
}


def image() -> ops.BitmapImage:
    return ops.BitmapImage(**BITMAP)  # type: ignore[arg-type]


def values() -> list[object]:
    """One value of every class; called twice, equal ones that are not the same."""
    rect, point, brush, mask = Rect(1, 2, 3, 4), Point(-5, 6), ops.Brush(1, 0xFFFFFFFF), ops.Mask(image())
    glyph = ops.Glyph(point, Point(0, 0), 8, 1, b"\xff")
    shape = ops.CursorShape(unique=1, type=0, width=1, height=1, hot_x=0, hot_y=0, data=b"1234")
    fill = ops.Fill(brush, 8, mask)
    return [
        ops.Palette(2**64 - 1, (1, 2)),
        image(),
        ops.SurfaceImage(id=1, flags=0, width=2, height=3, surface_id=4),
        ops.EncodedImage(id=1, flags=0, width=2, height=3, type=1, data=b"quic"),
        brush,
        mask,
        ops.Nop(),
        fill,
        ops.Opaque(image(), rect, brush, 8, 1, mask),
        ops.Copy(image(), rect, 8, 1, mask),
        ops.Blend(image(), rect, 8, 1, mask),
        ops.CopyBits(point),
        ops.Blackness(mask),
        ops.Whiteness(mask),
        ops.Invers(mask),
        ops.Rop3(image(), rect, brush, 0xCC, 1, mask),
        ops.PathSegment(3, ((1, 2), (3, 4))),
        ops.Stroke((ops.PathSegment(3, ((1, 2),)),), 8, (16, 16), brush, 8, 8),
        glyph,
        ops.Text(1, (glyph,), rect, brush, brush, 8, 8),
        ops.Transparent(image(), rect, 1, 2),
        ops.AlphaBlend(1, 255, image(), rect),
        ops.Composite(3, image(), None, (1, 0, 0, 0, 1, 0), None, point, point),
        ops.Drawable(surface_id=0, bbox=rect, op=fill, clip=(rect,), surface_deps=((1, rect),)),
        ops.UpdateCommand(rect, 1, 2),
        ops.MessageCommand(b"text"),
        ops.SurfaceCreate(
            surface_id=1, format=SurfaceFormat.A8, width=1, height=1, stride=-4, address=2**63, data=b"1234"
        ),
        ops.SurfaceDestroy(1),
        shape,
        ops.CursorSet(point, True, shape),
        ops.CursorMove(point),
        ops.CursorHide(),
        ops.CursorTrail(1, 2),
    ]


def stub_classes() -> dict[str, ast.ClassDef]:
    return {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}


def test_every_class_of_the_stub_is_made_here() -> None:
    assert {type(value).__name__ for value in values()} == set(stub_classes()) - {"Image", "Op"}


def parameters(value: object) -> tuple[list[str], list[str]]:
    """What the stub's constructor takes by position or name, and by name only."""
    for node in stub_classes()[type(value).__name__].body:
        if isinstance(node, ast.FunctionDef):
            return [a.arg for a in node.args.args[1:]], [a.arg for a in node.args.kwonlyargs]
    return [], []


@pytest.mark.parametrize("value", values(), ids=lambda value: type(value).__name__)
def test_constructor_is_the_stub_s(value: object) -> None:
    positional, by_name = parameters(value)
    keywords = {name: getattr(value, name) for name in by_name}
    first = [getattr(value, name) for name in positional]
    assert type(value)(*first, **keywords) == value
    assert type(value)(**dict(zip(positional, first, strict=True)), **keywords) == value
    constructor: Callable[..., object] = type(value)
    with pytest.raises(TypeError):
        constructor(*first, 0, **keywords)


@pytest.mark.parametrize("value", values(), ids=lambda value: type(value).__name__)
def test_attributes_are_read_only(value: object) -> None:
    for name in (*parameters(value)[0], *parameters(value)[1]):
        with pytest.raises(AttributeError):
            setattr(value, name, getattr(value, name))


def test_values_are_compared_by_what_they_hold() -> None:
    first, second = values(), values()
    assert first == second
    assert [hash(value) for value in first] == [hash(value) for value in second]
    for i, left in enumerate(first):
        assert [right == left for right in second] == [i == j for j in range(len(second))]


def test_each_field_counts() -> None:
    palette = ops.Palette(1, (2,))
    for name, other in (("id", 5), ("stride", 9), ("data", b"12345679"), ("palette", palette), ("flags", 0)):
        assert ops.BitmapImage(**BITMAP | {name: other}) != image()  # type: ignore[arg-type]


def test_a_repr_names_fields_but_shows_no_pixels() -> None:
    assert repr(ops.Brush(1, 7)) == "Brush(type=1, color=7, pattern=None, pos=Point(x=0, y=0))"
    big = ops.EncodedImage(id=1, flags=0, width=2, height=3, type=1, data=bytes(1000))
    assert "data=<1000 bytes>" in repr(big)


def test_types_are_those_of_qxl() -> None:
    order = "Nop Fill Opaque Copy CopyBits Blend Blackness Whiteness Invers Rop3 Stroke Text Transparent"
    names = f"{order} AlphaBlend Composite".split(" ")
    assert [getattr(ops, name).TYPE for name in names] == list(range(15))


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OverflowError):
        ops.Brush(1, 2**32)
    with pytest.raises(TypeError):
        ops.Fill(None, 8, ops.Mask())  # type: ignore[arg-type]


def test_unions_hold_their_members() -> None:
    assert set(get_args(ops.Command)) == set(get_args(ops.DisplayCommand)) | set(get_args(ops.CursorCommand))
    assert isinstance(ops.CursorHide(), ops.CursorCommand)
    assert not isinstance(ops.CursorHide(), ops.DisplayCommand)
