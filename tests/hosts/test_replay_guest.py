"""A recording as a guest: what the server's parser reads is what was recorded."""

from collections.abc import Iterator

import pytest

from gspice.geometry import Point
from gspice.hosts.replay_guest import ReplayGuest
from gspice.hosts.replay_surfaces import DESTROYS_UNNAMED
from gspice.pixels import SurfaceFormat, row_bytes
from gspice.qxl import ops
from gspice.qxl.driver import GuestDriver
from gspice.qxl.recording_events import (
    MessageNumber,
    RecordedBadCommand,
    RecordedCommand,
    RecordedEvent,
    RecordedMessage,
    RecordedPrimary,
)
from tests.qxl.fake_worker import attached
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

    def settle(self) -> None:
        """Answer every call that the device has under way or waiting."""
        while self.worker.cookies:
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
    trail, message = ops.CursorTrail(1, 2), ops.MessageCommand(b"x")
    # The display ring is read first.
    assert rig.commands(trail, message) == [message, trail]
    assert not rig.replay.skipped


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
    assert rig.driver.size == (320, 200), "what was seen last stays"
    rig.event(RecordedCommand(0, 0, 0, drawn(OPERATIONS[0])))
    assert rig.commands() == []
    assert dict(rig.replay.skipped) == {"surface 0 does not exist": 1}


@pytest.mark.parametrize("format", SurfaceFormat)
def test_every_format_of_primaries_and_what_their_memory_held(format: SurfaceFormat) -> None:
    rig = Rig()
    row = row_bytes(9, format.bits_per_pixel)
    data = b"".join(bytes([line] * row) + b"padding" for line in (1, 2))
    fields = {"format": int(format), "data": data}
    rig.event(primary(9, 2, stride=-(row + 7), flags=1, **fields))
    made = rig.worker.primary
    assert made is not None
    assert (made.width, made.height, made.format, made.flags) == (9, 2, format, 1)
    assert made.stride % 4 == 0
    assert rig.driver.pixels()[:, :row].tolist() == [[2] * row, [1] * row]
    rig.event(primary(9, 2, stride=row, **fields))
    assert rig.worker.primary is not None and rig.worker.primary.flags == 0
    assert rig.commands() == [] and not rig.replay.skipped


def message(number: MessageNumber) -> RecordedMessage:
    return RecordedMessage(0, number, 0)


@pytest.mark.parametrize(
    ("number", "call"),
    [
        (MessageNumber.UPDATE, "update_area_async"),
        (MessageNumber.UPDATE_ASYNC, "update_area_async"),
        (MessageNumber.OOM, "oom"),
        (MessageNumber.STOP, "flush_surfaces_async"),
        (MessageNumber.FLUSH_SURFACES_ASYNC, "flush_surfaces_async"),
        (MessageNumber.RESET_CURSOR, "reset_cursor"),
        (MessageNumber.RESET_IMAGE_CACHE, "reset_image_cache"),
        (MessageNumber.MONITORS_CONFIG_ASYNC, "monitors_config_async"),
        (MessageNumber.DRIVER_UNLOAD, "driver_unload"),
    ],
)
def test_messages_that_are_calls(number: MessageNumber, call: str) -> None:
    rig = Rig()
    rig.settle()
    rig.worker.calls.clear()
    rig.event(message(number))
    assert rig.worker.names() == [call]
    assert not rig.device.bugs.present


@pytest.mark.parametrize("number", MessageNumber)
def test_any_messages_at_any_time(number: MessageNumber) -> None:
    device_free = ReplayGuest(GuestDriver(attached()[0]))
    device_free.take(message(number))
    assert device_free.advance()
    rig = Rig()
    rig.settle()
    for _ in range(3):
        rig.event(message(MessageNumber.UPDATE_ASYNC))
        rig.event(message(number))
    rig.settle()
    assert rig.worker.names().count("update_area_async") >= 1
    assert not rig.device.bugs.present and not rig.replay.skipped


def test_updates_may_be_left_out() -> None:
    rig = Rig()
    rig.settle()
    rig.replay = ReplayGuest(rig.driver, updates=False)
    rig.event(message(MessageNumber.UPDATE_ASYNC))
    assert "update_area_async" not in rig.worker.names()


def test_what_goes_past_the_rings_waits_until_they_are_empty() -> None:
    rig = Rig()
    rig.replay.take(RecordedCommand(0, 0, 0, CURSOR))
    rig.replay.take(message(MessageNumber.RESET_CURSOR))
    before = rig.worker.names().count("reset_cursor")
    assert not rig.replay.advance()
    assert rig.worker.names().count("reset_cursor") == before
    rig.parsed()
    assert rig.replay.advance()
    assert rig.worker.names().count("reset_cursor") == before + 1


@pytest.mark.parametrize("number", sorted(DESTROYS_UNNAMED))
def test_the_surface_that_is_made_anew_is_the_one_that_was_destroyed(number: MessageNumber) -> None:
    rig = Rig()
    rig.commands(create(5), create(6))
    rig.event(message(number))
    gone, made = rig.commands(create(6))
    assert gone == ops.SurfaceDestroy(2)
    assert isinstance(made, ops.SurfaceCreate) and made.surface_id == 3
    assert rig.commands(create(5)) == []
    assert dict(rig.replay.skipped) == {"surface 5 exists already": 1}


def test_a_primary_that_cannot_be_made_leaves_none_to_draw_on() -> None:
    rig = Rig()
    rig.event(primary(4, 4, format=5))
    assert rig.commands(drawn(OPERATIONS[0])) == []
    assert list(rig.replay.skipped) == [
        "primary surface format 5 is not known",
        "surface 0 does not exist",
    ]


def test_what_cannot_be_replayed_is_skipped_and_told() -> None:
    rig = Rig()

    def events() -> Iterator[RecordedEvent]:
        yield RecordedBadCommand(0, 1, 2, "bad")
        for command in (drawn(OPERATIONS[0], 9), ops.SurfaceDestroy(9), ops.SurfaceDestroy(0)):
            yield RecordedCommand(0, 0, 0, command)
        yield RecordedCommand(0, 0, 0, create(4))
        yield RecordedCommand(0, 0, 0, create(4))
        yield primary(30000, 30000)

    for event in events():
        rig.event(event)
    assert list(rig.replay.skipped) == [
        "bad",
        "surface 9 does not exist",
        "the primary surface is not destroyed by a command",
        "surface 4 exists already",
        "a primary of 30000x30000: the device has 2097152 bytes for it",
    ]
    assert rig.driver.size == (320, 200)
