"""A worker on its own thread: surfaces, memory, the machine's start and stop, and what happens when it is broken."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gspice.errors import ConfigError, GuestError
from gspice.geometry import Point, Rect
from gspice.gpu.canvas import Canvas
from gspice.pixels import Pixels, SurfaceFormat
from gspice.server import worker_messages as m
from gspice.server.red_worker import FATAL_SIGNALS
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, Head, MemSlot
from tests.server.worker_rig import GUEST, WorkerRig, our_threads, worker_rig

ALL = Rect(0, 0, 64, 48)
RED, GREEN, BLUE = 0xFF0000, 0x00FF00, 0x0000FF
COOKIE = 4242


@pytest.fixture
def rig() -> Iterator[WorkerRig]:
    with worker_rig() as rig:
        yield rig


@pytest.fixture
def broken() -> Iterator[WorkerRig]:
    def no_canvas() -> Canvas:
        raise ConfigError("there is no graphics card")

    with worker_rig(no_canvas) as rig:
        yield rig


def primary(rig: WorkerRig, **changes: int) -> DevSurfaceCreate:
    """A primary surface at the start of the guest's memory; needs ``boot``, which set its slots."""
    values = {
        "width": 64,
        "height": 48,
        "stride": 256,
        "format": SurfaceFormat.XRGB32,
        "mem": rig.device.memory.ram.create_surface.mem or address(rig),
        "group_id": GUEST,
    }
    return DevSurfaceCreate(**(values | changes))


def address(rig: WorkerRig) -> int:
    rom = rig.device.memory.rom
    return (rom.slots_start << rom.slot_gen_bits | rom.slot_generation) << 48


def colors(pixels: Pixels | None) -> set[int]:
    """The colours of a picture, without the byte that says nothing."""
    assert pixels is not None
    return set((np.frombuffer(pixels.data, "<u4") & 0xFFFFFF).tolist())


def color_at(rows: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]", x: int, y: int) -> int:
    """A pixel of guest memory."""
    return int.from_bytes(rows[y, 4 * x : 4 * x + 3].tobytes(), "little")


# Asynchronous calls


def bad_calls(rig: WorkerRig) -> list[object]:
    """Every message that has a cookie, with something in it that the guest got wrong."""
    slot = MemSlot(group_id=77, slot_id=0, generation=0, virt_start=0, virt_end=0, addr_delta=0)
    return [
        m.AddMemslot(slot, COOKIE),
        m.CreatePrimary(0, primary(rig, mem=0xBAD << 48), COOKIE),
        m.CreatePrimary(3, primary(rig), COOKIE),
        m.DestroyPrimary(0, COOKIE),
        m.DestroyPrimary(3, COOKIE),
        m.DestroySurface(9, COOKIE),
        m.UpdateArea(9, ALL, False, COOKIE),
        m.MonitorsConfigAsync(0xBAD << 48, GUEST, COOKIE),
        m.DestroySurfaces(COOKIE),
        m.FlushSurfaces(COOKIE),
    ]


def test_every_cookie_is_completed_even_where_the_guest_was_wrong(rig: WorkerRig) -> None:
    driver = rig.boot(0)
    bad = bad_calls(rig)
    assert {type(message) for message in bad} == {
        kind for kind in vars(m).values() if "cookie" in getattr(kind, "__slots__", ())
    }
    for number, message in enumerate(bad):
        rig.worker.dispatcher.send(message)
        rig.call(m.ReadStatistics())  # handled after it
        assert rig.device.named("async_complete") == [(COOKIE,)] * (number + 1), message
    assert rig.device.named("update_area_complete") == []
    driver.set_mode(64, 48)
    assert colors(rig.call(m.Snapshot())) == {0}, "the worker goes on"


def test_cookies_are_completed_by_a_worker_that_could_not_start(broken: WorkerRig) -> None:
    for message in (bad := bad_calls(broken)):
        broken.worker.dispatcher.send(message)
    broken.call(m.ReadStatistics())
    assert broken.device.named("async_complete") == [(COOKIE,)] * len(bad)


def test_a_worker_that_could_not_start_answers_and_ends(
    broken: WorkerRig, caplog: pytest.LogCaptureFixture
) -> None:
    driver = broken.boot()
    driver.fill(ALL, RED)
    driver.update_area(ALL)
    broken.worker.port.loadvm_commands((CommandExt(0, 1, GUEST),))
    broken.worker.port.reset_cursor()
    assert broken.call(m.Snapshot()) is None
    assert broken.call(m.ReadStatistics()) == {}
    assert broken.call(m.Stop()) is None
    peer = broken.connect(token=5)
    assert peer.receive() is None, "a client is sent away"
    broken.until(lambda: bool(broken.closed))
    assert broken.closed[0][0] == 5 and "could not start" in broken.closed[0][1]
    (record,) = (
        record
        for record in (*caplog.get_records("setup"), *caplog.records)
        if "worker 0 could not start" in record.getMessage()
    )
    assert record.exc_info is not None and "there is no graphics card" in str(record.exc_info[1])
    peer.close()


