import logging
from collections.abc import Callable
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.qxl.device import QXLDevice
from gspice.qxl.layout import RAM_GUEST_PHYSICAL, VRAM_GUEST_PHYSICAL
from gspice.qxl.structures import Interrupt, IOPort, QXLRect
from gspice.vdi.qxl import MemSlot, ReleaseInfo
from tests.qxl.fake_worker import SIZES, attached

HOSTILE = attached()


def ask_slot(device: QXLDevice, slot: int, start: int, end: int) -> None:
    device.memory.ram.mem_slot.mem_start, device.memory.ram.mem_slot.mem_end = start, end
    device.io_write(IOPort.MEMSLOT_ADD, slot)


def ask_primary(
    device: QXLDevice, width: int, height: int, stride: int, port: IOPort = IOPort.CREATE_PRIMARY
) -> None:
    create = device.memory.ram.create_surface
    create.width, create.height, create.stride, create.format, create.mem = width, height, stride, 32, 0x42
    device.io_write(port, 0)


@pytest.mark.parametrize(
    ("port", "value", "call"),
    [
        (IOPort.NOTIFY_CMD, 0, ("wakeup",)),
        (IOPort.NOTIFY_CURSOR, 0, ("wakeup",)),
        (IOPort.NOTIFY_OOM, 0, ("oom",)),
        (IOPort.FLUSH_RELEASE, 0, ("wakeup",)),
        (IOPort.DESTROY_ALL_SURFACES, 0, ("destroy_surfaces",)),
        (IOPort.DESTROY_SURFACE_WAIT, 5, ("destroy_surface_wait", 5)),
    ],
)
def test_plain_ports_call_the_worker(port: IOPort, value: int, call: tuple[object, ...]) -> None:
    device, worker = attached()
    device.io_write(port, value)
    assert worker.calls == [call]
    assert not device.bugs.present


@pytest.mark.parametrize(
    ("port", "value", "call"),
    [
        (IOPort.DESTROY_ALL_SURFACES_ASYNC, 0, ("destroy_surfaces_async",)),
        (IOPort.DESTROY_SURFACE_ASYNC, 5, ("destroy_surface_async", 5)),
        (IOPort.FLUSH_SURFACES_ASYNC, 0, ("flush_surfaces_async",)),
        (IOPort.MONITORS_CONFIG_ASYNC, 0, ("monitors_config_async", 0x77, 1)),
        (IOPort.UPDATE_AREA_ASYNC, 0, ("update_area_async", 3, Rect(1, 2, 30, 40), False)),
    ],
)
def test_async_ports_interrupt_when_complete(port: IOPort, value: int, call: tuple[object, ...]) -> None:
    device, worker = attached()
    ram = device.memory.ram
    ram.monitors_config = 0x77
    ram.update_surface, ram.update_area = 3, QXLRect(2, 1, 40, 30)
    device.io_write(port, value)
    assert worker.calls == [call]
    assert device.io_pending == port
    assert device.interrupts.take() == 0
    worker.finish()
    assert device.io_pending is None
    assert device.interrupts.take() == Interrupt.IO_CMD


def test_a_second_async_call_is_a_guest_bug_and_the_first_still_completes() -> None:
    device, worker = attached()
    device.io_write(IOPort.FLUSH_SURFACES_ASYNC)
    device.io_write(IOPort.DESTROY_ALL_SURFACES_ASYNC)
    assert worker.names() == ["flush_surfaces_async"]
    assert device.bugs.count == 1
    worker.finish()
    assert device.interrupts.take() & Interrupt.IO_CMD


def test_update_area_is_synchronous() -> None:
    device, worker = attached()
    device.memory.ram.update_area = QXLRect(2, 1, 40, 30)
    device.io_write(IOPort.UPDATE_AREA)
    assert worker.calls == [("update_area", 0, Rect(1, 2, 30, 40), False)]


def test_memory_slots_map_bars_to_host_memory() -> None:
    device, worker = attached()
    memory = device.memory
    ask_slot(device, 1, RAM_GUEST_PHYSICAL + 4096, RAM_GUEST_PHYSICAL + 8192)
    ask_slot(device, 2, VRAM_GUEST_PHYSICAL, VRAM_GUEST_PHYSICAL + SIZES.vram)
    start = memory.address + memory.ram_bar.offset + 4096
    assert worker.slots[1] == MemSlot(
        group_id=1,
        slot_id=1,
        generation=memory.rom.slot_generation,
        virt_start=start,
        virt_end=start + 4096,
        addr_delta=start,
    )
    assert worker.slots[2].virt_start == memory.address + memory.vram_bar.offset
    assert worker.slots[2].virt_end == memory.address + memory.size
    device.io_write(IOPort.MEMSLOT_DEL, 1)
    assert list(worker.slots) == [2]
    ask_slot(device, 1, RAM_GUEST_PHYSICAL, RAM_GUEST_PHYSICAL)
    assert not device.bugs.present


