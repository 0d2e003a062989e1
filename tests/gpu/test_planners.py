"""Which commands are planned, and what is found wrong with them before."""

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.plans.planners import PLANNERS, plan, visible
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl import ops
from gspice.qxl.ops import BitmapImage as Decoded
from gspice.qxl.ops import Brush, Copy, Drawable, EncodedImage, Fill, Mask, Op
from tests.gpu.recording import Handle, RecordingPainter

SURFACES = {0: (Handle(0, 8, 6, 32), SurfaceSpec(8, 6, SurfaceFormat.XRGB32))}
SOLID = Fill(Brush(1, 7), 8, Mask())


def decode(kind: int, data: bytes, width: int, height: int) -> Decoded:
    return Decoded(
        id=0,
        flags=0,
        width=width,
        height=height,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=4 * width,
        data=data,
    )


def command(op: Op, bbox: Rect = Rect(1, 1, 4, 3), surface_id: int = 0, **more: object) -> Drawable:  # noqa: B008
    return Drawable(surface_id=surface_id, bbox=bbox, op=op, **more)  # type: ignore[arg-type]


def test_every_operation_has_a_planner() -> None:
    known = {kind for kind in vars(ops).values() if isinstance(kind, type) and issubclass(kind, Op)} - {Op}
    assert set(PLANNERS) == known


def test_what_is_not_known_is_told_with_the_canvas_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PLANNERS, Fill)
    with pytest.raises(GuestError, match="operation FILL is not drawn by the recording canvas"):
        plan(command(SOLID), SURFACES, RecordingPainter(), decode)


@pytest.mark.parametrize(
    ("drawable", "text"),
    [
        (command(SOLID, surface_id=3), "surface 3 does not exist"),
        (command(SOLID, Rect(2, 2, 2, 5)), "is empty"),
        (command(SOLID, Rect(0, 0, 9, 6)), "is not inside 8x6"),
        (command(SOLID, Rect(-1, 0, 2, 2)), "is not inside 8x6"),
    ],
)
def test_commands_that_are_refused(drawable: Drawable, text: str) -> None:
    with pytest.raises(GuestError, match=text):
        plan(drawable, SURFACES, RecordingPainter(), decode)


def test_a_plan_draws_nothing_until_it_is_asked_to() -> None:
    painter = RecordingPainter()
    made = plan(command(SOLID), SURFACES, painter, decode)
    assert made.rects == [Rect(1, 1, 4, 3)]
    assert not painter.record
    made.draw()
    assert painter.record == [("fill", SURFACES[0][0], [Rect(1, 1, 4, 3)], 7, 2, None, 0, 0)]


def test_images_are_decoded_when_drawn() -> None:
    calls = []

    def noted(kind: int, data: bytes, width: int, height: int) -> Decoded:
        calls.append(kind)
        return decode(kind, data, width, height)

    painter = RecordingPainter()
    image = EncodedImage(id=1, flags=0, width=3, height=2, type=109, data=bytes(24))
    made = plan(command(Copy(image, Rect(0, 0, 3, 2), 8, 0, Mask())), SURFACES, painter, noted)
    assert (calls, made.certain) == ([], False)
    made.draw()
    assert calls == [109]
    assert [name for name, *_ in painter.record] == ["blit"]
    short = EncodedImage(id=1, flags=0, width=3, height=2, type=109, data=b"")
    made = plan(command(Copy(short, Rect(0, 0, 3, 2), 8, 0, Mask())), SURFACES, painter, noted)
    with pytest.raises(GuestError, match="0 bytes"):
        made.draw()
    beside = plan(
        command(Copy(image, Rect(0, 0, 3, 2), 8, 0, Mask(image, Point(99, 0)))), SURFACES, painter, noted
    )
    with pytest.raises(GuestError, match="mask of format"):
        beside.draw()


def test_what_is_visible_is_disjoint() -> None:
    assert visible(command(SOLID)) == [Rect(1, 1, 4, 3)]
    assert visible(command(SOLID, clip=())) == []
    assert visible(command(SOLID, clip=(Rect(5, 5, 9, 9),))) == []
    over = visible(command(SOLID, clip=(Rect(0, 0, 3, 9), Rect(2, 0, 9, 2))))
    assert sum(rect.area for rect in over) == 3 * 2 - 1
