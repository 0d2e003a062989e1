import threading
import zlib
from collections.abc import Sequence

import pytest

from gspice.geometry import Rect
from gspice.qxl.device import QXLDevice, monitors_crc
from gspice.qxl.rings import RingProducer
from gspice.qxl.structures import Interrupt, IOPort, QXLCommand, QXLReleaseInfo
from gspice.vdi.base import check_version
from gspice.vdi.qxl import ClientMonitor, CommandExt, ReleaseInfo
from tests.qxl.fake_worker import SIZES, FakeWorker, attached


def guest_ring(device: QXLDevice, cursor: bool = False) -> RingProducer[QXLCommand]:
    ring = device.memory.ram.cursor_ring if cursor else device.memory.ram.cmd_ring
    return RingProducer("test", ring, ring.items)


def release(device: QXLDevice, id: int) -> None:
    offset = device.memory.ram_bar.offset + 16 * id
    device.memory.view(QXLReleaseInfo, offset).id = id
    device.release_resource(ReleaseInfo(device.memory.address + offset, 1))


def test_it_is_an_interface_that_this_server_takes() -> None:
    device, _ = attached()
    check_version(device)
    assert device.get_init_info().surfaces == 1024


def test_commands_come_out_as_the_ring_holds_them() -> None:
    device, _ = attached()
    guest_ring(device).push(QXLCommand(data=11, type=1))
    guest_ring(device, cursor=True).push(QXLCommand(data=22, type=3))
    assert device.get_command() == CommandExt(11, 1, 1, 0)
    assert device.get_command() is None
    assert device.get_cursor_command() == CommandExt(22, 3, 1, 0)
    assert device.get_cursor_command() is None


def test_notification_is_refused_when_a_command_came_meanwhile() -> None:
    device, _ = attached()
    ring = guest_ring(device)
    assert device.req_cmd_notification()
    assert ring.push(QXLCommand(data=1, type=1))
    assert not device.req_cmd_notification()
    assert device.req_cursor_notification()


@pytest.mark.parametrize("cursor", [False, True])
def test_a_ring_that_overruns_is_a_guest_bug_and_yields_nothing(cursor: bool) -> None:
    device, _ = attached()
    ring = device.memory.ram.cursor_ring if cursor else device.memory.ram.cmd_ring
    ring.prod = 33
    get = device.get_cursor_command if cursor else device.get_command
    ask = device.req_cursor_notification if cursor else device.req_cmd_notification
    assert get() is None
    assert device.bugs.count == 1
    assert get() is None
    assert ask()
    assert device.bugs.count == 1


def test_notification_request_on_an_overrun_ring_is_a_guest_bug() -> None:
    device, _ = attached()
    device.memory.ram.cmd_ring.prod = 33
    assert device.req_cmd_notification()
    assert device.bugs.present


def test_space_in_a_full_ring_interrupts_the_guest() -> None:
    device, _ = attached()
    device.memory.ram.int_mask = 0xFF
    for cursor, bit in ((False, Interrupt.DISPLAY), (True, Interrupt.CURSOR)):
        ring = guest_ring(device, cursor)
        while ring.wait_for_space():
            ring.push(QXLCommand(data=1, type=1))
        assert device.interrupts.take() == 0
        device.get_cursor_command() if cursor else device.get_command()
        assert device.interrupts.take() == bit


def test_releases_reach_the_guest_when_the_device_idles_or_is_flushed() -> None:
    device, worker = attached()
    ring = device.memory.ram.release_ring
    release(device, 1)
    assert ring.prod == 0
    device.req_cmd_notification()
    assert (ring.prod, ring.items[0]) == (1, 1)
    release(device, 2)
    assert device.flush_resources() == 1
    assert (ring.prod, ring.items[1]) == (2, 2)
    release(device, 3)
    device.io_write(IOPort.FLUSH_RELEASE)
    # The chain belongs to the worker's thread: the port only wakes it.
    assert ring.prod == 2
    assert worker.names() == ["wakeup"]
    device.get_command()
    assert (ring.prod, ring.items[2]) == (3, 3)


def test_while_it_resets_the_workers_thread_touches_nothing() -> None:
    device, worker = attached()
    seen: list[object] = []

    class Meanwhile(FakeWorker):
        def destroy_surfaces(self) -> None:
            guest_ring(device).push(QXLCommand(data=1, type=1))
            seen.extend([device.get_command(), device.req_cmd_notification(), device.flush_resources()])
            release(device, 5)

    release(device, 4)
    device.worker = Meanwhile(device)
    device.io_write(IOPort.RESET)
    assert seen == [None, True, 0]
    assert device.memory.ram.cmd_ring.prod == 0
    assert device.flush_resources() == 0
    assert worker.calls == []


