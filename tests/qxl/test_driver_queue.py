import pytest

from gspice.qxl.driver_memory import DeviceBusy, GuestMemory, Resource
from gspice.qxl.driver_queue import CommandQueue, Ring
from gspice.qxl.structures import CommandType, Interrupt, IOPort, QXLReleaseInfo
from tests.qxl.fake_worker import FakeWorker, attached


class Bench:
    def __init__(self) -> None:
        self.device, self.worker = attached()
        ram = self.device.memory.ram
        ram.int_mask = 0xFF
        for slot, bar in zip((1, 2), self.device.memory.bars, strict=True):
            ram.mem_slot.mem_start = bar.guest_physical
            ram.mem_slot.mem_end = bar.guest_physical + bar.size
            self.device.io_write(IOPort.MEMSLOT_ADD, slot)
        self.worker.calls.clear()
        self.memory = GuestMemory(self.device.memory, main_slot=1, vram_slot=2)
        self.queue = CommandQueue(self.device, self.memory)

    def send(self, size: int = 0, ring: Ring = Ring.DISPLAY) -> Resource:
        def build(resource: Resource) -> None:
            resource.struct(QXLReleaseInfo)
            if size:
                resource.bulk(size)

        return self.queue.submit(ring, CommandType.DRAW, build)


def test_the_worker_is_woken_only_when_it_asked() -> None:
    bench = Bench()
    bench.send()
    bench.send()
    assert bench.worker.names() == ["wakeup"]
    bench.worker.run()
    bench.send()
    assert bench.worker.names() == ["wakeup", "wakeup"]
    bench.send(ring=Ring.CURSOR)
    assert bench.worker.names() == ["wakeup"] * 3


def test_memory_lives_until_the_resource_comes_back() -> None:
    bench = Bench()
    used = [bench.send(1000).place for _ in range(3)]
    assert len(set(used)) == 3
    assert bench.queue.in_use == 3
    assert [c.data for c in bench.worker.take()] == [place.address for place in used if place]
    assert bench.queue.collect() == 0
    bench.worker.release(2)
    bench.worker.idle()
    assert bench.queue.collect() == 2
    bench.worker.release()
    bench.worker.idle()
    assert bench.queue.collect() == 1
    assert bench.memory.free_bytes == bench.memory.capacity


def test_a_full_ring_is_busy_and_an_interrupt_tells_when_it_is_not() -> None:
    bench = Bench()
    for _ in range(32):
        bench.send()
    with pytest.raises(DeviceBusy, match="display ring"):
        bench.send()
    assert bench.queue.in_use == 32
    bench.device.interrupts.take()
    bench.worker.take(1)
    assert bench.device.interrupts.take() == Interrupt.DISPLAY
    bench.send()
    # The other ring is not concerned.
    bench.send(ring=Ring.CURSOR)


def test_full_memory_tells_the_device_once_and_gives_up() -> None:
    bench = Bench()
    for _ in range(8):
        bench.send(1000_000)
    free = bench.memory.free_bytes
    bench.worker.calls.clear()
    with pytest.raises(DeviceBusy, match="device memory"):
        bench.send(1000_000)
    assert bench.worker.names() == ["oom"]
    assert bench.memory.free_bytes == free
    assert bench.queue.in_use == 8
    bench.worker.run()
    bench.send(1000_000)
    assert bench.queue.in_use == 1


def test_a_device_that_releases_on_oom_is_used_at_once() -> None:
    bench = Bench()
    for _ in range(8):
        bench.send(1000_000)
    bench.worker.take()

    def oom() -> None:
        bench.worker.release()
        assert bench.device.flush_resources() == 8

    bench.worker.oom = oom  # type: ignore[method-assign]
    bench.send(1000_000)
    assert bench.queue.in_use == 1


def test_many_bunches_overflow_the_release_ring_and_still_come_back() -> None:
    bench = Bench()
    for _ in range(12):
        for _ in range(32):
            # ``collect`` inside would empty the release ring: keep the guest from it.
            bench.queue.collect = lambda: 0  # type: ignore[method-assign]
            bench.send()
        bench.worker.take()
        bench.worker.release()
        bench.worker.idle()
    del bench.queue.collect
    assert bench.queue.in_use == 12 * 32
    bench.worker.calls.clear()
    assert bench.queue.collect() == 8 * 32
    # The ring was full: the worker is woken to hand over the rest.
    assert bench.worker.names() == ["wakeup"]
    bench.worker.run()
    assert bench.queue.collect() == 4 * 32
    assert bench.memory.free_bytes == bench.memory.capacity


def test_a_build_that_fails_leaves_nothing_behind() -> None:
    bench = Bench()

    def build(resource: Resource) -> None:
        resource.struct(QXLReleaseInfo)
        resource.bulk(1000)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        bench.queue.submit(Ring.DISPLAY, CommandType.DRAW, build)
    assert bench.memory.free_bytes == bench.memory.capacity
    assert bench.worker.take() == []
    assert bench.queue.in_use == 0


def test_ids_that_were_never_given_out_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    resource = bench.send()
    ring = bench.device.memory.ram.release_ring
    ring.items[0], ring.prod = 4711, 1
    assert bench.queue.collect() == 0
    assert "4711" in caplog.text
    assert bench.queue.in_use == 1
    assert resource.id == 1
    assert isinstance(bench.worker, FakeWorker)
