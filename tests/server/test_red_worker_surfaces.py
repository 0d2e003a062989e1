"""Surfaces of a running worker: what is drawn where, what guest memory gets of it, and what cannot be."""

from collections.abc import Iterator

import numpy as np
import pytest

from gspice.errors import GuestError
from gspice.geometry import Point, Rect
from gspice.server import worker_messages as m
from tests.server.worker_rig import WorkerRig, color_at, colors, primary, worker_rig

ALL = Rect(0, 0, 64, 48)
RED, GREEN, BLUE = 0xFF0000, 0x00FF00, 0x0000FF
COOKIE = 4242


@pytest.fixture
def rig() -> Iterator[WorkerRig]:
    with worker_rig() as rig:
        yield rig


# Update area


def test_update_area_writes_pixels_back_inside_the_rectangle_only(rig: WorkerRig) -> None:
    driver = rig.boot()
    driver.update_area(ALL)
    driver.fill(ALL, RED)
    driver.update_area(Rect(10, 10, 20, 20))
    rows = driver.pixels()
    assert (color_at(rows, 10, 10), color_at(rows, 19, 19)) == (RED, RED)
    assert (color_at(rows, 9, 10), color_at(rows, 20, 19)) == (0, 0)
    driver.update_area(ALL)
    assert color_at(rows, 0, 0) == color_at(rows, 63, 47) == RED


def test_update_area_draws_what_is_in_the_ring_first(rig: WorkerRig) -> None:
    driver = rig.boot()
    rig.device.mute = True
    driver.fill(ALL, BLUE)
    driver.update_area(ALL)
    assert color_at(driver.pixels(), 1, 1) == BLUE


def test_rectangles_stay_dirty_until_they_are_cleared(rig: WorkerRig) -> None:
    driver, update = rig.boot(), rig.worker.port.update_area
    driver.fill(Rect(8, 8, 24, 24), RED)
    assert update(0, ALL, False) == [Rect(8, 8, 24, 24)]
    assert update(0, Rect(0, 0, 16, 48), True) == [Rect(8, 8, 16, 24)]
    assert update(0, ALL, True) == [Rect(16, 8, 24, 24)]
    assert update(0, ALL, True) == []
    assert update(0, Rect(1000, 1000, 2000, 2000), True) == []


def test_an_asynchronous_update_tells_the_rectangles_before_its_completion(rig: WorkerRig) -> None:
    driver = rig.boot()
    driver.fill(Rect(8, 8, 24, 24), RED)
    rig.device.calls.clear()
    rig.worker.port.update_area_async(0, ALL, True, COOKIE)
    rig.call(m.ReadStatistics())
    assert rig.device.calls == [
        ("update_area_complete", 0, [Rect(8, 8, 24, 24)]),
        ("async_complete", COOKIE),
    ]


def test_a_negative_stride_writes_the_first_row_last(rig: WorkerRig) -> None:
    driver = rig.boot()
    rig.call(m.DestroyPrimary(0))
    rig.call(m.CreatePrimary(0, primary(rig, stride=-256)))
    driver.fill(ALL, GREEN)
    driver.fill(Rect(0, 0, 64, 1), RED)
    driver.update_area(ALL)
    rows = driver.pixels()
    assert (color_at(rows, 3, 47), color_at(rows, 3, 46), color_at(rows, 3, 0)) == (RED, GREEN, GREEN)


def test_update_commands_are_notified_also_for_surfaces_that_do_not_exist(rig: WorkerRig) -> None:
    driver = rig.boot()
    driver.fill(ALL, RED)
    driver.update(ALL, 7)
    driver.update(ALL, 8, surface=9)
    rig.until(lambda: len(rig.device.named("notify_update")) == 2, driver)
    assert rig.device.named("notify_update") == [(7,), (8,)]
    assert color_at(driver.pixels(), 1, 1) == RED
    assert rig.call(m.ReadStatistics())["bad"] == 1


def test_flush_surfaces_writes_everything(rig: WorkerRig) -> None:
    driver = rig.boot()
    surface = driver.create_surface(16, 16)
    driver.fill(ALL, RED)
    driver.fill(Rect(0, 0, 16, 16), BLUE, surface=surface)
    rig.worker.port.flush_surfaces_async(COOKIE)
    rig.call(m.ReadStatistics())
    assert color_at(driver.pixels(), 63, 47) == RED
    assert color_at(driver.pixels(surface), 15, 15) == BLUE
    assert (COOKIE,) in rig.device.named("async_complete")


# Surfaces


def test_keep_data_shows_what_guest_memory_holds(rig: WorkerRig) -> None:
    driver = rig.boot()
    rows = driver.pixels()
    rows[:] = 0
    rows[:24, :] = np.frombuffer(GREEN.to_bytes(4, "little") * 64, np.uint8)
    rig.call(m.DestroyPrimary(0))
    rig.call(m.CreatePrimary(0, primary(rig, flags=1)))
    pixels = rig.call(m.Snapshot())
    assert colors(pixels) == {GREEN, 0}
    assert pixels.data[:4] == GREEN.to_bytes(4, "little") and not any(pixels.data[-256:])


