import numpy as np
import pytest

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat, row_bytes
from gspice.qxl.device import QXLDevice
from gspice.qxl.driver import GuestDriver
from gspice.qxl.driver_memory import DeviceBusy, DoesNotFit
from gspice.qxl.structures import Interrupt, QXLHead, QXLMonitorsConfig
from gspice.qxl.structures_command import QXLSurfaceCmd, QXLUpdateCmd
from gspice.vdi.qxl import ClientMonitor, DevSurfaceCreate, Head
from tests.qxl.fake_worker import SIZES, FakeWorker, attached


def started(width: int = 320, height: int = 200) -> tuple[GuestDriver, FakeWorker]:
    device, worker = attached()
    driver = GuestDriver(device)
    if width:
        driver.set_mode(width, height)
        worker.finish()
        driver.service()
    return driver, worker


def monitors(driver: GuestDriver, worker: FakeWorker) -> list[Head]:
    """What the last monitors config in memory says."""
    calls = [call for call in worker.calls if call[0] == "monitors_config_async"]
    address = calls[-1][1]
    assert isinstance(address, int)
    offset = worker.host_address(address) - driver.device.memory.address
    config = driver.device.memory.view(QXLMonitorsConfig, offset)
    heads = [driver.device.memory.view(QXLHead, offset + 4 + 28 * i) for i in range(config.count)]
    return [Head(h.id, h.surface_id, h.x, h.y, h.width, h.height, h.flags) for h in heads]


def test_bringing_up_maps_both_bars_and_unmasks_interrupts() -> None:
    driver, worker = started(0)
    memory = driver.device.memory
    assert worker.names()[:6] == [
        "destroy_surfaces",
        "reset_cursor",
        "reset_image_cache",
        "reset_memslots",
        "driver_unload",
        "wakeup",
    ]
    assert worker.slots[1].virt_start == memory.address + memory.ram_bar.offset
    # Commands must not be able to name the rings.
    assert worker.slots[1].virt_end == worker.slots[1].virt_start + memory.rom.ram_header_offset
    assert worker.slots[2].virt_end == memory.address + memory.size
    assert memory.ram.int_mask == 0x3F
    assert not driver.device.bugs.present


def test_a_device_must_be_attached_first() -> None:
    with pytest.raises(InterfaceError):
        GuestDriver(QXLDevice(sizes=SIZES))


def test_set_mode_makes_a_primary_with_one_monitor() -> None:
    driver, worker = started(640, 480)
    assert worker.primary == DevSurfaceCreate(
        width=640,
        height=480,
        stride=2560,
        format=32,
        mem=worker.primary.mem if worker.primary else 0,
        group_id=1,
    )
    assert (
        worker.host_address(worker.primary.mem)
        == driver.device.memory.address + driver.device.memory.ram_bar.offset
    )
    assert monitors(driver, worker) == [Head(0, 0, 0, 0, 640, 480)]
    assert driver.size == (640, 480)
    assert driver.pixels().shape == (480, 2560)
    driver.set_mode(800, 600)
    assert worker.names()[-3:] == [
        "destroy_primary_surface",
        "create_primary_surface",
        "monitors_config_async",
    ]


@pytest.mark.parametrize(
    ("size", "error"), [((1024, 1024), DoesNotFit), ((0, 10), ValueError), ((-4, -4), ValueError)]
)
def test_modes_that_cannot_be_are_refused_and_the_old_one_stays(
    size: tuple[int, int], error: type[Exception]
) -> None:
    driver, _ = started()
    with pytest.raises(error):
        driver.set_mode(*size)
    assert driver.size == (320, 200)
    assert not driver.device.bugs.present


def test_only_the_newest_monitors_wait_for_the_call_under_way() -> None:
    driver, worker = started()
    for x in range(4):
        driver.monitors_config([Head(0, 0, x, 0, 100, 100)])
    assert worker.names().count("monitors_config_async") == 2
    assert monitors(driver, worker)[0].x == 0
    worker.finish()
    driver.service()
    assert worker.names().count("monitors_config_async") == 3
    assert monitors(driver, worker)[0].x == 3
    worker.finish()
    # Without ``service`` in between, the completion is seen too.
    driver.monitors_config([Head(1, 0, 9, 8, 7, 6, 5)])
    assert monitors(driver, worker) == [Head(1, 0, 9, 8, 7, 6, 5)]
    assert not driver.device.bugs.present


