"""The desktop on the real guest driver: a device with little memory, served by a slow worker."""

from datetime import datetime, timedelta

import pytest

from gspice.hosts.desktop import Desktop, KeyEvent
from gspice.qxl.driver import GuestDriver
from gspice.qxl.layout import MIB, DeviceSizes
from gspice.qxl.structures import CommandType
from gspice.vdi import HostButtons
from tests.qxl.fake_worker import attached

SMALL = DeviceSizes(ram=4 * MIB, vram=4 * MIB, primary=2 * MIB)


class Guest:
    """A desktop on a driver on a device, whose worker is a fake."""

    def __init__(self) -> None:
        device, self.worker = attached(SMALL)
        self.driver = GuestDriver(device)
        self.worker.finish()
        self.now = 10.0
        self.desktop = Desktop(
            self.driver,
            640,
            480,
            self.now,
            wall=lambda now: datetime(2026, 5, 17, 10, 8) + timedelta(seconds=now),
        )

    def run(self, ticks: int) -> list[int]:
        """Let the worker and the desktop work in turn; the types of the commands that the worker took."""
        taken: list[int] = []
        for _ in range(ticks):
            self.now = max(self.now, self.desktop.next_deadline())
            self.desktop.tick(self.now)
            taken += [command.type for command in self.worker.take(limit=7)]
            self.worker.release()
            self.worker.finish()
            self.worker.idle()
            self.driver.service()
        return taken


@pytest.fixture
def guest() -> Guest:
    return Guest()


def test_draws_itself_through_a_small_device(guest: Guest) -> None:
    assert guest.driver.size == (640, 480)
    taken = guest.run(60)
    assert not guest.desktop.compositor.stale
    assert taken.count(CommandType.CURSOR) >= 1
    assert taken.count(CommandType.DRAW) >= 2


def test_a_worker_that_stands_still_fills_the_device_and_nothing_breaks(guest: Guest) -> None:
    for character in "yes\n":
        guest.desktop.key(KeyEvent("Enter") if character == "\n" else KeyEvent(character, character))
    for step in range(200):
        guest.now = max(guest.now, guest.desktop.next_deadline())
        guest.desktop.pointer(100 + step, 200, HostButtons(0))
        guest.desktop.tick(guest.now)
    assert guest.desktop.compositor.stale
    assert guest.desktop.next_deadline() - guest.now < 0.02
    guest.desktop.key(KeyEvent("c", ctrl=True))
    guest.run(150)
    assert not guest.desktop.compositor.stale


def test_takes_another_size(guest: Guest) -> None:
    guest.run(60)
    guest.desktop.resize(512, 400)
    guest.run(60)
    assert guest.driver.size == (512, 400)
    guest.desktop.resize(2000, 2000)
    guest.run(10)
    assert guest.desktop.size == guest.driver.size == (512, 400)


def test_gives_all_memory_back(guest: Guest) -> None:
    guest.run(60)
    guest.desktop.freeze()
    for _ in range(5):
        guest.worker.run()
        guest.driver.service()
    # The device keeps the last few releases until there are enough for the ring.
    assert guest.driver.resources_in_use <= 8
