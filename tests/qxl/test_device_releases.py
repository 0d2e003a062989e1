import pytest

from gspice.qxl.device_releases import BUNCH, ReleaseChain
from gspice.qxl.device_state import GuestBugs, Interrupts
from gspice.qxl.layout import DeviceMemory
from gspice.qxl.rings import RingConsumer
from gspice.qxl.structures import Interrupt, QXLReleaseInfo
from gspice.vdi.qxl import ReleaseInfo
from tests.qxl.fake_worker import SIZES


class Bench:
    """A chain over real memory, with resources whose ids are their numbers."""

    def __init__(self) -> None:
        self.memory = DeviceMemory(SIZES)
        self.memory.ram.int_mask = 0xFF
        self.seen: list[Interrupt] = []
        self.bugs = GuestBugs(0)
        self.interrupts = Interrupts(self.memory.ram, self.seen.append)
        self.chain = ReleaseChain(self.memory, self.interrupts, self.bugs)
        ring = self.memory.ram.release_ring
        self.guest: RingConsumer[int] = RingConsumer("release", ring, ring.items)

    def offset(self, id: int) -> int:
        return self.memory.ram_bar.offset + 16 * id

    def release(self, id: int, group: int = 1) -> None:
        self.memory.view(QXLReleaseInfo, self.offset(id)).id = id
        self.chain.add(ReleaseInfo(self.memory.address + self.offset(id), group))

    def walk(self, head: int) -> list[int]:
        ids = []
        while head:
            ids.append(head)
            head = self.memory.view(QXLReleaseInfo, self.offset(head)).next
        return ids


def test_a_bunch_is_one_item_and_keeps_its_order() -> None:
    bench = Bench()
    for id in range(1, BUNCH):
        bench.release(id)
    assert bench.guest.pop() is None
    bench.release(BUNCH)
    popped = bench.guest.pop()
    assert popped is not None
    assert bench.walk(popped[0]) == list(range(1, BUNCH + 1))
    assert bench.seen == [Interrupt.DISPLAY]
    assert len(bench.chain) == 0


def test_push_flushes_less_than_a_bunch() -> None:
    bench = Bench()
    assert bench.chain.push() == 0
    bench.release(7)
    bench.release(9)
    assert bench.chain.push() == 2
    popped = bench.guest.pop()
    assert popped is not None
    assert bench.walk(popped[0]) == [7, 9]


def test_a_full_ring_keeps_the_chain_and_asks_to_be_told() -> None:
    bench = Bench()
    for id in range(1, 10):
        bench.release(id)
        bench.chain.push()
    assert len(bench.guest) == 8
    assert len(bench.chain) == 1
    assert bench.chain.push() == 0
    popped = bench.guest.pop()
    assert popped is not None and popped[1]
    assert bench.chain.push() == 1


def test_releases_that_name_no_guest_memory_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.chain.add(ReleaseInfo(bench.memory.address + bench.memory.size - 4, 1))
    bench.chain.add(ReleaseInfo(0, 1))
    bench.release(3, group=0)
    assert len(bench.chain) == 0
    assert len(caplog.records) == 3


def test_a_broken_ring_is_a_guest_bug() -> None:
    bench = Bench()
    bench.release(3)
    bench.memory.ram.release_ring.cons = 77
    assert bench.chain.push() == 0
    assert bench.bugs.present


def test_drop_forgets() -> None:
    bench = Bench()
    bench.release(3)
    bench.chain.drop()
    assert bench.chain.push() == 0
    bench.release(4)
    assert bench.chain.push() == 1
    popped = bench.guest.pop()
    assert popped is not None
    assert bench.walk(popped[0]) == [4]
