import pytest

from gspice.qxl.driver_monitors import MAX_HEADS
from gspice.qxl.structures import QXLHead, QXLMonitorsConfig
from gspice.vdi.qxl import ClientMonitor, Head
from tests.qxl.guest_reader import GuestReader


def sent(guest: GuestReader) -> tuple[int, list[Head]]:
    """What memory says at the newest call."""
    address = [call for call in guest.worker.calls if call[0] == "monitors_config_async"][-1][1]
    assert isinstance(address, int)
    config = guest.at(QXLMonitorsConfig, address)
    heads = [guest.at(QXLHead, address + 4 + 28 * index) for index in range(config.count)]
    return config.max_allowed, [Head(h.id, h.surface_id, h.x, h.y, h.width, h.height, h.flags) for h in heads]


def test_every_field_of_many_heads() -> None:
    guest = GuestReader()
    heads = [Head(i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6) for i in range(MAX_HEADS)]
    guest.driver.monitors_config(heads, max_allowed=16)
    assert sent(guest) == (16, heads)


def test_a_layout_under_way_is_not_written_over() -> None:
    guest = GuestReader()
    first, second = Head(0, 0, 0, 0, 5, 5), Head(0, 0, 0, 0, 6, 6)
    guest.driver.monitors_config([first])
    guest.driver.monitors_config([second])
    assert sent(guest) == (0, [first])
    guest.worker.finish()
    guest.driver.service()
    assert sent(guest) == (0, [second])
    assert not guest.device.bugs.present


@pytest.mark.parametrize("count", [0, MAX_HEADS + 1])
def test_no_monitors_and_too_many_are_refused(count: int) -> None:
    guest = GuestReader()
    with pytest.raises(ValueError, match="monitors"):
        guest.driver.monitors_config([Head(0, 0, 0, 0, 1, 1)] * count)


def test_client_monitors_are_those_of_the_rom() -> None:
    guest = GuestReader()
    wished = [ClientMonitor(640, 480), ClientMonitor(320, 200, 640, 5)]
    assert guest.device.client_monitors_config(wished)
    assert guest.driver.client_monitors() == wished
    guest.device.memory.rom.client_monitors_config_crc ^= 1
    assert guest.driver.client_monitors() is None
