"""Commands from the rings: drawn in order, released once each, and none of them able to stop the rest."""

import logging
import struct
from collections import deque
from collections.abc import Callable, Sequence

import pytest

from gspice.channels.cursor import CursorChannel
from gspice.channels.display import DisplayChannel
from gspice.geometry import Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.qxl.memslots import MemSlots
from gspice.qxl.ops import Drawable, Op, Opaque
from gspice.server import command_reader
from gspice.server.command_reader import LOGGED_BAD_COMMANDS, SLICE_S, CommandReader
from gspice.server.command_ring import POLL_MS, POLLS
from gspice.server.guest_surfaces import GuestSurfaces
from gspice.vdi.qxl import CommandExt, DevInitInfo, DevSurfaceCreate, QXLInterface, ReleaseInfo
from tests.qxl.guest_commands import commands
from tests.qxl.guest_memory import GROUP, PAGE, GuestMemory
from tests.qxl.guest_structures import (
    COPY,
    CURSOR,
    FILL,
    SURFACE,
    UPDATE,
    copy,
    fill,
    qxl,
    rect,
    solid,
)
from tests.server.net import Clock

SIDE = 32
ALL = Rect(0, 0, SIDE, SIDE)


class FakeQXL(QXLInterface):
    """Two queues for rings; what is released is written down, and its memory spoiled."""

    id = 5

    def __init__(self, guest: GuestMemory) -> None:
        self._guest = guest
        self.display: deque[CommandExt] = deque()
        self.cursor: deque[CommandExt] = deque()
        self.released: list[ReleaseInfo] = []
        self.updates: list[int] = []
        self.late: CommandExt | None = None
        """A command that comes in the moment between the last look and the wish to be woken."""
        self.asked = 0

    def get_init_info(self) -> DevInitInfo:
        raise AssertionError("not asked here")

    def get_command(self) -> CommandExt | None:
        return self.display.popleft() if self.display else None

    def get_cursor_command(self) -> CommandExt | None:
        return self.cursor.popleft() if self.cursor else None

    def req_cmd_notification(self) -> bool:
        self.asked += 1
        if self.late is not None:
            self.display.append(self.late)
            self.late = None
            return False
        return True

    def req_cursor_notification(self) -> bool:
        return True

    def release_resource(self, release: ReleaseInfo) -> None:
        self.released.append(release)
        self._guest.write(self._guest.address(release.address - self._guest.pages.address), b"\xff" * 8)

    def notify_update(self, update_id: int) -> None:
        self.updates.append(update_id)

    def flush_resources(self) -> int:
        raise AssertionError("the reader does not flush")

    def async_complete(self, cookie: int) -> None:
        raise AssertionError("the reader completes nothing")

    def update_area_complete(self, surface_id: int, rects: Sequence[Rect]) -> None:
        raise AssertionError("the reader updates no area by itself")


