"""Planes for video encoders, made on the device: the CPU's to the last bit."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from gspice.errors import GpuMemoryError, GuestError
from gspice.geometry import Rect
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.device import ComputeDevice
from gspice.gpu.compute.engine import EngineLimits
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.gpu.self_test_pattern import noise
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.stream.rgb_to_yuv import Layout, Plane, convert
from gspice.stream.screen import Screen
from gspice.stream.yuv_weights import Matrix, weights
from tests.gpu.devices import APIS, open_device
from tests.gpu.failing_canvas import fill
from tests.gpu.failing_device import FailingDevice

XRGB = SurfaceSpec(203, 131, SurfaceFormat.XRGB32)
LIMITS = EngineLimits(first_surfaces=1 << 16, first_data=1 << 16)
MATRICES = [(Matrix.BT601, False), (Matrix.BT709, False), (Matrix.BT601, True)]


@pytest.fixture(scope="module", params=APIS)
def device(request: pytest.FixtureRequest) -> Iterator[ComputeDevice]:
    with open_device(request.param) as made:
        yield made


def seen(device: ComputeDevice, spec: SurfaceSpec = XRGB) -> tuple[ComputeCanvas, Screen]:
    """A canvas full of noise, and a screen that has looked at it."""
    canvas = ComputeCanvas(device, LIMITS, owns_device=False)
    canvas.converts = True
    stride = row_bytes(spec.width, spec.format.bits_per_pixel)
    canvas.create_surface(0, spec, noise(3, stride * spec.height), stride)
    screen = Screen(spec, canvas)
    screen.look(0.0)
    return canvas, screen


def wanted(pixels: Pixels, spec: PlanesSpec) -> list[bytes]:
    """Y, Cb and Cr as the CPU makes them."""
    stride = spec.chroma_stride
    planes = [Plane(bytearray(spec.stride * spec.height), spec.stride)]
    planes += [Plane(bytearray(stride * spec.chroma_height), stride) for _ in range(2)]
    y, cb, cr = (tuple(spec.weights[at : at + 4]) for at in (0, 4, 8))
    made = type(weights(Matrix.BT601, full_range=False))(y, cb, cr)  # type: ignore[arg-type]
    layout = Layout.YUV444 if spec.full_chroma else Layout.YUV420
    convert(
        pixels.data, pixels.stride, Rect(0, 0, pixels.width, pixels.height), planes, spec.width, spec.height,
        layout, made, halve=spec.halve,
    )  # fmt: skip
    return [bytes(plane.data) for plane in planes]


def cropped(planes: list[bytes], spec: PlanesSpec) -> list[list[bytes]]:
    """The rows without what is beyond them."""
    widths = spec.width, *[spec.width if spec.full_chroma else (spec.width + 1) // 2] * 2
    strides = spec.stride, spec.chroma_stride, spec.chroma_stride
    return [
        [plane[at : at + width] for at in range(0, len(plane), stride)]
        for plane, width, stride in zip(planes, widths, strides, strict=True)
    ]


def split(planes: Planes) -> list[bytes]:
    spec, data = planes
    ends = [0, spec.stride * spec.height]
    ends += [ends[-1] + spec.chroma_stride * spec.chroma_height]
    ends += [ends[-1] + spec.chroma_stride * spec.chroma_height]
    assert len(data) == ends[-1] == spec.size
    return [data[start:end] for start, end in itertools.pairwise(ends)]


def spec_for(
    rect: Rect, *, full: bool, halve: bool, matrix: int = 0, more: tuple[int, int] = (0, 0)
) -> PlanesSpec:
    made = weights(MATRICES[matrix][0], full_range=MATRICES[matrix][1])
    plain = PlanesSpec(0, 0, full, halve, (*made.y, *made.cb, *made.cr))
    width, height = plain.shown(rect.width, rect.height)
    return plain._replace(width=width + more[0], height=height + more[1])


@pytest.mark.parametrize("halve", [False, True])
@pytest.mark.parametrize("full", [False, True])
def test_planes_are_those_of_the_cpu(device: ComputeDevice, full: bool, halve: bool) -> None:
    values = Random(f"{full} {halve}")
    with closing(seen(device)[0]) as canvas:
        screen = Screen(XRGB, canvas)
        screen.look(0.0)
        fixed = [Rect(0, 0, 203, 131), Rect(0, 0, 1, 1), Rect(202, 130, 203, 131), Rect(7, 3, 71, 35)]
        for number in range(24):
            left, top = values.randrange(200), values.randrange(130)
            rect = Rect(left, top, values.randint(left + 1, 203), values.randint(top + 1, 131))
            rect = fixed[number] if number < len(fixed) else rect
            more = values.choice([(0, 0), (1, 1), (0, 1), (9, 4), (30, 17)])
            spec = spec_for(rect, full=full, halve=halve, matrix=number % 3, more=more)
            planes = screen.planes(rect, spec)
            assert planes is not None and planes.spec == spec
            assert cropped(split(planes), spec) == cropped(wanted(screen.read(rect), spec), spec), (
                rect,
                spec,
            )


def test_they_are_of_the_look_and_not_of_what_was_drawn_since(device: ComputeDevice) -> None:
    canvas, screen = seen(device)
    with closing(canvas):
        rect = Rect(10, 20, 74, 60)
        spec = spec_for(rect, full=False, halve=False)
        before = screen.planes(rect, spec)
        (outcome,) = canvas.submit([fill(0, Rect(0, 0, 203, 131), 0x123456)])
        screen.declare(outcome.rects)
        assert screen.planes(rect, spec) == before
        screen.look(1.0)
        after = screen.planes(rect, spec)
        assert after is not None and after != before
        assert cropped(split(after), spec) == cropped(wanted(screen.read(rect), spec), spec)
        other = Screen(XRGB, canvas)
        other.look(2.0)
        assert screen.planes(rect, spec) is None, "what another screen has taken over since is not this one's"


@pytest.mark.parametrize("form", SurfaceFormat)
def test_only_pixels_of_32_bits_have_planes(device: ComputeDevice, form: SurfaceFormat) -> None:
    canvas, screen = seen(device, SurfaceSpec(64, 48, form))
    with closing(canvas):
        rect = Rect(0, 0, 64, 48)
        has = screen.planes(rect, spec_for(rect, full=False, halve=False)) is not None
        assert has == (form in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32))


def test_software_leaves_it_to_whoever_asks(device: ComputeDevice) -> None:
    assert device.info.software
    canvas, screen = seen(device)
    with closing(canvas):
        canvas.converts = not device.info.software
        rect = Rect(0, 0, 8, 8)
        assert screen.planes(rect, spec_for(rect, full=False, halve=False)) is None


def test_the_cpu_has_none() -> None:
    canvas = CpuCanvas()
    canvas.create_surface(0, XRGB)
    screen = Screen(XRGB, canvas)
    screen.look(0.0)
    rect = Rect(0, 0, 8, 8)
    assert screen.planes(rect, spec_for(rect, full=False, halve=False)) is None


def test_wrong_questions_are_refused(device: ComputeDevice) -> None:
    canvas, screen = seen(device)
    with closing(canvas):
        rect = Rect(0, 0, 20, 20)
        spec = spec_for(rect, full=False, halve=False)
        for wrong in (spec._replace(width=19), spec._replace(height=40000)):
            with pytest.raises(ValueError, match="20x20 pixels into planes"):
                screen.planes(rect, wrong)
        with pytest.raises(GuestError):
            screen.planes(Rect(0, 0, 204, 20), spec)
        with pytest.raises(GuestError):
            canvas.planes(5, rect, object(), spec)


def test_without_memory_the_cpu_does_it(device: ComputeDevice) -> None:
    faulty = FailingDevice(device)
    canvas = ComputeCanvas(faulty, LIMITS, owns_device=False)
    canvas.converts = True
    with closing(canvas):
        canvas.create_surface(0, XRGB)
        screen = Screen(XRGB, canvas)
        screen.look(0.0)
        rect = Rect(0, 0, 100, 100)
        spec = spec_for(rect, full=False, halve=False)
        live = device.live_objects
        faulty.error = GpuMemoryError("the memory is full")
        for call in range(5):  # two buffers, weights, the dispatch, the reading
            faulty.at = len(faulty.calls) + call
            assert screen.planes(rect, spec) is None
            assert device.live_objects == live
        assert screen.planes(rect, spec) is not None


def test_nothing_is_held_once_it_is_closed(device: ComputeDevice) -> None:
    ComputeCanvas(device, LIMITS, owns_device=False).close()
    before = device.live_objects
    canvas, screen = seen(device)
    for side in (8, 100, 16):
        rect = Rect(0, 0, side, side)
        assert screen.planes(rect, spec_for(rect, full=True, halve=False)) is not None
    canvas.close()
    assert device.live_objects == before
