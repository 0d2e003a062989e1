"""The engine and its memory, on a real device."""

import logging
from collections.abc import Iterator

import pytest

from gspice.errors import GpuLostError, GpuMemoryError
from gspice.geometry import Rect
from gspice.gpu.compute.device import ComputeDevice
from gspice.gpu.compute.engine import Engine, EngineLimits
from gspice.gpu.compute.kinds import Kind
from gspice.gpu.compute.primitives import GpuSource, GpuSurface
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.gpu.plans.rops import ROP_COPY
from tests.gpu.devices import open_device, words
from tests.gpu.failing_device import FailingDevice
from tests.gpu.small_device import SmallDevice

SMALL = EngineLimits(first_surfaces=1 << 16, first_data=1 << 14, image_cache=1 << 14, data=1 << 15)
KIB = 1 << 10


@pytest.fixture(scope="module")
def device() -> Iterator[ComputeDevice]:
    with open_device("opengl") as made:
        yield made


@pytest.fixture
def engine(device: ComputeDevice) -> Iterator[Engine]:
    made = Engine(device, SMALL)
    yield made
    made.close()


def whole(surface: GpuSurface) -> Rect:
    return Rect(0, 0, surface.width, surface.height)


def fill(engine: Engine, surface: GpuSurface, color: int, box: Rect | None = None) -> None:
    engine.add(Kind.FILL, surface, [box or whole(surface)], rop=ROP_COPY, color=color, opaque=True)
    engine.end_command()


def copy(engine: Engine, target: GpuSurface, source: GpuSource) -> None:
    box = Rect(0, 0, source.width, source.height)
    engine.add(Kind.BLIT, target, [box], source, rop=ROP_COPY, opaque=True)
    engine.end_command()


def image(color: int, width: int = 16, height: int = 16, key: object = None) -> GpuSource:
    data = words(*[color] * (width * height))
    return GpuSource(data, width, height, width * 4, fetch=Fetch.RAW, pack=Pack.WORD32, key=key)


def first_pixel(engine: Engine, surface: GpuSurface) -> int:
    return int.from_bytes(engine.read(surface, Rect(0, 0, 1, 1)), "little")


# Gathering


def test_nothing_is_drawn_before_somebody_looks(engine: Engine) -> None:
    surface = engine.surface(64, 64, 32)
    for color in range(5):
        fill(engine, surface, color)
        engine.end_submit()
    assert engine.dispatches == 0
    assert first_pixel(engine, surface) == 4
    assert engine.dispatches == 1


@pytest.mark.parametrize(
    ("limits", "fills"),
    [
        (EngineLimits(submits=3, first_surfaces=KIB, first_data=KIB), 3),
        (EngineLimits(commands=4, first_surfaces=KIB, first_data=KIB), 4),
        (EngineLimits(weight=5, first_surfaces=KIB, first_data=KIB), 6),
        (EngineLimits(parts=6, first_surfaces=KIB, first_data=KIB), 7),
    ],
)
def test_what_gathers_is_bounded(device: ComputeDevice, limits: EngineLimits, fills: int) -> None:
    engine = Engine(device, limits)
    surface = engine.surface(8, 8, 32)
    for number in range(fills):
        assert engine.dispatches == 0
        fill(engine, surface, number)
        engine.end_submit()
    assert engine.dispatches == 1
    assert len(engine.primitives) == 0
    engine.close()


