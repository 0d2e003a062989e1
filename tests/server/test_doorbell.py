"""The bell between threads: one write for many rings, no ring lost, and no write to a descriptor that is gone."""

import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from random import Random

import pytest

from gspice.server.doorbell import MESSAGES, OOM, WAKEUP, Doorbell

PATIENCE_S = 10


@pytest.fixture
def bell() -> Iterator[Doorbell]:
    bell = Doorbell()
    yield bell
    bell.close()


@pytest.fixture
def eager_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def readable(bell: Doorbell, timeout: float = 0.0) -> bool:
    return bool(select.select([bell.fileno()], [], [], timeout)[0])


def test_the_bits_are_those_that_hosts_ring() -> None:
    assert (WAKEUP, OOM, MESSAGES) == (1, 2, 4)


def test_bits_are_joined_until_they_are_taken(bell: Doorbell) -> None:
    assert not readable(bell) and bell.take() == 0
    bell.ring(WAKEUP)
    bell.ring(MESSAGES)
    bell.ring(WAKEUP)
    assert readable(bell)
    assert bell.take() == WAKEUP | MESSAGES
    assert not readable(bell) and bell.take() == 0
    bell.ring(OOM)
    assert readable(bell) and bell.take() == OOM


def test_only_the_first_of_many_rings_writes(bell: Doorbell) -> None:
    for _ in range(10_000):
        bell.ring(WAKEUP)
    assert os.eventfd_read(bell.fileno()) == 1


def test_ringing_nothing_wakes_nobody(bell: Doorbell) -> None:
    bell.ring(0)
    assert not readable(bell)


@pytest.mark.parametrize("bits", [-1, 1 << 32])
def test_bits_that_are_none(bell: Doorbell, bits: int) -> None:
    with pytest.raises(OverflowError):
        bell.ring(bits)


def test_a_closed_bell_is_silent_and_its_descriptor_is_given_back(bell: Doorbell) -> None:
    fd = bell.fileno()
    bell.close()
    bell.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)
    again = os.eventfd(0, os.EFD_NONBLOCK)
    assert again == fd, "the number has a new owner"
    bell.ring(WAKEUP)
    with pytest.raises(BlockingIOError):
        os.eventfd_read(again)
    os.close(again)
    assert bell.fileno() == -1 and bell.take() == 0


def test_a_bell_that_nobody_holds_gives_its_descriptor_back() -> None:
    bell = Doorbell()
    fd = bell.fileno()
    del bell
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)


@pytest.mark.usefixtures("eager_switches")
def test_no_ring_is_lost_between_ringers_and_a_reader_that_sleeps(bell: Doorbell) -> None:
    """Each ringer waits for the last of its burst: after a ring that was lost, reader and ringers all sleep."""
    queue: deque[threading.Event | str] = deque()
    rung = [0, 0]

    def ring(bit: int, item: threading.Event | str) -> None:
        queue.append(item)
        bell.ring(bit)

    def ringer(seed: int) -> None:
        random = Random(seed)
        for _ in range(3000):
            for _ in range(random.randrange(4)):
                ring(1 << seed, "one of a burst")
            handled = threading.Event()
            ring(1 << seed, handled)
            if not handled.wait(PATIENCE_S):
                return
        ring(1 << seed, "end")

    ringers = [threading.Thread(target=ringer, args=(seed,), daemon=True) for seed in range(3)]
    for thread in ringers:
        thread.start()
    ends = 0
    while ends < len(ringers):
        assert readable(bell, PATIENCE_S), f"asleep with {len(queue)} in the queue"
        rung[0] += 1
        rung[1] += bell.take() != 0
        for _ in range(len(queue)):
            item = queue.popleft()
            if isinstance(item, threading.Event):
                item.set()
            ends += item == "end"
    for thread in ringers:
        thread.join(PATIENCE_S)
    assert not queue and bell.take() == 0
    assert rung[1] > rung[0] // 2, "nearly every wake says why"


@pytest.mark.usefixtures("eager_switches")
def test_every_bit_arrives(bell: Doorbell) -> None:
    """Bits without a queue behind them: each ringer waits until its own bit was taken."""
    taken = [threading.Event() for _ in range(4)]

    def ringer(number: int) -> None:
        for _ in range(2000):
            taken[number].clear()
            bell.ring(1 << number)
            if not taken[number].wait(PATIENCE_S):
                return
        done.append(number)

    done: list[int] = []
    ringers = [threading.Thread(target=ringer, args=(number,), daemon=True) for number in range(4)]
    for thread in ringers:
        thread.start()
    deadline = time.monotonic() + PATIENCE_S
    while len(done) < 4:
        assert time.monotonic() < deadline, "a bit was lost"
        if not readable(bell, 0.05):
            continue
        bits = bell.take()
        for number in range(4):
            if bits & 1 << number:
                taken[number].set()
    for thread in ringers:
        thread.join(PATIENCE_S)
    assert sorted(done) == [0, 1, 2, 3]


@pytest.mark.usefixtures("eager_switches")
def test_closing_amid_rings_never_writes_to_who_has_the_descriptor_next() -> None:
    for _ in range(200):
        bell = Doorbell()
        stop = threading.Event()
        thread = threading.Thread(target=_ring_until, args=(bell, stop))
        thread.start()
        for _ in range(20):
            bell.take()
        bell.close()
        others = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(3)]
        bell.ring(WAKEUP)
        stop.set()
        thread.join(PATIENCE_S)
        for other in others:
            with pytest.raises(BlockingIOError):
                os.eventfd_read(other)
            os.close(other)


def _ring_until(bell: Doorbell, stop: threading.Event) -> None:
    while not stop.is_set():
        bell.ring(WAKEUP)
