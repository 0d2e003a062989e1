"""What has changed, found on the device: looks are those that the CPU canvas's pixels give, and little comes back."""

import logging
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.canvas import SAMPLE_BYTES, Canvas
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.comparison import COMPARED, FEW_TILES, TILES_AT_ONCE
from gspice.gpu.compute.device import ComputeDevice, DeviceBuffer, Readback
from gspice.gpu.compute.engine import EngineLimits
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.self_test_pattern import noise
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec, row_bytes
from gspice.qxl.ops import BitmapImage, Brush, Copy, CopyBits, Drawable, Fill, Mask, Op
from gspice.stream.screen import Look, Screen
from tests.gpu.devices import APIS, open_device
from tests.gpu.failing_device import FailingDevice
from tests.gpu.small_device import SmallDevice

XRGB = SurfaceFormat.XRGB32
ALL = Rect(0, 0, 203, 131)
TILE = 1024 + SAMPLE_BYTES
LIMITS = EngineLimits(first_surfaces=1 << 16, first_data=1 << 16)


@pytest.fixture(scope="module", params=APIS)
def device(request: pytest.FixtureRequest) -> Iterator[ComputeDevice]:
    with open_device(request.param) as made:
        yield made


class CountingDevice(FailingDevice):
    """Knows what came back from it."""

    read_bytes = 0

    def read(self, buffer: DeviceBuffer, offset: int, size: int) -> Readback:
        self.read_bytes += size
        return super().read(buffer, offset, size)


class Pair:
    """The same surface on a device and on the CPU, and a screen of each."""

    def __init__(
        self, device: ComputeDevice, spec: SurfaceSpec, limits: EngineLimits = LIMITS, *, black: bool = False
    ) -> None:
        self.spec = spec
        self.device = CountingDevice(device)
        self.canvas = ComputeCanvas(self.device, limits, owns_device=False)
        self.canvases: tuple[Canvas, Canvas] = self.canvas, CpuCanvas()
        self.number = 0
        stride = row_bytes(spec.width, spec.format.bits_per_pixel)
        for canvas in self.canvases:
            canvas.create_surface(0, spec, None if black else noise(1, stride * spec.height), stride)
        self.screens = [Screen(spec, canvas) for canvas in self.canvases]

    def draw(self, op: Op, box: Rect, *, declare: bool = True) -> None:
        for canvas, screen in zip(self.canvases, self.screens, strict=True):
            (outcome,) = canvas.submit([Drawable(surface_id=0, bbox=box, op=op)])
            if declare:
                screen.declare(outcome.rects)

    def declare(self, *rects: Rect) -> None:
        for screen in self.screens:
            screen.declare(rects)

    def look(self) -> Look:
        """A look of both, which are alike in all that they say and in what clients are then given."""
        self.number += 1
        ours, theirs = (screen.look(float(self.number)) for screen in self.screens)
        assert ours == theirs, self.number
        whole = self.screens[0].bounds
        pixels, expected = (screen.read(whole) for screen in self.screens)
        if self.spec.format is XRGB:
            # What nobody sees may stay behind.
            assert pixels.data[0::4] == expected.data[0::4] and pixels.data[1::4] == expected.data[1::4]
            assert pixels.data[2::4] == expected.data[2::4]
        else:
            assert pixels == expected, self.number
        return ours

    def close(self) -> None:
        for canvas in self.canvases:
            canvas.close()


@pytest.fixture
def pair(device: ComputeDevice) -> Iterator[Pair]:
    made = Pair(device, SurfaceSpec(203, 131, XRGB))
    made.look()
    yield made
    made.close()


def fill(color: int, rop: int = 8) -> Fill:
    return Fill(Brush(1, color), rop, Mask())


def image(values: Random, width: int, height: int) -> Copy:
    picture = BitmapImage(
        id=0, flags=0, width=width, height=height, format=BitmapFormat.XRGB32, top_down=True,
        stride=width * 4, data=noise(values.randrange(99), width * height * 4),
    )  # fmt: skip
    return Copy(picture, Rect(0, 0, width, height), 8, 0, Mask())


