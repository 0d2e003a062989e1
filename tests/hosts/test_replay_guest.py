"""A recording as a guest: what the server's parser reads is what was recorded."""

from collections.abc import Iterator

from gspice.geometry import Point, Rect
from gspice.hosts.replay_guest import ReplayGuest
from gspice.pixels import SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)
from tests.qxl.parsing import ParsingGuest
from tests.qxl.recording_samples import AREA, CURSOR, OPERATIONS, drawn


class Rig(ParsingGuest):
    """A replay, and what its device's worker would read."""

    def __init__(self) -> None:
        super().__init__()
        self.replay = ReplayGuest(self.driver)
        self.seen: list[ops.Command] = []
        self.busy = 0
        """How often the device had no room."""
        self.event(primary(320, 200))

    def event(self, event: RecordedEvent) -> None:
        self.replay.take(event)
        while not self.replay.advance():
            self.busy += 1
            assert self.busy < 1000
            self.seen += self.parsed()
            self.worker.finish()
            self.driver.service()

    def commands(self, *commands: ops.Command) -> list[ops.Command]:
        """Replay commands; all that was read since the last call."""
        for command in commands:
            self.event(RecordedCommand(0, 0, 0, command))
        self.seen += self.parsed()
        seen, self.seen = self.seen, []
        return seen


def primary(width: int, height: int, **fields: object) -> RecordedMessage:
    values = {"width": width, "height": height, "stride": -4 * width, "format": 32} | fields
    return RecordedMessage(0, MessageNumber.CREATE_PRIMARY, 0, RecordedPrimary(**values))  # type: ignore[arg-type]


def create(surface_id: int, *, keep: bool = False) -> ops.SurfaceCreate:
    return ops.SurfaceCreate(
        surface_id=surface_id,
        format=SurfaceFormat.A8,
        width=3,
        height=2,
        stride=-8,
        keep_data=keep,
        data=b"abc.....def....." if keep else None,
    )


def test_every_operation_is_what_it_was() -> None:
    rig = Rig()
    drawables = [drawn(op) for op in OPERATIONS]
    assert rig.commands(*drawables) == drawables
    assert not rig.replay.skipped


def test_other_commands() -> None:
    rig = Rig()
    sent: list[ops.Command] = [ops.CursorMove(Point(-1, 700)), ops.CursorHide(), CURSOR]
    assert rig.commands(*sent) == sent
    update = ops.UpdateCommand(AREA, 77, 0)
    assert rig.commands(update) == [update]
    assert rig.commands(ops.CursorTrail(1, 2), ops.MessageCommand(b"x")) == []
    assert set(rig.replay.skipped) == {"CursorTrail is not replayed", "MessageCommand is not replayed"}


def test_surfaces_get_free_ids_and_keep_their_pixels() -> None:
    rig = Rig()
    copy = ops.Copy(
        ops.SurfaceImage(id=3, flags=0, width=0, height=0, surface_id=1000), AREA, 8, 0, ops.Mask()
    )
    made, kept, drawing, gone = rig.commands(
        create(1000), create(7, keep=True), drawn(copy, 7), ops.SurfaceDestroy(1000)
    )
    assert isinstance(made, ops.SurfaceCreate) and isinstance(kept, ops.SurfaceCreate)
    assert (made.surface_id, made.format, made.width, made.height) == (1, SurfaceFormat.A8, 3, 2)
    assert (kept.surface_id, kept.stride, kept.data) == (2, 4, b"abc\0def\0")
    assert isinstance(drawing, ops.Drawable) and isinstance(drawing.op, ops.Copy)
    assert (drawing.surface_id, drawing.op.src) == (
        2,
        ops.SurfaceImage(id=3, flags=0, width=3, height=2, surface_id=1),
    )
    assert gone == ops.SurfaceDestroy(1)


def test_a_full_ring_only_delays() -> None:
    rig = Rig()
    fills: list[ops.Command] = [drawn(ops.Fill(ops.Brush(1, color), 8, ops.Mask())) for color in range(200)]
    assert rig.commands(*fills) == fills
    assert rig.busy


def test_as_many_surfaces_as_there_are_ids() -> None:
    rig = Rig()
    for surface_id in range(1, 1024):
        assert len(rig.commands(create(surface_id))) == 1
    made, gone = rig.commands(ops.SurfaceDestroy(500), create(500))[-1:] * 2
    assert made is gone
    assert isinstance(made, ops.SurfaceCreate) and made.surface_id == 500


def test_messages() -> None:
    rig = Rig()
    rig.commands(create(5), create(6))
    rig.event(RecordedMessage(0, MessageNumber.DESTROY_SURFACES, 0))
    assert rig.commands() == [ops.SurfaceDestroy(1), ops.SurfaceDestroy(2)]
    rig.event(primary(2, 1, flags=1, data=b"\1\2\3\4\5\6\7\x08"))
    (shown,) = rig.commands()
    assert rig.driver.size == (2, 1)
    assert isinstance(shown, ops.Drawable) and isinstance(shown.op, ops.Copy)
    assert shown.bbox == Rect(0, 0, 2, 1)
    assert isinstance(shown.op.src, ops.BitmapImage)
    assert shown.op.src.data == b"\1\2\3\4\5\6\7\x08"


def test_what_cannot_be_replayed_is_skipped_and_told() -> None:
    rig = Rig()

    def events() -> Iterator[RecordedEvent]:
        yield RecordedBadCommand(0, 1, 2, "bad")
        for command in (drawn(OPERATIONS[0], 9), ops.SurfaceDestroy(9), ops.SurfaceDestroy(0)):
            yield RecordedCommand(0, 0, 0, command)
        yield RecordedCommand(0, 0, 0, create(4))
        yield RecordedCommand(0, 0, 0, create(4))
        yield primary(4, 4, format=80)
        yield primary(30000, 30000)

    for event in events():
        rig.event(event)
    assert list(rig.replay.skipped) == [
        "bad",
        "surface 9 does not exist",
        "the primary surface is not destroyed by a command",
        "surface 4 exists already",
        "primary surface of RGB565: only 32 bits are replayed as a guest",
        "a primary of 30000x30000: the device has 2097152 bytes for it",
    ]
    assert rig.driver.size == (320, 200)
