"""Every command that a recording can hold is told in words."""

import pytest

from gspice.geometry import Point, Rect
from gspice.hosts.compare_words import event_name, event_words, image_words
from gspice.pixels import BitmapFormat, SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)
from tests.hosts.compared import copy, fill
from tests.qxl.recording_samples import EVERYTHING


def told(command: ops.Command) -> dict[str, str]:
    return dict(event_words(RecordedCommand(0, 1, 0, command)))


@pytest.mark.parametrize("command", EVERYTHING, ids=lambda command: type(command).__name__)
def test_every_command(command: ops.Command) -> None:
    words = told(command)
    assert words["op"] == event_name(RecordedCommand(0, 1, 0, command))
    assert all(name and text for name, text in words.items())
    if isinstance(command, ops.Drawable):
        assert {"surface", "bbox", "clip", "image kinds", "samples between pixels"} <= set(words)


def test_a_scaled_copy() -> None:
    words = told(copy(Rect(1, 2, 31, 42)))
    assert words["op"] == "Copy" and words["ropd"] == "OP_PUT" and words["mask"] == "none"
    assert words["bbox"] == "(1, 2) to (31, 42), 30x40"
    assert words["src"] == "bitmap 8x8 XRGB32, top row first, stride 32"
    assert words["samples between pixels"].startswith("yes")
    assert words["image kinds"] == "BitmapImage"


def test_clips() -> None:
    one = fill(0x123456)
    assert told(one)["clip"] == "none" and told(one)["brush"] == "solid 0x123456"
    rects = tuple(Rect(n, n, n + 1, n + 1) for n in range(9))
    clipped = ops.Drawable(surface_id=2, bbox=one.bbox, op=one.op, clip=rects)
    assert told(clipped)["clip"].startswith("9 rectangles: (0, 0) to (1, 1), 1x1; ")
    assert told(clipped)["clip"].endswith("; and 3 more")
    nothing = ops.Drawable(surface_id=2, bbox=one.bbox, op=one.op, clip=())
    assert told(nothing)["clip"] == "0 rectangles"


def test_a_composite() -> None:
    image = ops.SurfaceImage(id=0, flags=0, width=4, height=5, surface_id=9)
    op = ops.Composite(
        3 | 4 << 8 | 1 << 14 | 1 << 20,
        image,
        None,
        (1 << 15, 0, 0, 0, 1 << 16, 0),
        None,
        Point(1, 2),
        Point(0, 0),
    )
    words = told(ops.Drawable(surface_id=0, bbox=Rect(0, 0, 1, 1), op=op))
    assert words["src"] == "surface 9, 4x5" and words["operator"] == "PIXMAN_OP 0x3"
    assert words["source sampling"] == "bilinear, outside tiled"
    assert words["src transform"] == "0.5, 0, 0, 0, 1, 0" and words["src origin"] == "(1, 2)"


def test_images() -> None:
    palette = ops.Palette(1, (1, 2, 3))
    bitmap = ops.BitmapImage(
        id=0, flags=0, width=9, height=1, format=BitmapFormat.BIT8, top_down=False, stride=9, data=bytes(9),
        palette=palette,
    )  # fmt: skip
    assert image_words(bitmap) == "bitmap 9x1 BIT8, bottom row first, stride 9, palette of 3"
    quic = ops.EncodedImage(id=0, flags=0, width=3, height=2, type=1, data=b"abc")
    assert image_words(quic) == "QUIC image 3x2 of 3 bytes"
    unknown = ops.EncodedImage(id=0, flags=0, width=3, height=2, type=77, data=b"")
    assert image_words(unknown) == "type 77 image 3x2 of 0 bytes"


@pytest.mark.parametrize(
    ("event", "name", "words"),
    [
        (RecordedBadCommand(0, 1, 0, "bad"), "bad command", {}),
        (RecordedMessage(0, MessageNumber.WAKEUP, 0), "WAKEUP", {}),
        (RecordedMessage(0, 999, 0), "message 999", {}),
        (
            RecordedMessage(0, 20, 0, RecordedPrimary(width=4, height=3, stride=-16, format=32)),
            "CREATE_PRIMARY",
            {"surface": "0", "size": "4x3, format 32, stride -16"},
        ),
        (
            RecordedCommand(
                0, 5, 0,
                ops.SurfaceCreate(surface_id=4, format=SurfaceFormat.A8, width=1, height=2, stride=3, data=b"123456"),
            ),
            "SurfaceCreate",
            {"surface": "4", "size": "1x2 A8, stride 3, with pixels"},
        ),
    ],
)  # fmt: skip
def test_other_events(event: RecordedEvent, name: str, words: dict[str, str]) -> None:
    assert event_name(event) == name
    assert dict(event_words(event)) == {"op": name, **words}