def somewhere(values: Random, spec: SurfaceSpec) -> Rect:
    left, top = values.randrange(spec.width), values.randrange(spec.height)
    most = values.choice((1, 5, 60, 400))
    return Rect(
        left, top,
        min(spec.width, left + values.randint(1, most)), min(spec.height, top + values.randint(1, most)),
    )  # fmt: skip


def draw_something(pair: Pair, values: Random) -> None:
    """Fills, images, scrolls; what was there already is drawn once more, and twice inverted."""
    box = somewhere(values, pair.spec)
    what = values.randrange(8)
    if what < 3:
        pair.draw(fill(values.choice((0, 0xFFFFFF, values.getrandbits(32)))), box)
    elif what < 5:
        pair.draw(image(values, box.width, box.height), box)
    elif what < 6:
        x = values.randint(0, pair.spec.width - box.width)
        y = values.randint(0, pair.spec.height - box.height)
        pair.draw(CopyBits(Point(x, y)), box)
    elif what < 7:
        for _ in range(2):
            pair.draw(fill(0xFFFFFF, 64), box)
    else:
        pair.declare(box)


@pytest.mark.parametrize("form", SurfaceFormat)
@pytest.mark.parametrize("size", [(203, 131), (16, 16), (1, 1), (17, 300), (521, 33)])
def test_looks_are_those_of_the_cpu(
    device: ComputeDevice, form: SurfaceFormat, size: tuple[int, int]
) -> None:
    values = Random(size[0] + form)
    with closing(Pair(device, SurfaceSpec(*size, form))) as pair:
        pair.look()
        for _ in range(25):
            for _ in range(values.choice((1, 1, 3, 20))):
                draw_something(pair, values)
            pair.look()
        assert bool(pair.canvas._comparison.held_bytes) == (form in COMPARED)