class CountingCanvas(CpuCanvas):
    """Says how large batches were, and lets time pass with each."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.seconds = 0.0
        self.unknown: type[Op] | None = None
        self._clock = clock

    def submit(self, batch: Sequence[Drawable]) -> list[DrawOutcome]:
        self.batches.append(len(batch))
        self._clock.now += self.seconds
        not_drawn = DrawOutcome((), False, "never heard of it")
        return [
            not_drawn if type(d.op) is self.unknown else super(CountingCanvas, self).submit([d])[0]
            for d in batch
        ]


class Rig:
    """A reader over hand-made guest memory with a primary surface and an off-screen one, number 3."""

    def __init__(self) -> None:
        self.guest = GuestMemory(64 * PAGE)
        self.qxl = FakeQXL(self.guest)
        self.clock = Clock()
        self.canvas = CountingCanvas(self.clock)
        slots: MemSlots = self.guest.slots
        self.surfaces = GuestSurfaces(self.canvas, slots, self.qxl.release_resource)
        self.display = DisplayChannel(self.canvas)
        self.reader = CommandReader(
            qxl=self.qxl,
            parser=self.guest.parser,
            canvas=self.canvas,
            surfaces=self.surfaces,
            display=self.display,
            cursor=CursorChannel(),
            clock=self.clock,
        )
        self.pixels = self.guest.put(bytes(4 * SIDE * SIDE))
        self.surfaces.create_primary(
            DevSurfaceCreate(
                width=SIDE, height=SIDE, stride=4 * SIDE, format=32, mem=self.pixels, group_id=GROUP
            )
        )
        self.canvas.create_surface(7, SurfaceSpec(SIDE, SIDE, SurfaceFormat.XRGB32))

    def fill(self, color: int, *, surface_id: int = 0, bbox: Rect = ALL) -> CommandExt:
        return self.guest.drawable(FILL, fill(solid(color)), surface_id=surface_id, bbox=bbox)

    def update(self, update_id: int, *, surface_id: int = 0) -> CommandExt:
        return self.guest.command(UPDATE, qxl("QXLUpdateCmd", 0, rect(ALL), update_id, surface_id))

    def surface(self, surface_id: int, pixels: int) -> CommandExt:
        """A command that makes a surface over those pixels."""
        body = qxl("QXLSurface", 32, SIDE, SIDE, 4 * SIDE, pixels)
        return self.guest.command(SURFACE, qxl("QXLSurfaceCmd", 0, surface_id, 0, 0, body))

    def pump(self) -> int | None:
        self.reader.wakeup()
        return self.reader.pump()

    def released(self) -> list[int]:
        """Addresses of the commands released so far."""
        return [self.guest.address(r.address - self.guest.pages.address) for r in self.qxl.released]

    def color(self) -> int:
        return int.from_bytes(self.canvas.read(0, Rect(0, 0, 1, 1)).data[:3], "little")


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_commands_are_drawn_in_order_and_counted(rig: Rig) -> None:
    rig.qxl.display += [rig.fill(1), rig.fill(2), rig.fill(3)]
    rig.pump()
    assert rig.color() == 3
    assert rig.reader.counters == {"Fill": 3}
    assert rig.canvas.batches == [3], "one after the other without a gap: one batch"


def test_every_kind_of_command_is_released_once(rig: Rig) -> None:
    made = {name: build(rig.guest) for name, build in commands().items()}
    for command in made.values():
        (rig.qxl.cursor if command.type == CURSOR else rig.qxl.display).append(command)
    rig.pump()
    assert not rig.qxl.display and not rig.qxl.cursor
    rig.surfaces.destroy_all()
    rig.reader.cursor_reset()
    assert sorted(rig.released()) == sorted(command.data for command in made.values())
    assert {release.group_id for release in rig.qxl.released} == {GROUP}


def test_what_made_a_surface_or_a_cursor_is_released_with_it(rig: Rig) -> None:
    memory = rig.guest.put(bytes(4 * SIDE * SIDE))
    create = [rig.surface(4, memory) for _ in range(2)]
    cursors = [commands()[name](rig.guest) for name in ("cursor set", "cursor set")]
    rig.qxl.display += create
    rig.qxl.cursor += cursors
    rig.pump()
    assert sorted(rig.released()) == sorted([cursors[0].data, create[1].data]), "replaced, and refused"
    rig.surfaces.destroy(4)
    assert rig.released()[-1] == create[0].data
    rig.reader.cursor_reset()
    rig.reader.cursor_reset()
    assert rig.released()[-1] == cursors[1].data and len(rig.released()) == 4


def test_a_surface_of_a_saved_machine_begins_with_its_memory(rig: Rig) -> None:
    memory = rig.guest.put(b"\x11\x22\x33\0" * (SIDE * SIDE))
    rig.reader.process([rig.surface(4, memory)], reload=True)
    assert rig.canvas.read(4, ALL).data[:4] == b"\x11\x22\x33\0"
    assert rig.released() == []


BAD: dict[str, Callable[[Rig], CommandExt]] = {
    "no surface 99": lambda rig: rig.fill(1, surface_id=99),
    "drawable type": lambda rig: rig.guest.drawable(77, bytes(64), surface_id=0),
    "image nowhere": lambda rig: rig.guest.drawable(COPY, copy(0xBAD << 40), surface_id=0),
    "update of a surface that is not": lambda rig: rig.update(9, surface_id=8),
    "destroy of a surface that is not": lambda rig: rig.guest.command(
        SURFACE, struct.pack("<QIBI", 0, 9, 1, 0) + bytes(24)
    ),
    "destroy of the primary": lambda rig: rig.guest.command(
        SURFACE, struct.pack("<QIBI", 0, 0, 1, 0) + bytes(24)
    ),
    "create of the primary": lambda rig: rig.guest.command(
        SURFACE, qxl("QXLSurfaceCmd", 0, 0, 0, 0, qxl("QXLSurface", 32, 2, 2, 8, rig.pixels))
    ),
    "cursor type": lambda rig: rig.guest.command(CURSOR, struct.pack("<QB", 0, 99) + bytes(64)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_command_is_dropped_counted_logged_and_released(
    rig: Rig, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    bad = BAD[name](rig)
    rig.qxl.display += [rig.fill(1), bad, rig.fill(2)]
    rig.pump()
    assert rig.color() == 2, "the rest is drawn"
    assert rig.reader.counters["bad"] == 1
    assert len(rig.qxl.released) == 3
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and record.getMessage().startswith("display 5: ")


@pytest.mark.parametrize(
    "command",
    [
        CommandExt(0x10, 0, GROUP),
        CommandExt(0x10, 99, GROUP),
        CommandExt(0xBAD << 48, 1, GROUP),
        CommandExt(0, 1, 9),
    ],
    ids=["nop", "unknown type", "nowhere", "no group"],
)
def test_what_has_no_memory_is_not_released(rig: Rig, command: CommandExt) -> None:
    rig.qxl.display += [command, rig.fill(2)]
    rig.pump()
    assert (rig.color(), rig.reader.counters["bad"], len(rig.qxl.released)) == (2, 1, 1)


def test_a_guest_cannot_fill_the_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(10 * LOGGED_BAD_COMMANDS):
        rig.qxl.display.append(CommandExt(0xBAD << 48, 1, GROUP))
    rig.pump()
    assert rig.reader.counters["bad"] == 10 * LOGGED_BAD_COMMANDS
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == LOGGED_BAD_COMMANDS


def test_what_the_canvas_cannot_draw_is_counted_and_logged_once_a_kind(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    made = commands()["opaque"]
    rig.canvas.unknown = Opaque
    outside = rig.fill(1, bbox=Rect(0, 0, SIDE + 1, 1))
    rig.qxl.display += [made(rig.guest), made(rig.guest), outside, rig.fill(2)]
    rig.pump()
    counters = rig.reader.counters
    assert counters == {"not drawn": 3, "not drawn Opaque": 2, "not drawn Fill": 1, "Fill": 1}
    first, second = (record.getMessage() for record in caplog.records)
    assert first == "display 5: Opaque not drawn: never heard of it"
    assert second.startswith("display 5: Fill not drawn: bounding box")
    assert rig.surfaces.update_area(0, ALL, True) == [ALL], "only what was drawn is dirty"


def test_an_update_sees_what_was_drawn_before_it_and_not_what_comes_after(rig: Rig) -> None:
    rig.qxl.display += [rig.fill(0x010203), rig.update(41), rig.fill(0x040506)]
    rig.pump()
    assert rig.guest.read(rig.pixels, 4) == b"\x03\x02\x01\0"
    assert rig.color() == 0x040506


def test_the_guest_hears_of_its_update_whatever_became_of_it(rig: Rig) -> None:
    rig.qxl.display += [rig.update(1), rig.update(2, surface_id=8), rig.update(3)]
    rig.pump()
    assert rig.qxl.updates == [1, 2, 3]


def test_a_surface_is_destroyed_after_what_reads_it(rig: Rig) -> None:
    pixels = rig.guest.put(b"\x11\x22\x33\0" * 64)
    create = qxl("QXLSurfaceCmd", 0, 4, 0, 1, qxl("QXLSurface", 32, 8, 8, 32, pixels))
    source = rig.guest.surface_image(4)
    eight = Rect(0, 0, 8, 8)
    rig.qxl.display += [
        rig.guest.command(SURFACE, create),
        rig.guest.drawable(COPY, copy(source, eight), surface_id=0, bbox=eight),
        rig.guest.command(SURFACE, struct.pack("<QIBI", 0, 4, 1, 0) + bytes(24)),
        rig.guest.drawable(COPY, copy(source, eight), surface_id=0, bbox=eight),
    ]
    rig.pump()
    assert rig.color() == 0x332211 and 4 not in rig.surfaces
    assert rig.reader.counters["Copy"] == rig.reader.counters["not drawn Copy"] == 1


def test_large_images_are_drawn_before_the_batch_is_full(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_reader, "BATCH_BYTES", 100)
    image = rig.guest.bitmap(4, 4, 8)
    four = Rect(0, 0, 4, 4)
    rig.qxl.display += [
        rig.guest.drawable(COPY, copy(image, four), surface_id=0, bbox=four) for _ in range(5)
    ]
    rig.pump()
    assert rig.canvas.batches == [2, 2, 1]


# When it looks again


def test_it_stops_after_its_slice_and_wants_to_go_on_at_once(rig: Rig) -> None:
    rig.canvas.seconds = 2 * SLICE_S
    rig.qxl.display += [rig.fill(1)] * (2 * command_reader.BATCH)
    assert rig.pump() == 0
    assert len(rig.qxl.display) == command_reader.BATCH
    assert rig.reader.pump() == 0
    assert not rig.qxl.display


def test_it_looks_some_more_times_and_then_sleeps_until_it_is_woken(rig: Rig) -> None:
    rig.qxl.display.append(rig.fill(1))
    assert rig.pump() == POLL_MS
    assert [rig.reader.pump() for _ in range(POLLS)] == [POLL_MS] * (POLLS - 1) + [None]
    assert rig.qxl.asked == 1
    rig.qxl.display.append(rig.fill(2))
    assert rig.reader.pump() is None and rig.color() == 1, "rings are left alone until the host wakes it"
    assert rig.reader.wakeup(), "it slept"
    assert not rig.reader.wakeup()
    assert rig.reader.pump() == POLL_MS and rig.color() == 2


def test_a_command_that_comes_while_it_goes_to_sleep_is_not_lost(rig: Rig) -> None:
    rig.pump()
    for _ in range(POLLS - 1):
        rig.reader.pump()
    rig.qxl.late = rig.fill(9)
    assert rig.reader.pump() == 0 and rig.qxl.asked == 1
    assert rig.reader.pump() == POLL_MS and rig.color() == 9


def test_draining_takes_all_there_is_but_not_for_ever(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_reader, "DRAIN_BATCHES", 3)
    rig.qxl.display += [rig.fill(1)] * (5 * command_reader.BATCH)
    rig.reader.drain()
    assert len(rig.qxl.display) == 2 * command_reader.BATCH


def test_a_fault_of_the_canvas_costs_its_batch_and_no_more(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[bool] = []
    monkeypatch.setattr(rig.display, "forget_pixels", lambda: forgotten.append(True))
    with monkeypatch.context() as broken:
        broken.setattr(rig.canvas, "submit", lambda batch: 1 / 0)
        rig.qxl.display += [rig.fill(1), rig.update(5), rig.fill(2)]
        rig.pump()
    assert len(rig.qxl.released) == 3, "what was taken is released, whatever went wrong"
    assert rig.reader.counters["failed"] == 2
    assert forgotten, "clients must get what the batch may have drawn"
    assert "ZeroDivisionError" in caplog.text
    rig.qxl.display.append(rig.fill(3))
    rig.pump()
    assert rig.color() == 3
