"""The rings that guest and device share: one producer, one consumer, counters that run modulo 2**32.

Either side may be hostile, so the counters in memory are checked on every use and the ring's size is the one
that the layout fixes, never ``num_items`` from memory. Each counter has one writer, which is what makes the
rings safe between threads without a lock.
"""

import ctypes
from typing import Generic, Protocol, TypeVar

from gspice.errors import GuestError
from gspice.qxl.structures import QXLCommand

COUNTER_MASK = 0xFFFFFFFF

Item = TypeVar("Item")


class Ring(Protocol):
    """What the ring structures have in common (``SPICE_RING_DECLARE`` of ``ipc_ring.h``)."""

    prod: int
    notify_on_prod: int
    cons: int
    notify_on_cons: int


class _End(Generic[Item]):
    def __init__(
        self, name: str, ring: Ring, items: "ctypes.Array[QXLCommand] | ctypes.Array[ctypes.c_uint64]"
    ):
        self._name = name
        self._ring = ring
        self._items = items
        self._size = len(items)

    @property
    def size(self) -> int:
        """Items that it can hold."""
        return self._size

    def _used(self) -> int:
        used = (self._ring.prod - self._ring.cons) & COUNTER_MASK
        if used > self._size:
            raise GuestError(f"{self._name} ring: {used} items in a ring of {self._size}")
        return used

    def __len__(self) -> int:
        """Items in the ring; GuestError where the counters cannot be right."""
        return self._used()


class RingProducer(_End[Item]):
    """The end that puts items in."""

    def wait_for_space(self) -> bool:
        """Whether an item can be pushed now; if not, ask the consumer to notify when it has taken one."""
        if self._used() < self._size:
            return True
        self._ring.notify_on_cons = (self._ring.cons + 1) & COUNTER_MASK
        # The consumer may have taken one before it could see the request.
        return self._used() < self._size

    def push(self, item: Item) -> bool:
        """Put an item in, after ``wait_for_space`` said yes; True: the consumer wants to be told."""
        if self._used() == self._size:
            raise GuestError(f"{self._name} ring: no space")
        ring = self._ring
        prod = ring.prod
        self._items[prod % self._size] = item
        prod = (prod + 1) & COUNTER_MASK
        ring.prod = prod
        return prod == ring.notify_on_prod


class RingConsumer(_End[Item]):
    """The end that takes items out."""

    def pop(self) -> tuple[Item, bool] | None:
        """A copy of the oldest item, and whether the producer wants to be told; None: the ring is empty."""
        if not self._used():
            return None
        ring = self._ring
        cons = ring.cons
        item = self._items[cons % self._size]
        if isinstance(item, ctypes.Structure):
            # Indexing gives a view of the ring, which its producer overwrites once cons has moved.
            item = type(item).from_buffer_copy(item)
        cons = (cons + 1) & COUNTER_MASK
        ring.cons = cons
        return item, cons == ring.notify_on_cons  # type: ignore[return-value]

    def wait(self) -> bool:
        """Whether the ring is empty; if so, ask the producer to notify at the next item."""
        if self._used():
            return False
        self._ring.notify_on_prod = (self._ring.prod + 1) & COUNTER_MASK
        # An item may have come before the producer could see the request.
        return not self._used()
