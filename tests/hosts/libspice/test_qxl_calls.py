"""A display device's functions, called through its table."""

import ctypes as c
from collections import deque

import pytest

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.hosts.libspice.qxl_calls import MAX_CLIENT_MONITORS, QXLCalls, write_rects
from gspice.qxl.device import QXLDevice
from gspice.server.doorbell import Doorbell
from gspice.vdi.qxl import ClientMonitor, CommandExt, ReleaseInfo
from tests.hosts.libspice.c_display import Display, QXLInterface, QXLRect
from tests.hosts.libspice.c_host import Library, member


@pytest.fixture(scope="module")
def functions() -> Library:
    return Library()


def display(functions: Library, minor: int = 3) -> Display:
    return Display(QXLDevice(id=2), functions, minor)


def test_what_the_device_says_of_itself(functions: Library) -> None:
    host = display(functions, minor=1)
    calls = QXLCalls(host.address)
    assert (calls.id, calls.description, calls.major, calls.minor) == (2, "test display", 3, 1)
    assert calls.get_init_info() == host.model.get_init_info()


def test_the_worker_argument_is_never_null(functions: Library) -> None:
    host = display(functions)
    QXLCalls(host.address).attached_worker()
    assert host.worker_argument == host.address


def test_release_goes_by_value(functions: Library) -> None:
    host = display(functions)
    seen: list[tuple[int, int]] = []
    kind = member(QXLInterface, "release_resource")
    host.table.release_resource = kind(
        lambda instance, release: seen.append((release.info, release.group_id))
    )
    QXLCalls(host.address).release_resource(ReleaseInfo(0xFFFF_8000_1234_5678, 0xDEADBEEF))
    assert seen == [(0xFFFF_8000_1234_5678, 0xDEADBEEF)]


def test_empty_rings(functions: Library) -> None:
    host = display(functions)
    calls = QXLCalls(host.address)
    assert calls.get_commands(64) == [] and calls.get_cursor_commands(64) == []
    assert calls.req_cmd_notification() and calls.req_cursor_notification()
    assert host.calls == [
        "get_command",
        "get_cursor_command",
        "req_cmd_notification",
        "req_cursor_notification",
    ]


def test_batches_are_taken_and_given_back_in_order(functions: Library) -> None:
    host = display(functions)
    calls = QXLCalls(host.address)
    ring = [CommandExt(0xFFFF_0000_0000_0000 + n, 1 + n % 5, n % 3, n & 3) for n in range(150)]
    left = deque(ring)

    # The display takes its commands from the device of the tests; here they come from a list.
    host.model.get_command = lambda: left.popleft() if left else None  # type: ignore[method-assign]
    assert calls.get_commands(0) == [] and len(left) == 150
    assert calls.get_commands(3) == ring[:3] and len(left) == 147
    taken = calls.get_commands(1000)
    assert taken == ring[3:] and type(taken[0]) is CommandExt
    seen: list[tuple[int, int]] = []
    host.table.release_resource = member(QXLInterface, "release_resource")(
        lambda instance, release: seen.append((release.info, release.group_id))
    )
    releases = [ReleaseInfo(0x1000 + n, n) for n in range(150)]
    calls.release_resources(releases)
    assert seen == releases
    calls.release_resources([])
    assert len(seen) == 150


def test_completions(functions: Library) -> None:
    host = display(functions)
    calls = QXLCalls(host.address)
    rects = [Rect(1, 2, 30, 40), Rect(-5, 0, 7, 8)]
    calls.update_area_complete(3, rects)
    calls.update_area_complete(4, [])
    calls.async_complete(1 << 63)
    calls.notify_update(0xFFFFFFFF)
    assert host.updated == [(3, rects), (4, [])] and host.completed == [1 << 63]


@pytest.mark.parametrize("caps", [b"", b"\x01" * 58, b"\x01" * 90])
def test_capabilities_are_58_bytes(functions: Library, caps: bytes) -> None:
    host = display(functions)
    QXLCalls(host.address).set_client_capabilities(True, caps)
    assert host.caps == [(1, caps[:58].ljust(58, b"\0"))]


def test_monitors_have_their_height_first(functions: Library) -> None:
    host = display(functions)
    calls = QXLCalls(host.address)
    monitors = [ClientMonitor(800, 600), ClientMonitor(1024, 768, -800, 5, 24)]
    assert calls.client_monitors_config(None) and calls.client_monitors_config(monitors)
    assert host.monitors == [None, monitors]
    assert not calls.client_monitors_config([ClientMonitor(1, 1)] * (MAX_CLIENT_MONITORS + 1))
    with pytest.raises(OverflowError):
        calls.client_monitors_config([ClientMonitor(1 << 40, 1)])
    assert len(host.monitors) == 2


def test_old_hosts_are_not_asked_for_what_came_later(functions: Library) -> None:
    host = display(functions, minor=1)
    calls = QXLCalls(host.address)
    calls.set_client_capabilities(True, bytes(58))
    assert not calls.client_monitors_config(None)
    assert not host.calls


def test_st_and_what_comes_after_detach(functions: Library) -> None:
    host = display(functions)
    calls = QXLCalls(host.address)
    calls.attach()
    assert host.instance.st
    bell = Doorbell()
    calls.set_bell(bell)
    functions("spice_qxl_wakeup", host.address, result=None)
    functions("spice_qxl_oom", host.address, result=None)
    assert bell.take() == 3
    calls.detach()
    assert host.instance.st is None
    functions("spice_qxl_wakeup", host.address, result=None)
    functions("spice_qxl_wakeup", 0, result=None)
    assert bell.take() == 0
    assert calls.get_commands(9) == [] and calls.req_cmd_notification() and calls.flush_resources() == 0
    calls.async_complete(1)
    calls.attached_worker()
    calls.update_area_complete(0, [])
    calls.release_resource(ReleaseInfo(1, 1))
    calls.release_resources([ReleaseInfo(1, 1)])
    calls.detach()
    assert not host.calls
    bell.close()


def test_a_device_without_functions_is_refused(functions: Library) -> None:
    host = display(functions)
    host.table.async_complete = member(QXLInterface, "async_complete")()
    with pytest.raises(InterfaceError, match="QXL device 2"):
        QXLCalls(host.address)


def rects_of(room: int, rects: list[Rect]) -> list[Rect]:
    places = (QXLRect * (room + 1))()
    c.memset(places, 0xEE, c.sizeof(places))
    write_rects(rects, c.addressof(places), room)
    assert bytes(places[room]) == b"\xee" * 16, "nothing behind the host's array"
    return [Rect(r.left, r.top, r.right, r.bottom) for r in places[:room]]


def test_rects_fill_the_host_s_array() -> None:
    a, b, e = Rect(0, 0, 2, 2), Rect(5, 6, 7, 8), Rect(-1, 9, 3, 10)
    assert rects_of(3, [a, b]) == [a, b, Rect(0, 0, 0, 0)]
    assert rects_of(2, [a, b, e]) == [a, Rect(-1, 6, 7, 10)], "the last one covers the rest"
    assert rects_of(0, [a]) == []
    assert write_rects([a], 0, 5) == 0