def test_only_what_changed_comes_back(pair: Pair) -> None:
    pair.draw(fill(0), ALL)
    pair.look()
    pair.draw(fill(7), ALL)
    pair.draw(fill(0), ALL)
    before = pair.device.read_bytes
    assert not pair.look().changed
    told = 4 * -(-13 * 9 // 32)
    assert pair.device.read_bytes - before == told, "a bit for each tile"
    pair.draw(fill(0xFF), Rect(100, 50, 101, 51))
    pair.draw(fill(0), ALL)
    pair.draw(fill(9), Rect(31, 15, 33, 17))
    before = pair.device.read_bytes
    assert pair.look().changed == [Rect(31, 15, 33, 17)]
    assert pair.device.read_bytes - before == told + 4 * TILE


def test_of_a_few_tiles_it_is_not_asked_which(pair: Pair) -> None:
    calls = pair.device.calls
    before = pair.device.read_bytes, calls.count("read")
    pair.draw(fill(0), Rect(15, 15, 17, 17))
    assert pair.look().changed
    assert (pair.device.read_bytes - before[0], calls.count("read") - before[1]) == (4 * TILE, 1)
    pair.draw(fill(0), Rect(15, 15, 17, 17))
    pair.declare(Rect(0, 0, 203, 131))
    before = pair.device.read_bytes, 0
    assert not pair.look().changed
    assert pair.device.read_bytes - before[0] < 1024, "nothing is left to be told of them"
    columns = Rect(0, 0, 16 * (FEW_TILES // 2), 32)
    for box, reads in ((columns, 1), (columns._replace(bottom=33), 2)):
        pair.draw(fill(box.height), box)
        first = calls.count("read")
        pair.look()
        assert calls.count("read") - first == reads


def test_the_unused_byte_is_no_change(pair: Pair) -> None:
    pair.draw(fill(0x00123456), ALL)
    pair.look()
    pair.draw(fill(0xFF123456), ALL)
    before = pair.device.read_bytes
    assert not pair.look().changed
    assert pair.device.read_bytes - before < 1024
    pair.draw(fill(0xFF123457), Rect(0, 0, 200, 131))
    assert pair.look().changed == [Rect(0, 0, 200, 131)]


def test_but_of_argb_it_is(device: ComputeDevice) -> None:
    with closing(Pair(device, SurfaceSpec(203, 131, SurfaceFormat.ARGB32))) as pair:
        pair.draw(fill(0x00123456), ALL)
        pair.look()
        pair.draw(fill(0x01123456), Rect(3, 4, 150, 130))
        assert pair.look().changed == [Rect(3, 4, 150, 130)]


def test_only_what_is_declared_is_looked_at(pair: Pair) -> None:
    pair.draw(fill(0), ALL)
    pair.look()
    pair.draw(fill(5), Rect(40, 40, 60, 60), declare=False)
    pair.declare(Rect(0, 0, 50, 131))
    assert pair.look().changed == [Rect(40, 40, 50, 60)]
    pair.draw(fill(0), Rect(50, 40, 60, 60), declare=False)
    pair.declare(Rect(51, 0, 203, 131), Rect(0, 100, 203, 131))
    assert not pair.look().changed
    pair.declare(ALL)
    assert not pair.look().changed


@pytest.mark.parametrize("place", [(50, 60), (60, 50), (100, 60), (60, 100)])
def test_what_lies_beside_it_is_not_taken_over(pair: Pair, place: tuple[int, int]) -> None:
    left, top = place
    pair.draw(fill(0), ALL)
    pair.look()
    for color in (6, 0, 7):
        pair.draw(fill(color), Rect(left, top, left + 1, top + 1), declare=False)
        pair.declare(Rect(51, 51, 100, 100))
        assert not pair.look().changed
        pair.declare(ALL)
        assert pair.look().changed


def test_a_look_that_failed_is_made_up_for(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.draw(fill(1), ALL)
    pair.look()

    def fail(*_: object) -> None:
        raise MemoryError

    pair.draw(fill(2), Rect(0, 0, 150, 131))
    for screen in pair.screens:
        with monkeypatch.context() as patch:
            patch.setattr("gspice.stream.screen.merge", lambda rects, *_: [*rects])
            patch.setattr(screen, "_backdrop", None)
            patch.setattr("gspice.stream.screen.Backdrop", fail)
            patch.setattr(screen, "_frame", Unwilling())
            with pytest.raises(MemoryError):
                screen.look(2.5)
    pair.declare(Rect(0, 0, 150, 131))
    assert pair.look().changed == [Rect(0, 0, 150, 131)]
    assert pair.screens[0].look(9.0).changed == []


class Unwilling:
    """A frame for which there is no memory to look for moves."""

    def find_moves(self, *_: object) -> None:
        raise MemoryError


def test_two_screens_of_one_surface_both_see_all(pair: Pair) -> None:
    other = Screen(pair.spec, pair.canvas)
    assert other.look(1.0).changed
    for number in range(3):
        box = Rect(10 * number, 0, 10 * number + 100, 100)
        pair.draw(fill(number), box)
        other.declare([box])
        pair.look()
        other.look(2.0 + number)
        assert other.read(ALL).data == pair.screens[1].read(ALL).data


def test_a_surface_made_again_is_another_one(pair: Pair) -> None:
    for spec in (pair.spec, SurfaceSpec(64, 200, XRGB), pair.spec):
        for canvas in pair.canvases:
            canvas.destroy_surface(0)
            canvas.create_surface(0, spec)
        assert not pair.canvas._comparison.held_bytes
        pair.spec = spec
        pair.screens = [Screen(spec, canvas) for canvas in pair.canvases]
        pair.look()
        pair.draw(fill(7), Rect(1, 1, 60, 100))
        assert pair.look().changed == [Rect(1, 1, 60, 100)]


def test_a_screen_that_outlives_its_surface_sees_the_next(pair: Pair) -> None:
    pair.draw(fill(1), ALL)
    pair.look()
    for canvas in pair.canvases:
        canvas.destroy_surface(0)
        canvas.create_surface(0, pair.spec)
    pair.declare(ALL)
    assert pair.look().changed == [ALL]


def test_what_is_not_inside_is_refused(pair: Pair) -> None:
    for surface_id, rect in ((0, Rect(0, 0, 204, 1)), (0, Rect(5, 5, 5, 6)), (1, Rect(0, 0, 1, 1))):
        with pytest.raises(GuestError):
            pair.canvas.changes(surface_id, [rect], None)
    with pytest.raises(GuestError):
        pair.canvas.changes(1, [], None)


# Memory


def test_more_tiles_than_are_read_at_once(device: ComputeDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gspice.gpu.compute.comparison.TILES_AT_ONCE", 50)
    values = Random(7)
    with closing(Pair(device, SurfaceSpec(203, 131, XRGB))) as pair:
        pair.look()
        before = pair.device.calls.count("read")
        pair.draw(image(values, 203, 131), ALL)
        pair.look()
        assert pair.device.calls.count("read") - before == 1 + 3
    assert TILES_AT_ONCE * 1024 == 8 << 20


def test_a_surface_above_the_budget_is_read(device: ComputeDevice, caplog: pytest.LogCaptureFixture) -> None:
    for budget, held in ((0, False), (203 * 131 * 4, False), (1 << 17, True)):
        caplog.clear()
        limits = EngineLimits(comparison=budget, first_surfaces=1 << 16, first_data=1 << 16)
        with (
            closing(Pair(device, SurfaceSpec(203, 131, XRGB), limits)) as pair,
            caplog.at_level(logging.WARNING),
        ):
            for number in range(3):
                pair.draw(fill(number), ALL)
                pair.look()
            assert bool(pair.canvas._comparison.held_bytes) == held
            assert len(caplog.records) == (not held), "once is enough"


def test_the_surface_not_looked_at_for_longest_goes(device: ComputeDevice) -> None:
    spec = SurfaceSpec(80, 80, XRGB)
    limits = EngineLimits(comparison=52 << 10, first_surfaces=1 << 17, first_data=1 << 16)
    with closing(ComputeCanvas(device, limits, owns_device=False)) as canvas:
        stamps: dict[int, object] = {}
        whole = [Rect(0, 0, 80, 80)]
        for surface_id in range(3):
            canvas.create_surface(surface_id, spec)
        for surface_id, known in ((0, False), (1, False), (0, True), (2, False), (0, True), (1, False)):
            found = canvas.changes(surface_id, whole, stamps.get(surface_id))
            assert found is not None and (found.rects == []) == known
            stamps[surface_id] = found.stamp
            assert canvas._comparison.held_bytes <= limits.comparison


@pytest.mark.parametrize(("most", "held"), [(90112, False), (92160, False), (112640, True)])
def test_without_memory_pixels_are_read_as_ever(device: ComputeDevice, most: int, held: bool) -> None:
    limits = EngineLimits(first_surfaces=90112, first_data=1 << 12)
    small = SmallDevice(device, most, told=1 << 20)
    with closing(Pair(small, SurfaceSpec(150, 150, XRGB), limits, black=True)) as pair:
        values = Random(most)
        for _ in range(8):
            for _ in range(3):
                pair.draw(fill(values.getrandbits(24)), somewhere(values, pair.spec))
            pair.look()
        assert bool(pair.canvas._comparison.held_bytes) == held, "or the tiles do not come back together"
        before = small.calls.count("buffer")
        pair.draw(fill(1), Rect(0, 0, 150, 150))
        pair.look()
        assert small.calls.count("buffer") == before, "it is not tried again"


def test_surfaces_come_before_what_is_kept_to_compare(device: ComputeDevice) -> None:
    values = Random(3)
    small = SmallDevice(device, 1 << 17)
    with closing(Pair(small, SurfaceSpec(130, 100, XRGB))) as pair:
        pair.look()
        assert pair.canvas._comparison.held_bytes
        for number in range(1, 4):
            for canvas in pair.canvases:
                canvas.create_surface(number, SurfaceSpec(100, 100, XRGB))
            assert not pair.canvas._comparison.held_bytes or number == 1
            draw_something(pair, values)
            pair.look()
        assert pair.canvas._engine.surfaces.spilled


def test_nothing_is_held_once_it_is_closed(device: ComputeDevice) -> None:
    before = device.live_objects
    pair = Pair(device, SurfaceSpec(64, 64, XRGB))
    pair.look()
    pair.close()
    assert device.live_objects == before
