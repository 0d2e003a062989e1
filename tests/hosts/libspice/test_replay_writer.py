"""The compiled way from a drawing command to QXL structures writes what the guest-side driver writes, to the byte."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.hosts.libspice.replay_commands import MAX_COMMAND
from gspice.hosts.libspice.replay_writer import DrawableWriter
from gspice.hosts.replay_surfaces import SurfaceIds
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl import ops
from gspice.qxl.driver_memory import DoesNotFit
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordedCommand
from tests.hosts.libspice.replayed import DATA
from tests.hosts.libspice.written import Written, as_defined, compiled, moved
from tests.qxl.recording_samples import AREA, BITMAP, BOX, OPERATIONS, SOLID, drawables, drawn

LEFT = (ops.Stroke, ops.Composite)
"""Operations that others write."""
SPEC = SurfaceSpec(640, 480, SurfaceFormat.XRGB32)


def same(ours: Written, theirs: Written) -> None:
    expected = moved(theirs, ours.places)
    assert ours.data == expected.data
    for block, other in zip(ours.blocks, expected.blocks, strict=True):
        assert block.tobytes() == other.tobytes()


def check(drawable: ops.Drawable, ids: SurfaceIds | None = None) -> None:
    theirs = as_defined(drawable if ids is None else ids.drawable(drawable))
    ours = compiled(drawable, theirs, ids)
    assert (ours is None) == isinstance(drawable.op, LEFT)
    if ours is not None:
        same(ours, theirs)


def bitmap(width: int, height: int, data: bytes, stride: int = 0) -> ops.BitmapImage:
    return ops.BitmapImage(
        id=1 << 40,
        flags=1,
        width=width,
        height=height,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=stride or 4 * width,
        data=data,
    )


def copy(image: ops.Image) -> ops.Drawable:
    return drawn(ops.Copy(image, AREA, 8, 0, ops.Mask()))


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: type(op).__name__)
def test_every_operation(op: ops.Op) -> None:
    check(drawn(op))


@settings(max_examples=150, deadline=None)
@given(drawables())
def test_any_command(drawable: ops.Drawable) -> None:
    check(drawable)


@pytest.mark.parametrize("name", ["firmware", "qxl-xorg"])
def test_what_real_guests_draw(name: str) -> None:
    with RecordingReader(DATA / f"{name}.rec.zst") as reader:
        commands = [event.command for event in reader if isinstance(event, RecordedCommand)]
    draws = [command for command in commands if isinstance(command, ops.Drawable)]
    assert len(draws) > 50
    for drawable in draws[::5]:
        check(drawable)


@pytest.mark.parametrize("height", [260, 1500])
def test_an_image_of_many_chunks(height: int) -> None:
    check(copy(bitmap(1000, height, np.random.default_rng(height).bytes(4000 * height))))


def test_rows_that_are_longer_than_a_chunk() -> None:
    check(copy(bitmap(1, 3, np.random.default_rng(1).bytes(3 << 21), stride=1 << 21)))


def test_structures_that_are_larger_than_a_page() -> None:
    clip = tuple(Rect(i, i, i + 1, i + 1) for i in range(100))
    check(ops.Drawable(surface_id=1, bbox=BOX, op=ops.Fill(SOLID, 8, ops.Mask()), clip=clip))
    glyph = ops.Glyph(Point(1, 2), Point(0, -7), 8, 600, bytes(range(200)) * 3)
    check(drawn(ops.Text(1, (glyph, glyph), AREA, SOLID, ops.Brush(0), 8, 8)))
    check(copy(ops.EncodedImage(id=9, flags=0, width=5, height=6, type=1, data=bytes(range(256)) * 9)))


def test_numbers_are_cut_as_the_structures_cut_them() -> None:
    for value in (0x12345, 0xFFFFFFFF):
        check(drawn(ops.Copy(BITMAP, AREA, value, value, ops.Mask())))
        check(drawn(ops.AlphaBlend(value, value, BITMAP, AREA)))
        check(ops.Drawable(surface_id=value, bbox=BOX, op=ops.Nop(), effect=value))
        check(drawn(ops.CopyBits(Point(value, -value))))


def surfaces() -> SurfaceIds:
    ids = SurfaceIds(lambda _: SPEC)
    for recorded in (0, 7, 9):
        ids.add(recorded, recorded + 100)
    return ids


def picture(surface_id: int, width: int = 0) -> ops.SurfaceImage:
    return ops.SurfaceImage(id=3, flags=0, width=width, height=0, surface_id=surface_id)


@pytest.mark.parametrize(
    "op",
    [
        ops.Copy(picture(7), AREA, 8, 0, ops.Mask()),
        ops.Copy(picture(9, width=5), AREA, 8, 0, ops.Mask(picture(7), Point(1, 2), True)),
        ops.Fill(ops.Brush(2, 0, picture(7), Point(3, 4)), 8, ops.Mask()),
        ops.Blackness(ops.Mask(picture(9), Point(0, 0))),
    ],
)
def test_surfaces_have_the_names_of_the_device(op: ops.Op) -> None:
    deps = ((7, AREA), (9, BOX), (0, AREA), (7, BOX))
    check(ops.Drawable(surface_id=9, bbox=BOX, op=op, surface_deps=deps), surfaces())


@pytest.mark.parametrize(
    "drawable",
    [
        drawn(ops.Nop(), 8),
        copy(picture(8)),
        drawn(ops.Fill(SOLID, 8, ops.Mask(picture(8)))),
        ops.Drawable(surface_id=7, bbox=BOX, op=ops.Nop(), surface_deps=((7, AREA),) * 3 + ((8, AREA),)),
    ],
)
def test_a_surface_that_does_not_exist(drawable: ops.Drawable) -> None:
    writer = DrawableWriter(MAX_COMMAND)
    with pytest.raises(GuestError, match="surface 8 does not exist"):
        writer.write(drawable, surfaces())


def test_too_large_an_image() -> None:
    writer = DrawableWriter(1000)
    with pytest.raises(DoesNotFit, match="an image of 1200 bytes: the device has 1000"):
        writer.write(copy(bitmap(100, 3, bytes(1200))), None)
    with pytest.raises(DoesNotFit, match="1008 bytes in one piece: more than 1000"):
        writer.write(copy(bitmap(13, 19, bytes(988))), None)
    with pytest.raises(DoesNotFit, match="bytes in one piece: more than 1000"):
        writer.write(copy(ops.EncodedImage(id=9, flags=0, width=5, height=6, type=1, data=bytes(1000))), None)
    assert writer.write(copy(BITMAP), None)


@pytest.mark.parametrize(
    "image",
    [
        bitmap(2, 2, bytes(15)),
        bitmap(2, 2, bytes(17)),
        bitmap(3, 2, bytes(16), stride=8),
        bitmap(2, 0, b""),
        ops.EncodedImage(id=9, flags=0, width=5, height=6, type=2, data=b"what is this"),
    ],
)
def test_what_only_a_broken_caller_makes_is_left_to_others(image: ops.Image) -> None:
    assert DrawableWriter(MAX_COMMAND).write(copy(image), None) == 0


def test_a_rectangle_that_is_none() -> None:
    drawable = ops.Drawable(surface_id=0, bbox=(1, 2, 3), op=ops.Nop())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not a tuple of 4"):
        DrawableWriter(MAX_COMMAND).write(drawable, None)


def test_the_comparison_sees_a_wrong_byte() -> None:
    theirs = as_defined(copy(BITMAP))
    ours = compiled(copy(BITMAP), theirs)
    assert ours is not None
    ours.blocks[1][20] ^= 1
    with pytest.raises(AssertionError):
        same(ours, theirs)
    with pytest.raises(AssertionError):
        same(replace(ours, data=ours.data + 16), theirs)
