"""Recordings drawn on a canvas: the pictures of real ones, and what of a recording draws."""

import itertools
from pathlib import Path

import pytest

from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.replay_canvas import BATCH_BYTES, CanvasReplay
from gspice.hosts.replay_picture import picture_hash
from gspice.pixels import BitmapFormat, SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedMessage,
    RecordedPrimary,
)

DATA = Path(__file__).parent.parent / "data"
PICTURES = {
    "firmware.rec.zst": "d83751ecf606836ffcc2b5c6df9bfd832c1a692057ee969d2a8df21bb145b481",
    "qxl-xorg.rec.zst": "39d375a1e7c564c0197d3260a6f656f3fd56c688ba49bc69242b79eee97aed80",
}
"""sha256 of what spice-gtk held in the end, after libspice-server replayed the recording to it."""
NUMBER = MessageNumber


class Replay(CanvasReplay):
    """Events by hand; the clock goes on by one second a look."""

    def __init__(self, *, by_kind: bool = False) -> None:
        seconds = itertools.count()
        self.canvas: Canvas = CpuCanvas()
        super().__init__(self.canvas, lambda: next(seconds), by_kind=by_kind)

    def message(self, number: int, primary: RecordedPrimary | None = None) -> None:
        self.event(RecordedMessage(0, number, 0, primary))

    def command(self, *commands: ops.Command) -> None:
        for command in commands:
            self.event(RecordedCommand(0, 0, 0, command))

    def primary(self, width: int = 4, height: int = 2, *, flags: int = 0, number: int = 20) -> None:
        data = bytes(range(16 * height))
        self.message(
            number, RecordedPrimary(width=width, height=height, stride=-16, format=32, flags=flags, data=data)
        )

    def shown(self) -> bytes:
        self.finish()
        assert self.picture is not None
        return self.picture.data


def fill(color: int, surface_id: int = 0) -> ops.Drawable:
    box = Rect(0, 0, 4, 2)
    return ops.Drawable(surface_id=surface_id, bbox=box, op=ops.Fill(ops.Brush(1, color), 8, ops.Mask()))


@pytest.mark.parametrize("name", PICTURES)
def test_real_recordings_end_with_the_picture_that_clients_had(name: str) -> None:
    replay = Replay()
    with RecordingReader(DATA / name) as events:
        for event in events:
            replay.event(event)
    replay.finish()
    assert replay.picture is not None
    assert {kind: count.reasons for kind, count in replay.counts.items() if count.not_drawn} == {}
    assert picture_hash(replay.picture) == PICTURES[name]


@pytest.mark.parametrize("number", [20, 29])
def test_a_primary_begins_black_or_with_what_its_memory_held(number: int) -> None:
    replay = Replay()
    replay.primary(number=number)
    assert replay.shown() == bytes(32)
    replay.primary(flags=1, number=number)
    assert replay.shown() == bytes(range(16, 32)) + bytes(range(16))


@pytest.mark.parametrize("number", [NUMBER.DESTROY_PRIMARY, NUMBER.DESTROY_PRIMARY_ASYNC, 19, 28])
def test_the_last_primary_is_the_picture(number: int) -> None:
    replay = Replay()
    replay.primary()
    replay.command(fill(0x01020304))
    replay.message(number)
    assert 0 not in replay.canvas.surfaces()
    assert replay.shown() == b"\4\3\2\1" * 8


def test_what_waits_is_drawn_before_its_surface_goes() -> None:
    replay = Replay()
    replay.primary()
    made = ops.SurfaceCreate(surface_id=3, format=SurfaceFormat.XRGB32, width=4, height=2, stride=-16)
    image = ops.SurfaceImage(id=1, flags=0, width=0, height=0, surface_id=3)
    copy = ops.Copy(image, Rect(0, 0, 4, 2), 8, 0, ops.Mask())
    replay.command(made, fill(7, 3), ops.Drawable(surface_id=0, bbox=Rect(0, 0, 4, 2), op=copy))
    replay.command(ops.SurfaceDestroy(3), made, fill(9, 3))
    assert replay.shown() == b"\7\0\0\0" * 8
    replay.message(NUMBER.DESTROY_SURFACES)
    assert replay.canvas.surfaces() == {}


def test_what_goes_wrong_is_counted_with_its_reason() -> None:
    replay = Replay(by_kind=True)
    replay.primary()
    replay.command(
        fill(1), fill(2, 9), ops.SurfaceDestroy(5), ops.SurfaceDestroy(0), ops.CursorHide(), ops.CursorHide()
    )
    replay.event(RecordedBadCommand(1, 1, 1, "no image"))
    replay.message(20, RecordedPrimary(width=4, height=2, stride=8, format=32))
    replay.message(20, RecordedPrimary(width=4, height=2, stride=16, format=33))
    replay.message(20, RecordedPrimary(width=0, height=2, stride=16, format=32))
    replay.finish()
    fills = replay.counts["Fill"]
    assert (fills.commands, fills.not_drawn, fills.pixels, fills.seconds) == (2, 1, 8, 1.0)
    assert list(fills.reasons) == ["surface 9 does not exist"]
    assert list(replay.counts["SurfaceDestroy"].reasons) == [
        "surface 5 does not exist",
        "the primary surface is not made or destroyed by a command",
    ]
    assert replay.counts["CursorHide"].commands == 2
    assert list(replay.bad) == [
        "no image",
        "primary surface stride 8 is less than a row of 4 pixels",
        "primary surface format 33 is not known",
        "primary surface of 0x2",
    ]


def test_operations_are_timed_by_kind() -> None:
    replay = Replay(by_kind=True)
    replay.primary()
    black = ops.Drawable(surface_id=0, bbox=Rect(0, 0, 1, 1), op=ops.Blackness(ops.Mask()))
    replay.command(fill(1), fill(2), black, fill(3))
    replay.finish()
    assert (replay.counts["Fill"].seconds, replay.counts["Blackness"].seconds) == (2.0, 1.0)


def test_there_may_be_no_picture() -> None:
    replay = Replay()
    replay.message(20)  # refused
    replay.finish()
    assert replay.picture is None


def test_batches_are_bounded_by_all_that_commands_hold() -> None:
    replay = Replay()
    replay.primary()
    pattern = ops.BitmapImage(
        id=1,
        flags=0,
        width=1,
        height=1,
        format=BitmapFormat.XRGB32,
        top_down=True,
        stride=BATCH_BYTES // 2,
        data=bytes(BATCH_BYTES // 2),
    )
    op = ops.Fill(ops.Brush(2, 0, pattern), 8, ops.Mask())
    for waiting in (1, 0, 1):
        replay.command(ops.Drawable(surface_id=0, bbox=Rect(0, 0, 1, 1), op=op))
        assert len(replay._batch) == waiting