def test_bytes_that_gather_are_bounded(engine: Engine) -> None:
    surface = engine.surface(64, 64, 32)
    for number in range(SMALL.data // (4 * 64 * 64) + 1):
        copy(engine, surface, image(number, 64, 64))
    assert engine.dispatches == 1
    for _ in range(3):
        ended = engine.scratch(64, 64, 32)
        fill(engine, ended, 1)
    assert engine.dispatches == 1


def test_memory_of_what_ended_is_used_again(engine: Engine) -> None:
    limits = EngineLimits(first_surfaces=1 << 16, first_data=KIB, scratch=1 << 15)
    small = Engine(engine.device, limits)
    kept = small.surface(16, 16, 32)
    for number in range(50):
        scratch = small.scratch(32, 32, 32)
        fill(small, scratch, number)
    fill(small, kept, 77)
    assert small.surfaces.buffer.size == 1 << 16
    assert first_pixel(small, kept) == 77
    small.close()


def test_a_surface_that_was_not_looked_at_is_never_drawn(engine: Engine) -> None:
    surface = engine.surface(64, 64, 32)
    fill(engine, surface, 1)
    engine.release(surface)
    engine.flush()
    assert engine.dispatches == 0
    assert engine.surface(64, 64, 32).offset == 0


def test_reads_in_the_middle_of_a_command_see_what_it_drew(engine: Engine) -> None:
    surface = engine.surface(16, 16, 32)
    scratch = engine.scratch(16, 16, 32)
    engine.add(Kind.FILL, scratch, [whole(scratch)], rop=ROP_COPY, color=9)
    assert first_pixel(engine, scratch) == 9
    source = GpuSource(scratch, 16, 16, 0, fetch=Fetch.RAW, pack=Pack.WORD32)
    copy(engine, surface, source)
    assert first_pixel(engine, surface) == 9


def test_patterns_far_away_begin_where_they_should(engine: Engine) -> None:
    surface = engine.surface(4, 1, 32)
    pattern = GpuSource(words(1, 2, 3), 3, 1, 12, fetch=Fetch.RAW, pack=Pack.WORD32)
    for far in (-(2**31), 2**31 - 1, -1, 0):
        engine.add(
            Kind.TILE, surface, [whole(surface)], pattern=pattern, rop=ROP_COPY, tile_x=far, tile_y=far
        )
        expected = words(*[1 + (x - far) % 3 for x in range(4)])
        assert engine.read(surface, whole(surface)) == expected


# Images


def test_images_that_come_again_are_not_sent_again(engine: Engine) -> None:
    surface = engine.surface(16, 16, 32)
    for number in range(3):
        copy(engine, surface, image(5, key="five"))
        assert first_pixel(engine, surface) == 5
        fill(engine, surface, number)
    assert engine.images.found == 2
    assert engine.images.uploaded == 16 * 16 * 4
    # Without a key nothing is kept.
    copy(engine, surface, image(5))
    engine.flush()
    assert engine.images.uploaded == 2 * 16 * 16 * 4


def test_a_guest_that_lies_gets_what_it_sent(engine: Engine) -> None:
    left, right = engine.surface(16, 16, 32), engine.surface(16, 16, 32)
    copy(engine, left, image(5, key="same"))
    copy(engine, right, image(6, key="same"))
    assert (first_pixel(engine, left), first_pixel(engine, right)) == (5, 6)
    copy(engine, left, image(7, key="same"))
    assert first_pixel(engine, left) == 7
    copy(engine, left, image(6, key="same"))
    assert first_pixel(engine, left) == 6


def test_the_images_used_last_are_kept_within_the_budget(engine: Engine) -> None:
    surface = engine.surface(16, 16, 32)
    fits = SMALL.image_cache // (16 * 16 * 4)
    for number in range(fits + 1):
        copy(engine, surface, image(number, key=number))
        engine.flush()
    copy(engine, surface, image(1, key=1))
    engine.flush()
    assert engine.images.found == 1
    copy(engine, surface, image(0, key=0))
    assert first_pixel(engine, surface) == 0
    assert engine.images.found == 1
    # One that would drive out the others is not kept.
    copy(engine, engine.surface(64, 64, 32), image(3, 64, 64, key="large"))
    copy(engine, surface, image(1, key=1))
    engine.flush()
    assert engine.images.found == 2


def test_images_of_covered_commands_are_not_sent(engine: Engine) -> None:
    surface = engine.surface(64, 64, 32)
    for number in range(4):
        copy(engine, surface, image(number))
    fill(engine, surface, 9)
    engine.flush()
    assert engine.images.uploaded == 0


# Memory


def test_surfaces_move_to_a_larger_buffer_with_their_pixels(engine: Engine) -> None:
    surfaces = []
    for number in range(20):
        surface = engine.surface(64, 64, 32)
        fill(engine, surface, number)
        surfaces.append(surface)
    assert engine.surfaces.buffer.size >= 20 * 64 * 64 * 4
    assert [first_pixel(engine, surface) for surface in surfaces] == list(range(20))
    assert engine.surfaces.spilled == 0


def test_surfaces_wait_in_main_memory_where_there_is_no_room(
    device: ComputeDevice, caplog: pytest.LogCaptureFixture
) -> None:
    # Four of these surfaces have room.
    small = SmallDevice(device, 4 * 64 * 64 * 4)
    engine = Engine(small, EngineLimits(first_surfaces=4 * KIB, first_data=4 * KIB))
    with caplog.at_level(logging.WARNING):
        surfaces = []
        for number in range(10):
            surface = engine.surface(64, 64, 32)
            fill(engine, surface, number)
            fill(engine, surface, number + 100, Rect(63, 63, 64, 64))
            surfaces.append(surface)
        assert engine.surfaces.spilled >= 6
        # Read, drawn on, and copied from.
        assert [first_pixel(engine, surface) for surface in surfaces] == list(range(10))
        fill(engine, surfaces[0], 50, Rect(0, 0, 1, 1))
        source = GpuSource(surfaces[1], 64, 64, 0, fetch=Fetch.RAW, pack=Pack.WORD32)
        copy(engine, surfaces[2], source)
    last = Rect(63, 63, 64, 64)
    assert (first_pixel(engine, surfaces[0]), first_pixel(engine, surfaces[2])) == (50, 1)
    assert [engine.read(surfaces[number], last) for number in (0, 2, 9)] == [
        words(100),
        words(101),
        words(109),
    ]
    assert len([record for record in caplog.records if "main memory" in record.message]) == 1
    for surface in surfaces:
        engine.release(surface)
    assert engine.surface(128, 128, 32).offset == 0
    engine.close()


@pytest.mark.parametrize("bits", [1, 8, 16, 32])
def test_every_depth_survives_main_memory(device: ComputeDevice, bits: int) -> None:
    small = SmallDevice(device, 64 * 64 * 4)
    engine = Engine(small, EngineLimits(first_surfaces=4 * KIB, first_data=4 * KIB))
    surface = engine.surface(33, 40, bits)
    fill(engine, surface, 0)
    fill(engine, surface, 0xFFFFFFFF, Rect(3, 1, 30, 39))
    before = engine.read(surface, whole(surface))
    other = engine.surface(64, 64, 32)
    assert surface.offset == -1
    fill(engine, other, 1)
    assert engine.read(surface, whole(surface)) == before
    engine.close()


def test_what_no_room_can_be_made_for_leaves_all_as_it_was(device: ComputeDevice) -> None:
    small = SmallDevice(device, 4 * 64 * 64 * 4)
    engine = Engine(small, EngineLimits(first_surfaces=4 * KIB, first_data=4 * KIB))
    surface = engine.surface(64, 64, 32)
    fill(engine, surface, 1)
    with pytest.raises(GpuMemoryError):
        engine.surface(129, 128, 32)
    large = image(7, 128, 129)
    with pytest.raises(GpuMemoryError):
        engine.add(Kind.BLIT, surface, [Rect(0, 0, 64, 64)], large, rop=ROP_COPY)
    assert first_pixel(engine, surface) == 1
    fill(engine, surface, 2)
    assert first_pixel(engine, surface) == 2
    engine.close()


def test_images_that_are_kept_make_room_for_others(device: ComputeDevice) -> None:
    small = SmallDevice(device, 32 * KIB)
    engine = Engine(
        small, EngineLimits(first_surfaces=32 * KIB, first_data=KIB, image_cache=32 * KIB, data=32 * KIB)
    )
    surface = engine.surface(70, 70, 32)
    for number in range(20):
        copy(engine, surface, image(number, key=number))
        engine.flush()
    copy(engine, surface, image(9, 70, 70))
    assert first_pixel(engine, surface) == 9
    engine.close()


def test_a_device_that_lies_about_its_memory_is_no_end(device: ComputeDevice) -> None:
    small = SmallDevice(device, 4 * 64 * 64 * 4, told=1 << 24)
    engine = Engine(small, EngineLimits(first_surfaces=4 * KIB, first_data=4 * KIB))
    surfaces = [engine.surface(64, 64, 32) for _ in range(6)]
    for number, surface in enumerate(surfaces):
        fill(engine, surface, number)
    assert [first_pixel(engine, surface) for surface in surfaces] == list(range(6))
    engine.close()


def test_want_of_memory_while_drawing_loses_nothing(device: ComputeDevice) -> None:
    failing = FailingDevice(device, error=GpuMemoryError("full"), only=["upload"])
    engine = Engine(failing, SMALL)
    surface = engine.surface(64, 64, 32)
    copy(engine, surface, image(3, 64, 64))
    fill(engine, surface, 4, Rect(0, 0, 1, 1))
    for _ in range(2):
        failing.at = len(failing.calls)
        with pytest.raises(GpuMemoryError):
            engine.flush()
    failing.at = None
    assert first_pixel(engine, surface) == 4
    assert engine.read(surface, Rect(63, 63, 64, 64)) == words(3)
    engine.close()


def test_the_loss_of_the_device_is_told(device: ComputeDevice) -> None:
    failing = FailingDevice(device)
    engine = Engine(failing, SMALL)
    surface = engine.surface(64, 64, 32)
    fill(engine, surface, 1)
    failing.at = len(failing.calls)
    for _ in range(2):
        with pytest.raises(GpuLostError):
            engine.read(surface, whole(surface))
    engine.close()


def test_everything_is_freed(device: ComputeDevice) -> None:
    engine = Engine(device, SMALL)
    engine.close()
    before = device.live_objects
    engine = Engine(device, SMALL)
    surface = engine.surface(200, 200, 32)
    copy(engine, surface, image(1, 200, 200, key=1))
    engine.read(surface, whole(surface))
    engine.close()
    assert device.live_objects == before
