"""Monitors configs, and guest memory that changes while it is read."""

import os
import struct
import subprocess
import sys

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.vdi.qxl import Head, MonitorsConfig
from tests.qxl.guest_memory import GROUP, PAGE, SURFACES, GuestMemory
from tests.qxl.guest_structures import COPY, copy, qxl


@pytest.fixture
def guest() -> GuestMemory:
    return GuestMemory()


def monitors(guest: GuestMemory, *heads: tuple[int, ...], count: int | None = None, most: int = 0) -> int:
    count = len(heads) if count is None else count
    return guest.put(
        qxl("QXLMonitorsConfig", count, most) + b"".join(qxl("QXLHead", *head) for head in heads)
    )


HEAD = (1, 2, 640, 480, 10, 20, 3)


def test_monitors_config(guest: GuestMemory) -> None:
    address = monitors(guest, HEAD, (5, 2, 0, 480, 0, 0, 0), (6, 99, 640, 0, 0, 0, 0), HEAD, most=4)
    head = Head(id=1, surface_id=2, x=10, y=20, width=640, height=480, flags=3)
    assert guest.parser.monitors_config(address, GROUP) == MonitorsConfig(4, (head, head))


@pytest.mark.parametrize(
    ("count", "most", "reason"),
    [
        (0, 0, "no heads"),
        (2, 1, "count 2, at most 1"),
        (257, 0, "count 257, at most 256"),
        (65535, 65535, "count 65535, at most 256"),
        (2, 0, "heads: 56 bytes"),
        (256, 256, "heads: 7168 bytes"),
    ],
)
def test_bad_monitors_config(guest: GuestMemory, count: int, most: int, reason: str) -> None:
    address = monitors(guest, HEAD, count=count, most=most)
    with pytest.raises(GuestError, match=f"monitors config.*{reason}"):
        guest.parser.monitors_config(address, GROUP)


def test_monitors_config_nowhere_and_of_no_surface(guest: GuestMemory) -> None:
    for address in (0, guest.address(guest.size - 3), 0xBAD, 2**64):
        with pytest.raises(GuestError, match="monitors config"):
            guest.parser.monitors_config(address, GROUP)
    with pytest.raises(GuestError, match="head 0: surface id 16"):
        guest.parser.monitors_config(monitors(guest, (1, SURFACES, 1, 1, 0, 0, 0)), GROUP)


FLIP = """
import mmap, sys
memory = mmap.mmap(int(sys.argv[1]), 0)
at, values = int(sys.argv[2]), [bytes.fromhex(value) for value in sys.argv[3:]]
sys.stdout.write("ready\\n")
sys.stdout.flush()
while True:
    for value in values:
        memory[at : at + len(value)] = value
"""


class Flipper:
    """Another process that keeps changing guest memory, as another processor of the guest may."""

    def __init__(self, size: int) -> None:
        self.fd = os.memfd_create("guest")
        os.truncate(self.fd, size)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, at: int, *values: bytes) -> None:
        arguments = [str(self.fd), str(at), *[value.hex() for value in values]]
        self._process = subprocess.Popen(
            [sys.executable, "-c", FLIP, *arguments], pass_fds=[self.fd], stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        os.close(self.fd)


TRIES = 200_000
"""Bound of the races below; they end as soon as both outcomes were seen often."""
OFTEN = 50


def test_cve_2015_3247_monitors_config_that_changes_while_read() -> None:
    """Two heads end where the slot ends, and the count says now 2, now 200: never is a third head read."""
    flipper = Flipper(PAGE)
    try:
        guest = GuestMemory(PAGE, fd=flipper.fd)
        address = monitors(guest, HEAD, HEAD)
        flipper.start(guest.offset(address), b"\x02\0", b"\xc8\0")
        seen = {2: 0, 200: 0}
        for _ in range(TRIES):
            try:
                assert len(guest.parser.monitors_config(address, GROUP).heads) == 2
                seen[2] += 1
            except GuestError as error:
                assert "5600 bytes" in str(error)
                seen[200] += 1
            if min(seen.values()) >= OFTEN:
                break
        assert min(seen.values()) >= OFTEN
    finally:
        flipper.stop()


def test_a_bitmap_that_changes_while_read_is_as_large_as_it_says() -> None:
    """Height and stride are those that were checked, whatever the guest writes meanwhile."""
    flipper = Flipper(PAGE)
    try:
        guest = GuestMemory(PAGE, fd=flipper.fd)
        image = guest.bitmap(1, 2, stride=4, flags=1)
        command = guest.drawable(COPY, copy(image, Rect(0, 0, 1, 1)))
        height = guest.offset(image) + 18 + 1 + 1 + 4
        flipper.start(height, struct.pack("<II", 2, 4), struct.pack("<II", 2**31 - 1, 2**32 - 1))
        seen = {True: 0, False: 0}
        for _ in range(TRIES):
            try:
                source = guest.draw(command).op.src  # type: ignore[attr-defined]
                assert len(source.data) == source.stride * source.height == 8
                seen[True] += 1
            except GuestError as error:
                assert "src_bitmap" in str(error)
                seen[False] += 1
            if min(seen.values()) >= OFTEN:
                break
        assert min(seen.values()) >= OFTEN
    finally:
        flipper.stop()
