"""A device that fails at any one of its calls: the CPU goes on with the same pixels, and the device holds nothing."""

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from gspice.errors import ConfigError, GpuError, GpuLostError, GpuMemoryError
from gspice.geometry import Rect
from gspice.gpu import select
from gspice.gpu.backends import Backend
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.device import ComputeDevice, DeviceBuffer, Readback
from gspice.gpu.compute.engine import EngineLimits
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.failover import FailoverCanvas
from gspice.gpu.journal import JournalLimits
from gspice.pixels import SurfaceFormat, SurfaceSpec
from tests.gpu.devices import APIS, open_device
from tests.gpu.failing_device import FailingDevice
from tests.gpu.loss_story import PlainCanvas, story
from tests.gpu.small_device import SmallDevice
from tests.gpu.test_failover import result

EVERY = {"opengl": 1, "vulkan": 7}
"""How many calls lie between those that fail."""
LIMITS = EngineLimits(
    first_surfaces=1 << 13, first_data=1 << 11, image_cache=1 << 13, commands=8, submits=3, scratch=1 << 12
)
JOURNAL = JournalLimits(commands=12)
"""So that checkpoints are read back in the midst of everything."""
AMPLE, SHORT = 1 << 20, 6 << 12
"""Bytes that one buffer may have: those of all surfaces, or so few that some wait in main memory."""
LOST, NO_MEMORY = GpuLostError("the driver has reset the context"), GpuMemoryError("the memory is full")


class SteadyDevice(FailingDevice):
    """Readbacks are not there at first and then are, whatever the time: each run makes the same calls."""

    def read(self, buffer: DeviceBuffer, offset: int, size: int) -> Readback:
        return SteadyReadback(super().read(buffer, offset, size))


class SteadyReadback(Readback):
    """There when it was asked for twice."""

    def __init__(self, readback: Readback) -> None:
        self._readback, self.size, self._asked = readback, readback.size, 0

    def ready(self) -> bool:
        self._asked += 1
        return self._asked > 1

    def take(self) -> bytes:
        return self._readback.take()

    def close(self) -> None:
        self._readback.close()


@pytest.fixture(scope="module", params=APIS)
def device(request: pytest.FixtureRequest) -> Iterator[ComputeDevice]:
    with open_device(request.param) as made:
        # Programs are compiled once, and are the device's to keep.
        ComputeCanvas(made, LIMITS, owns_device=False).close()
        yield made


def failing(
    device: ComputeDevice, most: int = AMPLE, at: int | None = None, error: GpuError = LOST
) -> FailingDevice:
    return FailingDevice(SmallDevice(SteadyDevice(device), most), at, error)


def opened(device: ComputeDevice) -> FailoverCanvas:
    return FailoverCanvas(ComputeCanvas(device, LIMITS, owns_device=False), CpuCanvas(), JOURNAL)


def told(canvas: Canvas) -> list[tuple[object, object]]:
    """What the story is answered, and the surfaces that there are after each step."""
    return [(result(canvas, step), canvas.surfaces()) for step in story()]


@pytest.fixture(scope="module")
def wanted() -> list[tuple[object, object]]:
    with closing(PlainCanvas()) as canvas:
        return told(canvas)


ERRORS = pytest.mark.parametrize("error", [LOST, NO_MEMORY], ids=["lost", "memory"])


def taken(canvas: ComputeCanvas) -> tuple[int, int]:
    """What surfaces and images hold of the canvas's buffers once nothing is to be held any more."""
    for surface_id in canvas.surfaces():
        canvas.destroy_surface(surface_id)
    engine = canvas._engine
    engine.flush()
    engine.images.forget()
    return engine.surfaces._arena.used, engine.images._arena.used


def test_the_story_has_all_that_can_fail(device: ComputeDevice, wanted: list[tuple[object, object]]) -> None:
    for most in (AMPLE, SHORT):
        sound = failing(device, most)
        canvas = ComputeCanvas(sound, LIMITS, owns_device=False)
        calls = set(sound.calls)
        with closing(FailoverCanvas(canvas, CpuCanvas(), JOURNAL)) as guarded:
            assert told(guarded) == wanted
            assert guarded.lost is None
            assert guarded.checkpoints > 2
        assert canvas.detours == 2
        assert bool(canvas._engine.surfaces.spilled) == (most is SHORT)
        assert calls == {"buffer", "program"}
        assert set(sound.calls) - calls == {"upload", "copy", "dispatch", "flush", "read", "ready", "take"}
    batches = [
        answer for answer, _ in wanted if isinstance(answer, list) and isinstance(answer[0], DrawOutcome)
    ]
    refused = [outcome.reason for batch in batches for outcome in batch if not outcome.drawn]
    assert len(refused) == 2, "one reads a surface that is gone, and one draws on one that never was"


@ERRORS
@pytest.mark.parametrize("most", [AMPLE, SHORT], ids=["ample", "short"])
def test_a_failure_at_every_single_call_is_not_seen(
    device: ComputeDevice, wanted: list[tuple[object, object]], most: int, error: GpuError
) -> None:
    before = device.live_objects
    sound = failing(device, most)
    with closing(opened(sound)) as canvas:
        opening = len(sound.calls)
        assert told(canvas) == wanted
    survived: set[str] = set()
    for at in range(opening, len(sound.calls), EVERY[device.info.api]):
        where = f"call {at}, {sound.calls[at]}"
        faulty = failing(device, most, at, error)
        with closing(opened(faulty)) as canvas:
            assert told(canvas) == wanted, where
            assert faulty.failed, where
            if canvas.lost is None:
                survived.add(sound.calls[at])
                assert isinstance(canvas._canvas, ComputeCanvas)
                assert taken(canvas._canvas) == (0, 0), where
            else:
                assert canvas.lost == f"{type(error).__name__}: {error}", where
                assert device.live_objects == before, f"{where}: held until the guard is closed"
        assert device.live_objects == before, where
    if error is LOST:
        assert not survived
    else:
        # There was another way: without what is kept, or with surfaces in main memory.
        assert survived <= {"buffer", "copy", "upload"}
        assert "buffer" in survived or EVERY[device.info.api] > 1