def test_update_and_capabilities_are_written_to_the_rom() -> None:
    device, _ = attached()
    device.memory.ram.int_mask = 0xFF
    device.notify_update(77)
    assert device.memory.rom.update_id == 77
    device.set_client_capabilities(True, b"\x0f" + bytes(57))
    assert device.memory.rom.client_present == 1
    assert device.memory.rom.client_capabilities[0] == 15
    assert device.interrupts.take() == Interrupt.DISPLAY | Interrupt.CLIENT
    device.set_client_capabilities(False, b"\xff" * 90)
    assert bytes(device.memory.rom.client_capabilities) == b"\xff" * 58
    assert device.memory.rom.client_monitors_config_crc == 0
    device.set_compression_level(1)
    assert device.memory.rom.compression_level == 1


@pytest.mark.parametrize("mask", [0, 0xFFFFFFFF, 0x1F])
def test_monitors_are_refused_for_drivers_that_do_not_ask_for_them(mask: int) -> None:
    device, _ = attached()
    device.memory.ram.int_mask = mask
    assert not device.client_monitors_config(None)
    assert not device.client_monitors_config([ClientMonitor(640, 480)])
    assert device.memory.rom.client_monitors_config.count == 0


def test_monitors_are_written_with_the_kernels_checksum() -> None:
    device, _ = attached()
    device.memory.ram.int_mask = 0x3F
    assert device.client_monitors_config(None)
    assert device.interrupts.take() == 0
    assert device.client_monitors_config([ClientMonitor(1024, 768), ClientMonitor(800, 600, 1024, 10)])
    rom = device.memory.rom
    assert rom.client_monitors_config.count == 2
    second = rom.client_monitors_config.heads[1]
    assert (second.left, second.top, second.right, second.bottom) == (1024, 10, 1824, 610)
    assert rom.client_monitors_config_crc == monitors_crc(bytes(rom.client_monitors_config))
    assert device.interrupts.take() == Interrupt.CLIENT_MONITORS_CONFIG


def test_the_checksum_is_linuxs_crc32_from_0() -> None:
    # A shift register without inversions, bit by bit.
    data, crc = b"spice monitors", 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    assert monitors_crc(data) == crc != zlib.crc32(data)


def test_more_monitors_than_the_rom_holds_and_odd_places_do_no_harm() -> None:
    device, _ = attached()
    device.memory.ram.int_mask = 0x3F
    assert device.client_monitors_config([ClientMonitor(0xFFFFFFFF, 5, -7, -9)] * 300)
    config = device.memory.rom.client_monitors_config
    assert config.count == 64
    assert (config.heads[63].left, config.heads[63].bottom) == (0xFFFFFFF9, 0xFFFFFFFC)


def test_unknown_completions_are_logged_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    device, _ = attached()
    device.async_complete(99)
    assert device.interrupts.take() == 0
    assert "not under way" in caplog.text


def test_updated_areas_are_passed_on() -> None:
    seen: list[tuple[int, Sequence[Rect]]] = []
    device = QXLDevice(sizes=SIZES, area_updated=lambda surface, rects: seen.append((surface, rects)))
    device.update_area_complete(3, [Rect(0, 0, 1, 1)])
    assert seen == [(3, [Rect(0, 0, 1, 1)])]
    attached()[0].update_area_complete(3, [])


def test_guest_and_worker_on_two_threads_lose_no_command() -> None:
    device, worker = attached()
    total = 3000
    got: list[int] = []
    wake = threading.Event()
    worker.wakeup = wake.set  # type: ignore[method-assign]

    def serve() -> None:
        while len(got) < total:
            command = device.get_command()
            if command is not None:
                got.append(command.data)
            elif device.req_cmd_notification():
                # Nothing but a wakeup gets it going again: a lost one would hang here.
                assert wake.wait(20)
                wake.clear()

    space = threading.Event()
    device.memory.ram.int_mask = 0xFF
    device.interrupts.callback = lambda _bits: space.set()
    thread = threading.Thread(target=serve)
    thread.start()
    ring = guest_ring(device)
    for number in range(total):
        while not ring.wait_for_space():
            assert space.wait(20)
            space.clear()
            device.interrupts.take()
        if ring.push(QXLCommand(data=number, type=1)):
            device.io_write(IOPort.NOTIFY_CMD)
    thread.join(20)
    assert got == list(range(total))
