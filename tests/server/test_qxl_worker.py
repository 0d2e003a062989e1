"""The device's way to its worker: which messages its calls become, and what of their errors a host sees."""

import inspect
from typing import Any

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.qxl.worker_port import WorkerPort
from gspice.server import worker_messages as m
from gspice.server.dispatcher import DispatcherTimeout, RedDispatcher
from gspice.server.qxl_worker import QXLWorker
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, MemSlot

SLOT = MemSlot(group_id=1, slot_id=1, generation=0, virt_start=0, virt_end=8, addr_delta=0)
SURFACE = DevSurfaceCreate(width=1, height=1, stride=4, format=32, mem=0, group_id=1)
RECT = Rect(0, 0, 1, 1)
COMMANDS = (CommandExt(1, 2, 3),)


class FakeDispatcher(RedDispatcher):
    """Keeps what it is given; ``answer`` is raised or returned."""

    def __init__(self) -> None:
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
    ("oom", (), m.Oom()),
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
    for _ in range(1000):
        port.wakeup()
    assert dispatcher.sent == [m.Wakeup()]
    port.wakeup_taken()
    port.wakeup()
    assert dispatcher.sent == [m.Wakeup(), m.Wakeup()]


def test_every_call_of_the_port_is_tested_and_has_its_signature() -> None:
    promised = {name: f for name, f in vars(WorkerPort).items() if inspect.isfunction(f) and name[0] != "_"}
    assert set(promised) - {"wakeup"} <= {name for name, _, _ in SENT + CALLED}
    for name, function in promised.items():
        ours = inspect.signature(getattr(QXLWorker, name))
        assert list(ours.parameters) == list(inspect.signature(function).parameters), name