def test_memory_slot_async_completes() -> None:
    device, worker = attached()
    window = device.memory.ram.mem_slot
    window.mem_start, window.mem_end = RAM_GUEST_PHYSICAL, RAM_GUEST_PHYSICAL + 1
    device.io_write(IOPort.MEMSLOT_ADD_ASYNC, 3)
    assert list(worker.slots) == [3]
    worker.finish()
    assert device.interrupts.take() == Interrupt.IO_CMD


def test_primary_is_passed_on_with_an_absolute_pointer() -> None:
    device, worker = attached()
    ask_primary(device, 640, 480, -2560)
    primary = worker.primary
    assert primary is not None
    assert (primary.width, primary.height, primary.stride, primary.format) == (640, 480, -2560, 32)
    assert (primary.mem, primary.group_id, primary.mouse_mode) == (0x42, 1, 1)
    device.io_write(IOPort.DESTROY_PRIMARY)
    ask_primary(device, 320, 200, 1280, IOPort.CREATE_PRIMARY_ASYNC)
    worker.finish()
    device.io_write(IOPort.DESTROY_PRIMARY_ASYNC)
    assert worker.names()[-1] == "destroy_primary_surface_async"
    assert not device.bugs.present


def _async_mistake(device: QXLDevice) -> None:
    ask_primary(device, 4096, 4096, 16384, IOPort.CREATE_PRIMARY_ASYNC)