def test_resizing_for_ever_leaks_nothing() -> None:
    driver, worker = started()
    worker.run()
    driver.service()
    free = driver.free_bytes
    for step in range(300):
        driver.set_mode(100 + step, 80 + step % 7)
        driver.fill(Rect(0, 0, 50, 50), 0xFF0000)
        driver.set_cursor(0, 2, 2, (0, 0), bytes(16), 1, 1)
        surface = driver.create_surface(30, 30)
        driver.destroy_surface(surface)
        worker.run()
        driver.service()
    assert driver.resources_in_use == 0
    assert driver.free_bytes == free
    assert not driver.device.bugs.present


def surface_command(driver: GuestDriver, worker: FakeWorker, index: int = -1) -> QXLSurfaceCmd:
    offset = worker.host_address(worker.taken[index].data) - driver.device.memory.address
    return driver.device.memory.view(QXLSurfaceCmd, offset)


def test_surfaces_live_in_vram_until_their_destruction_is_released() -> None:
    driver, worker = started()
    free = driver.free_bytes
    surface = driver.create_surface(33, 7, SurfaceFormat.A8)
    worker.take()
    command = surface_command(driver, worker)
    create = command.u.surface_create
    assert (surface, command.surface_id, command.type, command.flags) == (1, 1, 0, 0)
    assert (create.format, create.width, create.height, create.stride) == (8, 33, 7, 36)
    assert create.data >> 56 == 2
    assert driver.surface_spec(1) == (33, 7, SurfaceFormat.A8)
    driver.destroy_surface(1)
    worker.take()
    assert surface_command(driver, worker).type == 1
    with pytest.raises(ValueError, match="no surface 1"):
        driver.surface_spec(1)
    # The id is not given out again while the device may still use the old surface.
    assert driver.create_surface(4, 4) == 2
    driver.destroy_surface(2)
    worker.run()
    driver.service()
    assert driver.free_bytes == free
    assert driver.create_surface(4, 4) == 1


def test_a_surface_can_start_with_pixels() -> None:
    driver, worker = started()
    pixels = np.arange(3 * 5, dtype=np.uint8).reshape(3, 5)
    surface = driver.create_surface(5, 3, SurfaceFormat.A8, pixels=pixels)
    worker.take()
    command = surface_command(driver, worker)
    assert command.flags == 1
    assert (driver.pixels(surface)[:, :5] == pixels).all()
    with pytest.raises(ValueError, match="pixels of shape"):
        driver.create_surface(5, 4, SurfaceFormat.A8, pixels=pixels)


def test_a_busy_device_makes_no_surface_and_loses_no_id() -> None:
    driver, worker = started()
    for _ in range(32):
        driver.fill(Rect(0, 0, 1, 1), 0)
    free = driver.free_bytes
    with pytest.raises(DeviceBusy):
        driver.create_surface(8, 8)
    assert driver.free_bytes == free
    worker.run()
    assert driver.create_surface(8, 8) == 1
    with pytest.raises(DoesNotFit):
        driver.create_surface(2000, 2000)
    assert driver.create_surface(8, 8) == 2


def test_surface_ids_run_out() -> None:
    driver, worker = started()
    made = []
    for _ in range(1023):
        made.append(driver.create_surface(1, 1))
        worker.run()
    assert sorted(made) == list(range(1, 1024))
    with pytest.raises(DeviceBusy, match="surface ids"):
        driver.create_surface(1, 1)
    driver.destroy_surface(500)
    worker.run()
    assert driver.create_surface(1, 1) == 500


def test_surfaces_that_do_not_exist_are_refused() -> None:
    driver, _ = started()
    for surface in (0, 5):
        with pytest.raises(ValueError, match="off-screen"):
            driver.destroy_surface(surface)
    with pytest.raises(ValueError, match="surface of 0x5"):
        driver.create_surface(0, 5)
    with pytest.raises(ValueError, match="monitors"):
        driver.monitors_config([])


def test_update_area_is_carried_out_at_once() -> None:
    driver, worker = started()
    driver.update_area(Rect(1, 2, 3, 4), surface=0)
    assert worker.calls[-1] == ("update_area", 0, Rect(1, 2, 3, 4), False)


