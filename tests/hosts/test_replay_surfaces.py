"""Recorded surface ids in the device's numbers, wherever an operation names one."""

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.hosts.replay_surfaces import SurfaceIds
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.qxl import ops
from tests.qxl.recording_samples import AREA, BITMAP, BOX, OPERATIONS, SOLID, drawn

SPECS = {1: SurfaceSpec(30, 40, SurfaceFormat.XRGB32)}


@pytest.fixture
def ids() -> SurfaceIds:
    ids = SurfaceIds(SPECS.__getitem__)
    ids.add(0, 0)
    ids.add(1000, 1)
    ids.add(2, 1000)
    return ids


def recorded(surface_id: int) -> ops.SurfaceImage:
    return ops.SurfaceImage(id=5, flags=1, width=0, height=0, surface_id=surface_id)


FOUND = ops.SurfaceImage(id=5, flags=1, width=30, height=40, surface_id=1)


def with_image(image: ops.Image) -> list[ops.Op]:
    """Each place where an image may be, with this one."""
    brush, mask = ops.Brush(2, 0, image, Point(1, 2)), ops.Mask(image, Point(3, 4), True)
    return [
        ops.Fill(brush, 8, mask),
        ops.Opaque(image, AREA, brush, 8, 1, mask),
        ops.Copy(image, AREA, 8, 1, mask),
        ops.Blend(image, AREA, 8, 1, mask),
        ops.Blackness(mask),
        ops.Whiteness(mask),
        ops.Invers(mask),
        ops.Rop3(image, AREA, brush, 5, 1, mask),
        ops.Stroke((), 0, (), brush, 1, 2),
        ops.Text(1, (), BOX, brush, brush, 1, 2),
        ops.Transparent(image, AREA, 1, 2),
        ops.AlphaBlend(1, 2, image, AREA),
        ops.Composite(1, image, image, (1, 2, 3, 4, 5, 6), None, Point(1, 2), Point(3, 4)),
    ]


def test_every_image_is_found(ids: SurfaceIds) -> None:
    for before, after in zip(with_image(recorded(1000)), with_image(FOUND), strict=True):
        drawable = ids.drawable(drawn(before, 2))
        assert drawable == drawn(after, 1000)


def test_nothing_else_is_changed(ids: SurfaceIds) -> None:
    for op in OPERATIONS:
        moved = ids.drawable(drawn(op))
        assert moved == drawn(op)
        assert moved.op is op


def test_all_of_a_drawable_is_kept(ids: SurfaceIds) -> None:
    def drawable(surface_id: int, other: int) -> ops.Drawable:
        return ops.Drawable(
            surface_id=surface_id,
            bbox=BOX,
            op=ops.Fill(SOLID, 8, ops.Mask()),
            clip=(AREA,),
            effect=3,
            mm_time=4,
            self_bitmap_area=Rect(1, 1, 2, 2),
            surface_deps=((other, AREA), (0, BOX)),
        )

    assert ids.drawable(drawable(1000, 2)) == drawable(1, 1000)


def test_sizes_that_are_given_stay(ids: SurfaceIds) -> None:
    image = ops.SurfaceImage(id=5, flags=1, width=7, height=8, surface_id=1000)
    op = ids.drawable(drawn(ops.Copy(image, AREA, 8, 0, ops.Mask()))).op
    assert isinstance(op, ops.Copy) and (op.src.width, op.src.height) == (7, 8)


def test_surfaces_that_are_not_there(ids: SurfaceIds) -> None:
    with pytest.raises(GuestError, match="surface 5 does not exist"):
        ids.drawable(drawn(ops.Copy(recorded(5), AREA, 8, 0, ops.Mask())))
    with pytest.raises(GuestError, match="surface 1 does not exist"):
        ids.drawable(drawn(ops.Copy(BITMAP, AREA, 8, 0, ops.Mask()), 1))
    assert ids.remove(1000) == 1
    assert 1000 not in ids and ids.off_screen() == [2]
    with pytest.raises(GuestError, match="surface 1000 does not exist"):
        ids.remove(1000)
