"""A device that fails at any call of a look: what clients see goes on as if it had not."""

from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from gspice.errors import GpuError, GpuLostError, GpuMemoryError, GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.device import ComputeDevice
from gspice.gpu.compute.engine import EngineLimits
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.failover import FailoverCanvas
from gspice.gpu.journal import JournalLimits
from gspice.gpu.planes import PlanesSpec
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.stream.rgb_to_yuv import Layout, Plane, convert
from gspice.stream.screen import Look, Screen
from gspice.stream.yuv_weights import Matrix, weights
from tests.gpu.devices import APIS, open_device
from tests.gpu.failing_canvas import fill
from tests.gpu.failing_device import FailingDevice
from tests.gpu.test_gpu_loss import SteadyDevice

SPEC, ALL = SurfaceSpec(100, 70, SurfaceFormat.XRGB32), Rect(0, 0, 100, 70)
LIMITS = EngineLimits(first_surfaces=1 << 14, first_data=1 << 12)
JOURNAL = JournalLimits(commands=12)
FRAMES = 10
_WEIGHTS = weights(Matrix.BT601, full_range=False)
PLANES = PlanesSpec(100, 70, True, False, (*_WEIGHTS.y, *_WEIGHTS.cb, *_WEIGHTS.cr))
Seen = list[tuple[Look, list[bytes]]]


@pytest.fixture(scope="module", params=APIS)
def device(request: pytest.FixtureRequest) -> Iterator[ComputeDevice]:
    with open_device(request.param) as made:
        # Programs are compiled once, and are the device's to keep.
        ComputeCanvas(made, LIMITS, owns_device=False).close()
        yield made


def converted(pixels: Pixels) -> bytes:
    """As the CPU does it."""
    planes = [Plane(bytearray(PLANES.stride * 70), PLANES.stride) for _ in range(3)]
    convert(pixels.data, pixels.stride, ALL, planes, 100, 70, Layout.YUV444, _WEIGHTS)
    # What is beyond the rows is the last pixel again.
    rows = [plane.data[at : at + 100] for plane in planes for at in range(0, len(plane.data), PLANES.stride)]
    return b"".join([bytes(row) + row[-1:] * (PLANES.stride - 100) for row in rows])


def watched(canvas: Canvas) -> Seen:
    """Frames of a screen, small and large damage in turn; half way through there is another surface."""
    values = Random(5)
    seen: Seen = []
    for number in range(FRAMES):
        if number in (0, FRAMES // 2):
            if number:
                canvas.destroy_surface(0)
            canvas.create_surface(0, SPEC)
            screen = Screen(SPEC, canvas)
        for _ in range(values.choice((1, 4))):
            left, top = values.randrange(90), values.randrange(60)
            side = 3 if number % 3 == 0 else 90
            box = Rect(left, top, min(100, left + side), min(70, top + side))
            (outcome,) = canvas.submit([fill(0, box, values.getrandbits(24))])
            screen.declare(outcome.rects)
        look = screen.look(float(number))
        frame = screen.read(ALL).data
        seen.append((look, [frame[channel::4] for channel in range(3)]))
        planes = screen.planes(ALL, PLANES)
        assert planes is None or planes.data == converted(screen.read(ALL))
    return seen


def guarded(device: ComputeDevice) -> FailoverCanvas:
    canvas = ComputeCanvas(device, LIMITS, owns_device=False)
    canvas.converts = True
    return FailoverCanvas(canvas, CpuCanvas(), JOURNAL)


@pytest.fixture(scope="module")
def wanted() -> Seen:
    return watched(CpuCanvas())


@pytest.mark.parametrize(
    "error",
    [GpuLostError("the driver has reset it"), GpuMemoryError("the memory is full")],
    ids=["lost", "memory"],
)
def test_a_failure_at_any_call_is_not_seen(device: ComputeDevice, wanted: Seen, error: GpuError) -> None:
    before = device.live_objects
    sound = FailingDevice(SteadyDevice(device))
    with closing(guarded(sound)) as canvas:
        opening = len(sound.calls)
        assert watched(canvas) == wanted
        assert canvas.lost is None
    assert len(sound.calls) - opening > 60
    survived = 0
    for at in range(opening, len(sound.calls)):
        where = f"call {at}, {sound.calls[at]}"
        faulty = FailingDevice(SteadyDevice(device), at, error)
        with closing(guarded(faulty)) as canvas:
            assert watched(canvas) == wanted, where
            assert faulty.failed, where
            if canvas.lost is None:
                survived += 1
            else:
                assert device.live_objects == before, f"{where}: held until the guard is closed"
        assert device.live_objects == before, where
    assert bool(survived) == isinstance(error, GpuMemoryError), "it can do without memory to compare"


class WrongCanvas(CpuCanvas):
    """Breaks where it is asked what has changed."""

    def changes(self, surface_id: int, rects: object, since: object | None) -> None:
        raise ZeroDivisionError


def test_whatever_it_raises_is_a_failure(wanted: Seen) -> None:
    with closing(FailoverCanvas(WrongCanvas(), CpuCanvas(), JOURNAL)) as canvas:
        assert watched(canvas) == wanted
        assert canvas.lost == "ZeroDivisionError: "


def test_a_wrong_question_is_no_failure() -> None:
    with closing(FailoverCanvas(CpuCanvas(), CpuCanvas(), JOURNAL)) as canvas:
        canvas.create_surface(0, SPEC)
        assert canvas.changes(0, [ALL], None) is None
        for surface_id, rect in ((0, Rect(0, 0, 101, 1)), (0, Rect(3, 3, 3, 4)), (1, ALL)):
            with pytest.raises(GuestError):
                canvas.changes(surface_id, [rect], None)
        assert canvas.lost is None