MISTAKES: dict[str, Callable[[QXLDevice], None]] = {
    "no such port": lambda d: d.io_write(4711),
    "negative port": lambda d: d.io_write(-1),
    "old port": lambda d: d.io_write(IOPort.SET_MODE, 1),
    "slot id": lambda d: ask_slot(d, 8, RAM_GUEST_PHYSICAL, RAM_GUEST_PHYSICAL + 1),
    "negative slot id": lambda d: ask_slot(d, -1, RAM_GUEST_PHYSICAL, RAM_GUEST_PHYSICAL + 1),
    "slot below its bar": lambda d: ask_slot(d, 1, RAM_GUEST_PHYSICAL - 1, RAM_GUEST_PHYSICAL + 1),
    "slot above its bar": lambda d: ask_slot(
        d, 1, RAM_GUEST_PHYSICAL, RAM_GUEST_PHYSICAL + d.memory.ram_bar.size + 1
    ),
    "slot over two bars": lambda d: ask_slot(d, 1, RAM_GUEST_PHYSICAL, VRAM_GUEST_PHYSICAL),
    "slot backwards": lambda d: ask_slot(d, 1, RAM_GUEST_PHYSICAL + 2, RAM_GUEST_PHYSICAL),
    "slot not there": lambda d: d.io_write(IOPort.MEMSLOT_DEL, 1),
    "primary too large": lambda d: ask_primary(d, 4096, 4096, 16384),
    "primary too large, bottom up": lambda d: ask_primary(d, 4096, 4096, -16384),
    "primary without area": lambda d: ask_primary(d, 0, 480, 2560),
    "primary of odd stride": lambda d: ask_primary(d, 10, 10, 42),
    "primary id": lambda d: d.io_write(IOPort.CREATE_PRIMARY, 1),
    "no primary": lambda d: d.io_write(IOPort.DESTROY_PRIMARY),
    "surface id": lambda d: d.io_write(IOPort.DESTROY_SURFACE_WAIT, 1024),
    "empty area": lambda d: d.io_write(IOPort.UPDATE_AREA),
    "asynchronous": _async_mistake,
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_noted_and_stop_the_device_until_reset(name: str) -> None:
    device, worker = attached()
    MISTAKES[name](device)
    assert device.bugs.present
    assert device.bugs.count == 1
    assert worker.calls == []
    # A driver that waits for completion gets its interrupt even so.
    assert device.interrupts.take() == (Interrupt.IO_CMD if name == "asynchronous" else 0)
    assert device.io_pending is None
    device.io_write(IOPort.NOTIFY_CMD)
    assert worker.calls == []
    device.io_write(IOPort.RESET)
    assert not device.bugs.present
    worker.calls.clear()
    device.io_write(IOPort.NOTIFY_CMD)
    assert worker.calls == [("wakeup",)]


@pytest.mark.parametrize(
    ("left", "top", "right", "bottom"), [(5, 0, 5, 9), (0, 9, 5, 9), (-1, 0, 5, 5), (0, -1, 5, 5)]
)
def test_areas_that_cannot_be_are_mistakes(left: int, top: int, right: int, bottom: int) -> None:
    device, worker = attached()
    device.memory.ram.update_area = QXLRect(top, left, bottom, right)
    device.io_write(IOPort.UPDATE_AREA_ASYNC)
    assert device.bugs.present
    assert worker.calls == []


def test_slots_and_primary_in_use_are_mistakes() -> None:
    twice: list[Callable[[QXLDevice], None]] = [
        lambda d: ask_slot(d, 1, RAM_GUEST_PHYSICAL, RAM_GUEST_PHYSICAL + 1),
        lambda d: ask_primary(d, 10, 10, 40),
    ]
    for again in twice:
        device, _ = attached()
        again(device)
        assert not device.bugs.present
        again(device)
        assert device.bugs.present


def test_out_of_memory_is_passed_on_only_when_the_guest_has_collected() -> None:
    device, worker = attached()
    device.memory.ram.release_ring.prod = 1
    device.io_write(IOPort.NOTIFY_OOM)
    assert worker.calls == []
    device.memory.ram.release_ring.cons = 1
    device.io_write(IOPort.NOTIFY_OOM)
    assert worker.calls == [("oom",)]


def test_the_guests_log_cannot_speak_to_the_hosts_terminal(caplog: pytest.LogCaptureFixture) -> None:
    device, _ = attached()
    text = b"hello\x1b[2J\xff\0rest"
    device.memory.ram.log_buf[: len(text)] = list(text)
    with caplog.at_level(logging.INFO):
        device.io_write(IOPort.LOG)
    assert "hello\\x1b[2J" in caplog.text
    assert "\x1b" not in caplog.text
    assert "rest" not in caplog.text


def test_a_device_without_server_refuses_its_guest() -> None:
    with pytest.raises(InterfaceError, match="not attached"):
        QXLDevice(sizes=SIZES).io_write(IOPort.RESET)


def test_reset_clears_everything_in_the_order_that_is_safe() -> None:
    device, worker = attached()
    ask_primary(device, 10, 10, 40)
    ask_slot(device, 1, RAM_GUEST_PHYSICAL, RAM_GUEST_PHYSICAL + 1)
    generation = device.memory.rom.slot_generation
    worker.calls.clear()
    device.io_write(IOPort.RESET)
    assert worker.names() == [
        "destroy_surfaces",
        "reset_cursor",
        "reset_image_cache",
        "reset_memslots",
        "driver_unload",
        "wakeup",
    ]
    assert device.memory.rom.slot_generation == generation + 1
    ask_slot(device, 1, RAM_GUEST_PHYSICAL, RAM_GUEST_PHYSICAL + 1)
    ask_primary(device, 10, 10, 40)
    assert not device.bugs.present


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5350 // 4), st.sampled_from([0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFF])), max_size=40
    ),
    st.lists(st.tuples(st.sampled_from(list(IOPort)), st.integers(-2, 1030)), max_size=20),
)
def test_no_guest_makes_the_device_raise(
    words: list[tuple[int, int]], writes: list[tuple[IOPort, int]]
) -> None:
    device, worker = HOSTILE
    device.io_write(IOPort.RESET)
    base = device.memory.ram_bar.offset + device.memory.ram_header_offset
    for (index, value), (port, argument) in zip_longest(words, writes, fillvalue=(0, 0)):
        # Most of the header is the log: go for what lies behind it.
        offset = base + (4 * index if index < 3 or index > 1026 else 4096 + 4 * (index % 300))
        device.memory.mapping[offset : offset + 4] = value.to_bytes(4, "little")
        device.io_write(port, argument)
        worker.take(40)
        worker.taken.clear()
        worker.idle()
        device.release_resource(ReleaseInfo(device.memory.address + device.memory.ram_bar.offset, 1))
        device.flush_resources()
        worker.finish()
    device.interrupts.take()
