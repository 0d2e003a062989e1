"""Drawables: self-bitmaps, the old layout, and what a server refuses."""

import pytest

from gspice.geometry import Point, Rect
from gspice.qxl import ops
from gspice.qxl.recording_events import RecordedCommand, RecordingError
from tests.qxl.recording_damage import changed, fault
from tests.qxl.recording_samples import AREA, BITMAP, BOX, OPERATIONS, SOLID, drawn

COPY = drawn(ops.Copy(BITMAP, AREA, 8, 0, ops.Mask()))
BLACK = ops.Drawable(surface_id=0, bbox=BOX, op=ops.Blackness(ops.Mask()))
STROKE = next(drawn(op) for op in OPERATIONS if isinstance(op, ops.Stroke))
TEXT = next(drawn(op) for op in OPERATIONS if isinstance(op, ops.Text))
COMPOSITE = next(drawn(op) for op in OPERATIONS if isinstance(op, ops.Composite))
ALPHA = ops.Drawable(surface_id=0, bbox=BOX, op=ops.AlphaBlend(0, 128, BITMAP, AREA))
NATIVE = (
    "self_bitmap 0\nrect self_bitmap_area 0 0 0 0\nsurface_id 0\n"
    + "surfaces_dest -1\nrect surfaces_rects 0 0 0 0\n" * 3
)
COMPAT = "bitmap_offset 0\nrect bitmap_area 0 0 0 0\n"


@pytest.mark.parametrize(
    ("drawable", "old", "new", "reason"),
    [
        (COPY, "rect bbox 20 10", "rect bbox 20 -1", "bbox: its corner (-1, 20) is negative"),
        (COPY, "rect bbox 20 10 22", "rect bbox 20 10 19", "bbox: from (10, 20) to (12, 19) is inside out"),
        (COPY, "type 1\nnum_rects 1", "type 1\nnum_rects 2", "clip: 16 bytes, num_rects is 2"),
        (BLACK, "type 0\neffect", "type 2\neffect", "clip: type 2 is not known"),
        (COPY, "effect 1", "effect 8", "effect 8 is not known"),
        (COPY, "surface_id 0", "surface_id 1024", "drawable: surface 1024"),
        (COPY, "surfaces_dest -1", "surfaces_dest 5000", "surfaces_dest: surface 5000"),
        (COPY, "scale_mode 0", "scale_mode 2", "scale_mode: 2 is not known"),
        (COPY, "rect src_area 0 0 2 2", "rect src_area 0 0 3 2", "is not inside its bitmap of 2x2"),
        (
            STROKE,
            "attr.style_nseg 2\nbinary 0 style 8",
            "attr.style_nseg 0\nbinary 0 style 0:\nbinary 0 style 8",
            "",
        ),
        (TEXT, "data_size 24", "data_size 23", "string: 24 bytes, data_size is 23"),
        (TEXT, "length 1", "length 2", "length 2, but only 1 glyphs"),
        (BLACK, "self_bitmap 0", "self_bitmap 1", "self_bitmap_area: it is empty"),
    ],
)
def test_what_a_server_refuses(drawable: ops.Drawable, old: str, new: str, reason: str) -> None:
    if reason:
        assert reason in fault(drawable, (old, new))
    else:
        with pytest.raises(RecordingError):
            changed(drawable, (old, new))


def test_no_image_is_the_self_bitmap() -> None:
    own = ops.SurfaceImage(id=0, flags=0, width=50, height=60, surface_id=3)
    area = Rect(12, 13, 14, 15)
    drawable = ops.Drawable(
        surface_id=3,
        bbox=BOX,
        op=ops.AlphaBlend(0, 9, own, area),
        self_bitmap_area=Rect(10, 10, 50, 60),
    )
    event = changed(drawable, ("image 0\nrect src_area 3 2 5 4", "image 0\nrect src_area 3 2 5 4"))
    assert isinstance(event, RecordedCommand) and event.command == drawable
    moved = ("rect src_area 3 2 5 4", "rect src_area 3 2 5 400")
    assert "not inside a self-bitmap" in fault(drawable, moved)


def test_without_image_or_self_bitmap_there_is_nothing_to_draw() -> None:
    drawable = ops.Drawable(
        surface_id=0,
        bbox=BOX,
        op=ops.Opaque(
            ops.SurfaceImage(id=0, flags=0, width=2, height=2, surface_id=0), AREA, SOLID, 8, 0, ops.Mask()
        ),
        self_bitmap_area=AREA,
    )
    assert fault(drawable, ("self_bitmap 1", "self_bitmap 0")) == "src_bitmap: no image"


def test_copies_have_no_self_bitmap() -> None:
    event = changed(COPY, ("self_bitmap 0", "self_bitmap 1"))
    assert isinstance(event, RecordedCommand) and event.command == COPY


def test_the_old_layout_is_known_by_its_words() -> None:
    event = changed(BLACK, (NATIVE, COMPAT))
    assert isinstance(event, RecordedCommand) and event.command == BLACK
    event = changed(ALPHA, (NATIVE, COMPAT), ("alpha_flags 0\n", ""))
    assert isinstance(event, RecordedCommand) and event.command == ALPHA


def test_surfaces_that_it_draws_on_itself_are_no_dependency() -> None:
    event = changed(COPY, ("surfaces_dest -1", "surfaces_dest 0"), ("surfaces_dest -1", "surfaces_dest 7"))
    assert isinstance(event, RecordedCommand) and isinstance(event.command, ops.Drawable)
    assert event.command.surface_deps == ((7, Rect(0, 0, 0, 0)),)


def test_flags_of_a_composite_say_what_it_has() -> None:
    op = COMPOSITE.op
    assert isinstance(op, ops.Composite)
    event = changed(COMPOSITE, (f"flags {op.flags}", "flags 3"))
    assert isinstance(event, RecordedCommand) and event.command == COMPOSITE
    bare = ops.Composite(3, BITMAP, None, None, None, Point(0, 0), Point(0, 0))
    event = changed(drawn(bare), ("flags 3", f"flags {op.flags}"))
    assert isinstance(event, RecordedCommand) and event.command == drawn(bare)


@pytest.mark.parametrize(
    ("drawable", "old", "new", "reason"),
    [
        (COPY, "surfaces_dest -1\nrect surfaces_rects 0 0 0 0\ntype 3",
         "surfaces_dest -1\nrect surfaces_rects 0 0 0 0\ntype 15", "drawable type 15 is not known"),
        (COMPOSITE, "transform 24", "transform 20", "20 bytes, not 24"),
        (STROKE, "attr.style_nseg 2", "attr.style_nseg 256", "256 is more than 255"),
        (STROKE, "data_chunks 0 32", "data_chunks 0 1048577", "are more than 1048576"),
        (COPY, "effect 1", "efect 1", "expected 'effect', there is 'efect'"),
    ],
)  # fmt: skip
def test_what_ends_the_recording(drawable: ops.Drawable, old: str, new: str, reason: str) -> None:
    with pytest.raises(RecordingError) as failed:
        changed(drawable, (old, new))
    assert reason in str(failed.value)
