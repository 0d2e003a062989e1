"""The device's way to its worker: which messages its calls become, and what of their errors a host sees."""

import inspect
import os
from typing import Any

import pytest

from gspice.errors import GuestError, InterfaceError
from gspice.geometry import Rect
from gspice.qxl.worker_port import WorkerPort
from gspice.server import worker_messages as m
from gspice.server.dispatcher import DispatcherTimeout, RedDispatcher
from gspice.server.qxl_worker import MODIFIER_UNKNOWN, QXLWorker
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot

SLOT = MemSlot(group_id=1, slot_id=1, generation=0, virt_start=0, virt_end=8, addr_delta=0)
SURFACE = DevSurfaceCreate(width=1, height=1, stride=4, format=32, mem=0, group_id=1)
RECT = Rect(0, 0, 1, 1)
COMMANDS = (CommandExt(1, 2, 3),)


class FakeDispatcher(RedDispatcher):
    """Keeps what it is given; ``answer`` is raised or returned."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[object] = []
        self.called: list[object] = []
        self.answer: Any = None

    def send(self, message: object) -> None:
        self.sent.append(message)

    def call(self, message: object, timeout: float = 0) -> Any:
        self.called.append(message)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def dispatcher() -> FakeDispatcher:
    return FakeDispatcher()


@pytest.fixture
def port(dispatcher: FakeDispatcher) -> QXLWorker:
    return QXLWorker(dispatcher)


SENT: list[tuple[str, tuple[Any, ...], object]] = [
    ("start", (), m.Start()),
    ("set_max_monitors", (2,), m.SetMaxMonitors(2)),
    ("set_device_info", ("pci/0000/02.0", 1, 3), m.SetMaxMonitors(3)),
    ("gl_draw_async", (RECT, 9), m.GlDraw(RECT, 9)),
    ("del_memslot", (1, 2), m.DelMemslot(1, 2)),
    ("reset_memslots", (), m.ResetMemslots()),
    ("driver_unload", (), m.DriverUnload()),
    ("add_memslot_async", (SLOT, 9), m.AddMemslot(SLOT, 9)),
    ("create_primary_surface_async", (0, SURFACE, 9), m.CreatePrimary(0, SURFACE, 9)),
    ("destroy_primary_surface_async", (0, 9), m.DestroyPrimary(0, 9)),
    ("destroy_surfaces_async", (9,), m.DestroySurfaces(9)),
    ("destroy_surface_async", (4, 9), m.DestroySurface(4, 9)),
    ("update_area_async", (4, RECT, True, 9), m.UpdateArea(4, RECT, True, 9)),
    ("flush_surfaces_async", (9,), m.FlushSurfaces(9)),
    ("monitors_config_async", (0x10, 1, 9), m.MonitorsConfigAsync(0x10, 1, 9)),
]
CALLED: list[tuple[str, tuple[Any, ...], object]] = [
    ("stop", (), m.Stop()),
    ("add_memslot", (SLOT,), m.AddMemslot(SLOT)),
    ("create_primary_surface", (0, SURFACE), m.CreatePrimary(0, SURFACE)),
    ("destroy_primary_surface", (0,), m.DestroyPrimary(0)),
    ("destroy_surfaces", (), m.DestroySurfaces()),
    ("destroy_surface_wait", (4,), m.DestroySurface(4)),
    ("update_area", (4, RECT, True), m.UpdateArea(4, RECT, True)),
    ("loadvm_commands", (COMMANDS,), m.LoadVmCommands(COMMANDS)),
    ("reset_image_cache", (), m.ResetImageCache()),
    ("reset_cursor", (), m.ResetCursor()),
]


@pytest.mark.parametrize(("name", "arguments", "message"), SENT, ids=[name for name, _, _ in SENT])
def test_these_calls_do_not_wait(
    port: QXLWorker, dispatcher: FakeDispatcher, name: str, arguments: tuple[Any, ...], message: object
) -> None:
    getattr(port, name)(*arguments)
    assert (dispatcher.sent, dispatcher.called) == ([message], [])


@pytest.mark.parametrize(("name", "arguments", "message"), CALLED, ids=[name for name, _, _ in CALLED])
@pytest.mark.parametrize("error", [None, GuestError("no"), DispatcherTimeout("dead")], ids=str)
def test_these_calls_wait_and_the_host_never_sees_an_error(
    port: QXLWorker,
    dispatcher: FakeDispatcher,
    caplog: pytest.LogCaptureFixture,
    name: str,
    arguments: tuple[Any, ...],
    message: object,
    error: Exception | None,
) -> None:
    dispatcher.answer = error
    assert not getattr(port, name)(*arguments)
    assert (dispatcher.sent, dispatcher.called) == ([], [message])
    assert len(caplog.records) == (error is not None)


def test_update_area_gives_the_rectangles(port: QXLWorker, dispatcher: FakeDispatcher) -> None:
    dispatcher.answer = [RECT]
    assert port.update_area(0, RECT, False) == [RECT]


def test_wakeups_that_nobody_has_looked_at_are_one(port: QXLWorker, dispatcher: FakeDispatcher) -> None:
    handled: list[object] = []
    for _ in range(1000):
        port.wakeup()
        port.oom()
    dispatcher.drain(handled.append)
    dispatcher.drain(handled.append)
    assert handled == [m.Wakeup(), m.Oom()] and dispatcher.sent == []
    port.wakeup()
    dispatcher.drain(handled.append)
    assert handled[2:] == [m.Wakeup()]


def test_device_information_is_kept(port: QXLWorker) -> None:
    port.set_device_info("pci/0000/02.0", 1, 3)
    assert (port.device_address, port.device_display_ids) == ("pci/0000/02.0", (1, 2, 3))


def test_a_device_without_a_limit_sets_none(port: QXLWorker, dispatcher: FakeDispatcher) -> None:
    """What QEMU says of a qxl device whose max_outputs is not set."""
    port.set_device_info("pci/0000/02.0", 0, 0)
    assert (port.device_address, port.device_display_ids) == ("pci/0000/02.0", ())
    assert dispatcher.sent == []


@pytest.mark.parametrize(
    ("address", "first", "count"),
    [("a" * 256, 0, 1), ("", -1, 1), ("", 0, -1), ("", 0, 17), ("", 0, 1 << 31)],
)
def test_device_information_that_cannot_be(
    port: QXLWorker, dispatcher: FakeDispatcher, address: str, first: int, count: int
) -> None:
    with pytest.raises(InterfaceError):
        port.set_device_info(address, first, count)
    with pytest.raises(InterfaceError, match="there is always one"):
        port.set_max_monitors(0)
    assert dispatcher.sent == [] and port.device_display_ids == ()


def test_a_scanout_owns_its_descriptors(port: QXLWorker, dispatcher: FakeDispatcher) -> None:
    fds = [os.memfd_create("scanout") for _ in range(2)]
    port.gl_scanout(fds[0], 8, 4, 32, 0x34325258, True)
    port.gl_scanout2((fds[1], fds[1]), 8, 4, (0, 16), (32, 32), 0x34325258, 0, False)
    port.gl_scanout(-1, 0, 0, 0, 0, False)
    port.gl_scanout2((), 0, 0, (), (), 0, 0, False)
    one, two, off, off2 = dispatcher.sent
    assert isinstance(one, m.GlScanout) and isinstance(two, m.GlScanout)
    assert (one.fds.numbers, one.offsets, one.strides, one.modifier) == (
        (fds[0],),
        (0,),
        (32,),
        MODIFIER_UNKNOWN,
    )
    assert (two.fds.numbers, two.offsets, two.strides, two.modifier) == ((fds[1],) * 2, (0, 16), (32, 32), 0)
    assert isinstance(off, m.GlScanout) and isinstance(off2, m.GlScanout) and not off.fds and not off2.fds
    del one, two
    dispatcher.sent.clear()
    for fd in fds:
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(fd)


def test_every_call_of_the_port_is_tested_and_has_its_signature() -> None:
    promised = {name: f for name, f in vars(WorkerPort).items() if inspect.isfunction(f) and name[0] != "_"}
    assert set(promised) - {"wakeup", "oom"} <= {name for name, _, _ in SENT + CALLED}
    for name, function in promised.items():
        ours = inspect.signature(getattr(QXLWorker, name))
        assert list(ours.parameters) == list(inspect.signature(function).parameters), name