def test_update_commands_carry_their_id() -> None:
    driver, worker = started()
    driver.update(Rect(1, 2, 3, 4), 77)
    worker.take()
    offset = worker.host_address(worker.taken[0].data) - driver.device.memory.address
    command = driver.device.memory.view(QXLUpdateCmd, offset)
    assert (worker.taken[0].type, command.update_id, command.surface_id) == (2, 77, 0)
    assert (command.area.left, command.area.top, command.area.right, command.area.bottom) == (1, 2, 3, 4)


def test_service_reports_what_the_client_wants() -> None:
    driver, _ = started()
    device = driver.device
    assert driver.service() == 0
    assert device.client_monitors_config([ClientMonitor(800, 600, 10, 20)])
    # What ``monitors_config`` finds pending is not lost.
    driver.monitors_config([Head(0, 0, 0, 0, 1, 1)])
    assert driver.service() == Interrupt.CLIENT_MONITORS_CONFIG
    assert driver.service() == 0
    assert driver.client_monitors() == [ClientMonitor(800, 600, 10, 20)]
    device.memory.rom.client_monitors_config.heads[0].left += 1
    assert driver.client_monitors() is None
    device.set_client_capabilities(True, b"\x07")
    assert driver.service() == Interrupt.CLIENT
    assert driver.client_capabilities() == (True, b"\x07" + bytes(57))


def test_a_new_driver_starts_over_with_a_new_generation() -> None:
    driver, worker = started()
    driver.fill(Rect(0, 0, 1, 1), 0)
    old = driver.device.memory.rom.slot_generation
    again = GuestDriver(driver.device)
    again.set_mode(64, 64)
    again.fill(Rect(0, 0, 1, 1), 0)
    assert len(worker.take()) == 1
    assert worker.taken[0].data >> 48 & 0xFF == old + 1
    worker.run()
    again.service()
    assert again.resources_in_use == 0


def test_close_resets_the_device() -> None:
    driver, worker = started()
    worker.calls.clear()
    driver.close()
    assert "driver_unload" in worker.names()
    assert worker.slots == {}


@pytest.mark.parametrize("format", SurfaceFormat)
def test_a_primary_of_any_format_that_begins_with_pixels(format: SurfaceFormat) -> None:
    driver, worker = started()
    row = row_bytes(33, format.bits_per_pixel)
    pixels = np.arange(3 * row, dtype=np.uint8).reshape(3, row)
    driver.set_mode(33, 3, format, pixels=pixels)
    assert worker.primary is not None
    assert (worker.primary.format, worker.primary.flags) == (format, 1)
    assert worker.primary.stride == driver.pixels().shape[1] == -(-row // 4) * 4
    assert (driver.pixels()[:, :row] == pixels).all()
    assert driver.surface_spec(0) == (33, 3, format)
    with pytest.raises(ValueError, match="pixels of shape"):
        driver.set_mode(33, 4, format, pixels=pixels)
    assert driver.surface_spec(0) == (33, 3, format)


def test_one_call_at_a_time() -> None:
    driver, worker = started()
    driver.flush_surfaces()
    with pytest.raises(DeviceBusy):
        driver.flush_surfaces()
    with pytest.raises(DeviceBusy):
        driver.update_area(Rect(1, 2, 3, 4), wait=False)
    driver.monitors_config([Head(0, 0, 0, 0, 7, 7)])
    assert worker.names().count("monitors_config_async") == 1
    worker.finish()
    driver.service()
    # The monitors waited, and are under way now.
    assert monitors(driver, worker) == [Head(0, 0, 0, 0, 7, 7)]
    worker.finish()
    driver.update_area(Rect(1, 2, 3, 4), wait=False)
    assert worker.calls[-1] == ("update_area_async", 0, Rect(1, 2, 3, 4), False)
    assert not driver.device.bugs.present


def test_messages_and_the_need_of_memory() -> None:
    driver, worker = started()
    driver.message(b"text")
    assert not driver.rings_empty
    (command,) = worker.take()
    assert driver.rings_empty
    offset = worker.host_address(command.data) - driver.device.memory.address
    assert (command.type, driver.device.memory.mapping[offset + 8 : offset + 13]) == (4, b"text\0")
    driver.move_cursor(1, 1)
    assert not driver.rings_empty
    driver.out_of_memory()
    assert worker.names()[-1] == "oom"
