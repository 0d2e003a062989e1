"""A guest's driver, a device and the server, with nothing but C between the last two."""

import ctypes as c
import logging
from collections.abc import Iterator

import pytest

from gspice.geometry import Rect
from gspice.hosts.libspice.hosted import devices
from gspice.vdi.qxl import ClientMonitor, Head
from tests.hosts.libspice.c_display import DevMemSlot, QXLCommandExt, QXLRect
from tests.hosts.libspice.c_host import in_thread
from tests.hosts.libspice.c_machine import Rig, machine


@pytest.fixture
def rig() -> Iterator[Rig]:
    with machine() as rig:
        yield rig


def test_what_the_guest_draws_comes_back(rig: Rig) -> None:
    rig.mode()
    rig.driver.fill(Rect(8, 8, 24, 16), 0x123456)
    rig.driver.update_area(Rect(0, 0, 64, 48))
    pixels = rig.driver.pixels()
    row = pixels[10].tobytes()
    assert row[4 * 10 : 4 * 10 + 3] == b"\x56\x34\x12" and row[4 * 30 : 4 * 30 + 3] == bytes(3)
    rig.until(lambda: rig.driver.rings_empty and not rig.driver.resources_in_use)


def test_a_wakeup_is_enough_after_the_ring_was_empty(rig: Rig) -> None:
    rig.mode()
    rig.until(lambda: "req_cmd_notification" in rig.display.calls)
    rig.driver.fill(Rect(0, 0, 64, 48), 1)
    rig.until(lambda: rig.driver.rings_empty and not rig.driver.resources_in_use)


def test_asynchronous_calls_are_completed(rig: Rig) -> None:
    rig.mode()
    before = len(rig.display.completed)
    rig.driver.fill(Rect(1, 2, 9, 8), 7)
    rig.driver.update_area(Rect(0, 0, 64, 48), wait=False)
    rig.until(lambda: rig.model.io_pending is None)
    assert rig.display.updated[-1] == (0, [Rect(1, 2, 9, 8)])
    rig.driver.flush_surfaces()
    rig.until(lambda: rig.model.io_pending is None)
    rig.driver.monitors_config([Head(0, 0, 0, 0, 64, 48)])
    rig.until(lambda: rig.model.io_pending is None)
    assert len(rig.display.completed) >= before + 3


@pytest.mark.parametrize("name", ["add_memslot_async", "create_primary_surface_async", "update_area_async"])
def test_a_call_that_cannot_be_made_is_completed_too(rig: Rig, name: str) -> None:
    _, device = devices[rig.display.address]
    worker, device.worker = device.worker, object()  # type: ignore[union-attr]
    zeroes = c.create_string_buffer(64)
    address = c.addressof(zeroes)
    arguments: dict[str, tuple[object, ...]] = {
        "add_memslot_async": (address,),
        "create_primary_surface_async": (c.c_uint32(0), address),
        "update_area_async": (c.c_uint32(0), address, c.c_uint32(1)),
    }
    rig.call(name, *arguments[name], 0x1234)
    assert rig.display.completed[-1] == 0x1234
    device.worker = worker  # type: ignore[union-attr]


def test_bad_arguments_of_the_guest_are_completed(rig: Rig) -> None:
    rig.call("destroy_primary_surface_async", c.c_uint32(5), 41)
    rig.call("destroy_surface_async", c.c_uint32(99), 42)
    rig.call("monitors_config_async", 0xFFFF_FFFF_FFFF, c.c_int(-1), 43)
    slot = DevMemSlot(99, 99, 1, 0, 0, 0, 0)
    rig.call("add_memslot_async", c.addressof(slot), 44)
    rig.core.run(lambda: len(rig.display.completed) >= 4)
    assert rig.display.completed[-4:] == [41, 42, 43, 44]


def test_calls_of_a_vcpu(rig: Rig) -> None:
    """They come on another thread, with no Python state of its own, and return in a moment."""

    def calls() -> int:
        rig.mode()
        rig.call("reset_cursor")
        rig.call("reset_image_cache")
        rig.functions("spice_server_vm_stop", rig.handle, result=None)
        rig.functions("spice_server_vm_start", rig.handle, result=None)
        rig.call("destroy_surfaces")
        rig.call("driver_unload")
        return 1

    assert in_thread(calls) == 1


def test_dirty_rects_of_an_update(rig: Rig) -> None:
    rig.mode()
    rig.model.worker.update_area(0, Rect(0, 0, 64, 48), True)
    rig.driver.fill(Rect(0, 0, 4, 4), 1)
    rig.driver.fill(Rect(40, 40, 44, 44), 1)
    assert sorted(rig.model.worker.update_area(0, Rect(0, 0, 64, 48), True)) == [
        Rect(0, 0, 4, 4),
        Rect(40, 40, 44, 44),
    ]
    area = QXLRect(0, 0, 48, 64)
    rig.call("update_area", c.c_uint32(0), c.addressof(area), c.c_void_p(), c.c_uint32(0), c.c_uint32(0))
    rooms = (QXLRect * 3)()
    c.memset(rooms, 0xEE, c.sizeof(rooms))
    rig.call("update_area", c.c_uint32(77), c.addressof(area), rooms, c.c_uint32(3), c.c_uint32(0))
    assert bytes(rooms) == bytes(48), "no such surface: nothing is dirty"


def test_loadvm_takes_the_commands_that_it_is_given(rig: Rig) -> None:
    rig.mode()
    commands = (QXLCommandExt * 2)()
    for command in commands:
        command.data, command.type, command.group_id = 0x10, 5, 1
    rig.call("loadvm_commands", commands, c.c_uint32(2))
    rig.call("loadvm_commands", c.c_void_p(), c.c_uint32(9))
    hosted_server, device = devices[rig.display.address]
    assert hosted_server.server.statistics(device)["bad"] == 2  # type: ignore[arg-type]


def test_device_info_and_monitors(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.call("set_device_info", c.c_char_p(b"pci/0000/02.0"), c.c_uint32(0), c.c_uint32(2))
    _, device = devices[rig.display.address]
    assert device.worker.device_address == "pci/0000/02.0"  # type: ignore[union-attr]
    rig.call("set_max_monitors", c.c_uint32(4))
    assert not caplog.records
    rig.call("set_max_monitors", c.c_uint32(0))
    assert "spice_qxl_set_max_monitors" in caplog.text


def test_calls_after_the_device_is_gone_are_ignored(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    assert rig.functions("spice_server_remove_interface", rig.display.address) == 0
    assert rig.display.instance.st is None
    del rig.display.calls[:]
    zeroes = c.create_string_buffer(64)
    with caplog.at_level(logging.WARNING):
        for name in ("reset_cursor", "start", "stop", "driver_unload", "wakeup", "oom"):
            rig.call(name)
        rig.call("add_memslot_async", c.addressof(zeroes), 5)
        rig.call("update_area", c.c_uint32(0), zeroes, c.c_void_p(), c.c_uint32(0), c.c_uint32(0))
    assert not rig.display.calls
    assert "spice_qxl_reset_cursor: this display device is not attached" in caplog.text
    rig.functions("spice_qxl_reset_cursor", 0, result=None)
    assert rig.functions("spice_server_remove_interface", rig.display.address) == -1


def test_a_client_s_monitors_reach_the_device(rig: Rig) -> None:
    hosted_server, _ = devices[rig.display.address]
    assert hosted_server.server.devices.client_monitors([ClientMonitor(800, 600)])
    assert rig.display.monitors[-1] == [ClientMonitor(800, 600)]