def test_without_keep_data_the_guest_sees_zeroes_as_clients_do(rig: WorkerRig) -> None:
    driver = rig.boot()
    driver.pixels()[:] = 0xAA
    rig.call(m.DestroyPrimary(0))
    rig.call(m.CreatePrimary(0, primary(rig)))
    driver.update_area(ALL)
    assert not driver.pixels().any()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "exists already"),
        ({"format": 7}, "format 7 is not known"),
        ({"width": 0}, "0x48"),
        ({"width": 40000, "stride": 160000}, "sides"),
        ({"height": 0}, "64x0"),
        ({"stride": 252}, "stride 252"),
        ({"stride": 0}, "stride 0"),
        ({"height": 32000}, "not all inside"),
        ({"mem": 0}, "not mapped"),
        ({"group_id": 0}, "not mapped"),
    ],
)
def test_primary_surfaces_that_cannot_be(rig: WorkerRig, changes: dict[str, int], reason: str) -> None:
    rig.boot()
    asked = primary(rig, **changes)
    if changes:
        rig.call(m.DestroyPrimary(0))
    with pytest.raises(GuestError, match=reason):
        rig.call(m.CreatePrimary(0, asked))
    if changes:
        rig.call(m.CreatePrimary(0, primary(rig)))
    assert colors(rig.call(m.Snapshot())) == {0}


def test_the_server_hears_of_primary_surfaces(rig: WorkerRig) -> None:
    driver = rig.boot()
    rig.call(m.DestroyPrimary(0))
    with pytest.raises(GuestError, match="no primary"):
        rig.call(m.DestroyPrimary(0))
    rig.call(m.CreatePrimary(0, primary(rig, mouse_mode=0)))
    rig.call(m.DestroySurface(0))
    driver.set_mode(32, 32)
    rig.until(lambda: len(rig.primaries) == 5, driver)
    assert rig.primaries == [(64, 48, True), (0, 0, False), (64, 48, False), (0, 0, False), (32, 32, True)]


def test_off_screen_surfaces_live_and_die(rig: WorkerRig) -> None:
    driver = rig.boot()
    pixels = np.full((16, 64), 0, np.uint8)
    pixels[:, :] = np.frombuffer(BLUE.to_bytes(4, "little") * 16, np.uint8)
    kept, blank = driver.create_surface(16, 16, pixels=pixels), driver.create_surface(16, 16)
    driver.pixels(blank)[:] = 0xAA
    driver.copy_surface(Rect(0, 0, 16, 16), kept, Point(0, 0))
    rig.idle(driver)
    assert colors(rig.call(m.Snapshot())) == {BLUE, 0}
    driver.update_area(Rect(0, 0, 16, 16), surface=blank)
    assert not driver.pixels(blank).any(), "a surface without data is black in guest memory, too"
    assert driver.resources_kept == 2, "what made them is kept with them"
    driver.destroy_surface(kept)
    rig.idle(driver)
    with pytest.raises(GuestError, match=f"surface {kept} does not exist"):
        rig.call(m.DestroySurface(kept))
    rig.call(m.DestroySurface(blank))
    assert rig.call(m.ReadStatistics())["bad"] == 0


@pytest.mark.parametrize("message", [m.DestroySurfaces(), m.DestroyPrimary(0), m.DestroySurface(0)])
def test_what_is_in_the_rings_is_drawn_before_surfaces_go(rig: WorkerRig, message: object) -> None:
    driver = rig.boot()
    rig.device.mute = True
    for color in range(20):
        driver.fill(ALL, color)
    driver.set_cursor(0, 1, 1, (0, 0), b"\0\0\0\xff", 5, 5)
    rig.call(message)
    statistics = rig.call(m.ReadStatistics())
    assert (statistics["Fill"], statistics["CursorSet"], statistics["not drawn"]) == (20, 1, 0)
    assert (rig.device.released, rig.device.taken) == (20, 21), "the cursor's shape stays until it is reset"
    rig.call(m.ResetCursor())
    assert rig.device.released == 21
    assert rig.call(m.Snapshot()) is None
    rig.until(lambda: (0, 0, False) in rig.primaries)


def test_without_a_primary_drawing_is_counted_and_released(rig: WorkerRig) -> None:
    driver = rig.boot()
    rig.call(m.DestroySurfaces())
    for _ in range(5):
        driver.fill(ALL, RED)
    rig.idle(driver)
    statistics = rig.call(m.ReadStatistics())
    assert statistics["not drawn"] == statistics["not drawn Fill"] == 5 and statistics["Fill"] == 0
