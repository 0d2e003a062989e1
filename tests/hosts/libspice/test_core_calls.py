"""The host's timers and watches, as C has them."""

import gc
import os

import pytest

from gspice.errors import InterfaceError
from gspice.hosts.libspice.core_calls import CoreCalls
from gspice.vdi.core import WatchEvent
from tests.hosts.libspice.c_host import Core, CoreInterface, pipe


def test_what_the_host_says_of_itself() -> None:
    core = Core(2, named=False)
    calls = CoreCalls(core.address)
    assert (calls.description, calls.major, calls.minor) == ("test core", 1, 2)


def test_a_timer_runs_once_for_each_start() -> None:
    core, ran = Core(), []
    calls = CoreCalls(core.address)
    timer = calls.timer_add(lambda: ran.append(1))
    core.turn()
    assert not ran
    calls.timer_start(timer, 0)
    core.run(lambda: ran)
    core.turn()
    assert ran == [1]
    calls.timer_start(timer, 0)
    calls.timer_cancel(timer)
    core.turn()
    assert ran == [1]


def test_milliseconds_of_any_size_reach_the_host() -> None:
    core = Core()
    calls = CoreCalls(core.address)
    timer = calls.timer_add(lambda: None)
    for milliseconds in (-5, 1 << 40):
        calls.timer_start(timer, milliseconds)
    assert next(iter(core.timers.values()))[2] is not None


def test_a_watch_reports_what_is_ready() -> None:
    core = Core()
    seen: list[WatchEvent] = []
    calls = CoreCalls(core.address)
    reader, writer = pipe()
    watch = calls.watch_add(reader, WatchEvent.READ, seen.append)
    core.turn()
    assert not seen
    os.write(writer, b"x")
    core.turn()
    assert seen == [WatchEvent.READ] and isinstance(seen[0], WatchEvent)
    calls.watch_update_mask(watch, WatchEvent(0))
    core.turn()
    assert len(seen) == 1
    calls.watch_remove(watch)
    assert not core.watches
    os.close(reader)
    os.close(writer)


def test_what_the_host_runs_after_removal_does_nothing() -> None:
    core, ran = Core(), []
    calls = CoreCalls(core.address)
    reader, writer = pipe()
    timer = calls.timer_add(lambda: ran.append("timer"))
    watch = calls.watch_add(reader, WatchEvent.READ, lambda events: ran.append("watch"))
    calls.timer_remove(timer)
    calls.watch_remove(watch)
    del timer, watch
    gc.collect()
    (on_timer, timer_opaque), (on_watch, watch_opaque) = core.removed
    on_timer(timer_opaque)
    on_watch(reader, 1, watch_opaque)
    assert not ran
    os.close(reader)
    os.close(writer)


def test_a_callback_may_remove_its_own_timer_and_watch() -> None:
    core, ran = Core(), []
    calls = CoreCalls(core.address)

    def once() -> None:
        ran.append(1)
        calls.timer_remove(timer)
        gc.collect()

    timer = calls.timer_add(once)
    calls.timer_start(timer, 0)
    core.run(lambda: ran)
    assert ran == [1] and not core.timers


def test_removed_handles_are_of_no_use_and_harmless() -> None:
    core = Core()
    calls = CoreCalls(core.address)
    timer = calls.timer_add(lambda: None)
    watch = calls.watch_add(0, 0, lambda events: None)
    for _ in range(2):
        calls.timer_remove(timer)
        calls.watch_remove(watch)
    calls.timer_start(timer, 1)
    calls.timer_cancel(timer)
    calls.watch_update_mask(watch, 1)
    assert len(core.removed) == 2


def test_a_host_that_makes_none_is_an_error() -> None:
    core = Core()
    calls = CoreCalls(core.address)
    core.full = True
    with pytest.raises(InterfaceError, match="timer_add"):
        calls.timer_add(lambda: None)
    with pytest.raises(InterfaceError, match="descriptor 0"):
        calls.watch_add(0, 1, lambda events: None)


def test_a_callback_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    core = Core()
    calls = CoreCalls(core.address)
    timer = calls.timer_add([].pop)
    calls.timer_start(timer, 0)
    core.run(lambda: caplog.records)
    assert "IndexError" in caplog.text


def test_a_core_without_functions_is_refused() -> None:
    with pytest.raises(InterfaceError, match="NULL"):
        CoreCalls(0)
    core = Core()
    core.table.timer_cancel = CoreInterface._fields_[3][1]()
    with pytest.raises(InterfaceError, match="timers or watches"):
        CoreCalls(core.address)


@pytest.mark.parametrize("minor", [2, 3])
def test_channel_events_are_for_hosts_that_know_them(minor: int) -> None:
    core = Core(minor)
    assert CoreCalls(core.address).has_channel_event == (minor >= 3)