def test_an_error_reaches_who_waits_and_only_the_log_where_nobody_does(
    rig: WorkerRig, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(GuestError, match="surface 9"):
        rig.call(m.UpdateArea(9, ALL, False))
    assert rig.worker.port.update_area(9, ALL, False) == []
    assert "UpdateArea refused: update of surface 9, which does not exist" in caplog.text


# Stop and start


def test_nothing_is_read_before_start(rig: WorkerRig) -> None:
    rig.worker.port.wakeup()
    rig.worker.port.oom()
    rig.call(m.ReadStatistics())
    assert rig.device.looks == 0 and rig.device.calls == []


def test_guest_memory_is_left_alone_after_stop(rig: WorkerRig) -> None:
    driver = rig.boot()
    driver.fill(ALL, RED)
    rig.idle(driver)
    rig.call(m.Stop())
    assert color_at(driver.pixels(), 5, 5) == RED, "stopping flushes"
    # A picture that is newer than guest memory, commands in the ring, and no slot to reach memory through.
    rig.call(m.ResetMemslots())
    driver.fill(ALL, BLUE)
    peer = rig.connect()
    rig.until(lambda: rig.call(m.ReadStatistics()) is not None)
    memory, looks = bytes(rig.device.memory.mapping), rig.device.looks
    rig.device.calls.clear()
    for _ in range(3):
        rig.worker.port.wakeup()
        rig.worker.port.oom()
        rig.call(m.ResetCursor())
    peer.close()
    rig.until(lambda: bool(rig.closed))
    assert rig.device.looks == looks and rig.device.calls == []
    assert bytes(rig.device.memory.mapping) == memory
    assert colors(rig.call(m.Snapshot())) == {RED}


def test_commands_written_while_it_stood_still_are_drawn_at_start(rig: WorkerRig) -> None:
    driver = rig.boot()
    rig.call(m.Stop())
    driver.fill(ALL, GREEN)
    rig.worker.dispatcher.send(m.Start())
    rig.worker.dispatcher.send(m.Start())
    rig.idle(driver)
    assert colors(rig.call(m.Snapshot())) == {GREEN}


def test_oom_gives_back_what_it_can(rig: WorkerRig) -> None:
    driver = rig.boot()
    driver.fill(ALL, RED)
    rig.worker.port.oom()
    rig.call(m.ReadStatistics())
    assert rig.device.named("flush_resources") == [()]
    rig.idle(driver)


def test_loadvm_commands_are_carried_out_while_the_machine_stands_still(rig: WorkerRig) -> None:
    driver = rig.boot()
    rig.device.mute = True
    driver.fill(ALL, RED)
    rig.call(m.Stop())
    command = rig.device.get_command()
    assert command is not None
    rig.worker.port.loadvm_commands((command, CommandExt(0xBAD << 48, 1, GUEST)))
    assert colors(rig.call(m.Snapshot())) == {RED}
    assert rig.call(m.ReadStatistics()) == {"Fill": 1, "bad": 1}


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
    assert rig.device.released == rig.device.taken == 21
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


# The thread


def test_no_wakeup_is_lost(rig: WorkerRig) -> None:
    """A guest that writes in bursts, and a second thread that wakes all the time: nothing stays in the rings."""
    driver = rig.boot()
    over = threading.Event()

    def hammer() -> None:
        while not over.is_set():
            rig.worker.port.wakeup()

    thread = threading.Thread(target=hammer)
    thread.start()
    sent = 0
    try:
        for burst in range(60):
            if burst == 30:
                over.set()  # from here on only the guest wakes it
            for number in range(burst % 31 + 1):
                driver.fill(Rect(number, 0, number + 1, 1), burst)
                sent += 1
            if burst % 3 == 0:
                driver.move_cursor(burst, burst)
                sent += 1
            rig.until(lambda: rig.device.released == sent, driver)  # noqa: B023 - called at once
    finally:
        over.set()
        thread.join()
    rig.idle(driver)
    assert rig.device.taken == sent
    assert rig.call(m.ReadStatistics())["Fill"] == sum(burst % 31 + 1 for burst in range(60))


def test_the_hosts_signals_stay_with_its_own_threads(rig: WorkerRig) -> None:
    (thread,) = (t for t in threading.enumerate() if t.name == "red-worker-0")
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
    blocked = int(next(line for line in status.splitlines() if line.startswith("SigBlk")).split()[1], 16)
    assert blocked & 1 << (2 - 1) and blocked & 1 << (15 - 1), "SIGINT and SIGTERM"
    assert not any(blocked & 1 << (number - 1) for number in FATAL_SIGNALS)


def test_a_worker_ends_at_most_once_and_answers_nobody_afterwards() -> None:
    before = our_threads()
    with worker_rig() as rig:
        assert our_threads() == [*before, "red-worker-0"]
        assert rig.worker.stop_thread()
    assert our_threads() == before


def test_monitors_of_the_guest_are_read_and_forgotten(rig: WorkerRig) -> None:
    driver = rig.boot()
    driver.monitors_config([Head(0, 0, 0, 0, 32, 48), Head(1, 0, 32, 0, 32, 48)])
    rig.until(lambda: rig.device.io_pending is None, driver)
    rig.worker.port.driver_unload()
    rig.call(m.ResetImageCache())
    assert rig.device.bugs.count == 0
