"""A worker on its own thread: asynchronous calls, the machine's start and stop, and a worker that is broken."""

import threading
from collections.abc import Iterator
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gspice.errors import ConfigError, GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.server import worker_messages as m
from gspice.server.red_worker import FATAL_SIGNALS, RedWorker
from gspice.vdi.qxl import CommandExt, Head, MemSlot
from tests.server.worker_rig import GUEST, WorkerRig, color_at, colors, our_threads, primary, worker_rig

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
        m.GlDraw(ALL, COOKIE),
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
    for _ in range(2):  # messages go first: the second one comes behind what was rung
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
    for _ in range(2):  # messages go first: the second one comes behind what was rung
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


@pytest.mark.parametrize(("when", "milliseconds"), [(-inf, 1), (4.0, 1), (5.0, 1), (5.02, 20)])
def test_a_screen_that_nobody_has_looked_at_is_due_now(when: float, milliseconds: int) -> None:
    """A client may be there before the first look, and its host may ask for an area just then."""
    started: list[int] = []
    loop = SimpleNamespace(timer_start=lambda timer, wait_ms: started.append(wait_ms))
    worker: Any = SimpleNamespace(_push_due=inf, _push_timer=7, _clock=lambda: 5.0, _loop=loop)
    RedWorker._push_at(worker, when)
    RedWorker._push_at(worker, when)
    assert started == [milliseconds], "and that is not asked for twice"
    worker._push_due = inf
    RedWorker._push_at(worker, when)
    assert started == [milliseconds] * 2