@ERRORS
def test_reads_that_nobody_takes_are_freed(device: ComputeDevice, error: GpuError) -> None:
    before = device.live_objects
    box = Rect(0, 0, 8, 8)
    for only in (["ready"], ["take"], ["read"], []):
        faulty = FailingDevice(device, 1, error, only)
        canvas = ComputeCanvas(faulty, LIMITS, owns_device=False)
        canvas.create_surface(0, SurfaceSpec(8, 8, SurfaceFormat.A8))
        buffers = device.live_objects
        first = canvas.start_read(0, box)
        assert device.live_objects == buffers + 1
        with pytest.raises(type(error)) if only else nullcontext():
            second = canvas.start_read(0, box)
            for _ in range(2):
                second.ready()
            assert first.take() == bytes(64)
            canvas.read(0, box)
        canvas.close()
        assert device.live_objects == before, only
        first.close()


# While it is opened


def opening_calls(device: ComputeDevice) -> list[str]:
    sound = failing(device)
    ComputeCanvas(sound, LIMITS, owns_device=False).close()
    return sound.calls


@ERRORS
def test_a_canvas_that_cannot_be_made_leaves_nothing(device: ComputeDevice, error: GpuError) -> None:
    before = device.live_objects
    calls = opening_calls(device)
    assert len(calls) > 6
    for at, name in enumerate(calls):
        with pytest.raises(type(error)):
            ComputeCanvas(failing(device, at=at, error=error), LIMITS, owns_device=False)
        assert device.live_objects == before, f"call {at}, {name}"


class Shelf:
    """The device that the fake backend's canvas is opened on."""

    device: ComputeDevice
    faults: list[int | None]
    """For each canvas that is opened, in order: which call fails."""
    error: GpuError
    closed: int


class FaultyCanvas(ComputeCanvas):
    """The fake backend's."""

    @classmethod
    def open(cls, device: str | None) -> "FaultyCanvas":
        return cls.on(Kept(Shelf.device, Shelf.faults.pop(0), Shelf.error), LIMITS)


class Kept(FailingDevice):
    """Of a device that others need again: what closes it is counted."""

    def close(self) -> None:
        Shelf.closed += 1


@dataclass(frozen=True)
class Found:
    """What the fake backend lists."""

    name: str
    software: bool = False
    index: int = 0


def list_devices() -> list[Found]:
    return [Found("a faulty one")]


@pytest.fixture
def shelf(device: ComputeDevice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ComputeDevice:
    """A machine whose only GPU is this device."""
    Shelf.device, Shelf.closed = device, 0
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch()
    monkeypatch.setattr(select, "DEVICES", tmp_path)
    monkeypatch.setattr(select, "_proven", set())
    faulty = Backend(f"{__name__}:FaultyCanvas", f"{__name__}:list_devices", "json")
    monkeypatch.setattr(select, "GPU_BACKENDS", {"opengl": faulty})
    return device


def guard(function: Callable[[], None]) -> None:
    function()


@ERRORS
@pytest.mark.parametrize("guarded", [False, True])
def test_the_cpu_draws_where_a_gpu_fails_while_it_is_opened(
    shelf: ComputeDevice, error: GpuError, guarded: bool
) -> None:
    before = shelf.live_objects
    Shelf.error = error
    calls = opening_calls(shelf)
    # The last one: in the self-test, and so with surfaces and work under way.
    for count, at in enumerate((*range(len(calls)), len(calls) + 9), 1):
        Shelf.faults = [at]
        choice = select.choose_canvas(guard=guard if guarded else None)
        assert isinstance(choice.canvas, CpuCanvas)
        assert choice.considered[0].verdict is select.Verdict.FAILED
        assert choice.considered[0].reason == str(error)
        assert not Shelf.faults
        assert Shelf.closed == count
        assert shelf.live_objects == before, f"call {at}"


@ERRORS
def test_so_it_does_where_only_the_trial_went_well(
    shelf: ComputeDevice, error: GpuError, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shelf.live_objects
    Shelf.error = error
    monkeypatch.setattr(select, "_prove", lambda canvas: None)
    for at in range(len(opening_calls(shelf))):
        Shelf.faults, Shelf.closed = [None, at], 0
        select._proven.clear()
        choice = select.choose_canvas(guard=guard)
        assert isinstance(choice.canvas, CpuCanvas)
        assert choice.considered[0].reason == str(error)
        assert Shelf.closed == 2
        assert shelf.live_objects == before, f"call {at}"


def test_one_that_was_asked_for_is_refused(shelf: ComputeDevice) -> None:
    before = shelf.live_objects
    Shelf.error, Shelf.faults = LOST, [2]
    with pytest.raises(ConfigError, match="canvas opengl is not fit for use: the driver has reset"):
        select.select_canvas("opengl")
    assert Shelf.closed == 1
    assert shelf.live_objects == before
