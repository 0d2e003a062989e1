"""How a device gives command memory back: ids in a chain, a bunch of them for each item of the release ring.

The head's id goes into the ring; every resource's QXLReleaseInfo is overwritten with the next one's id, the
last one's with 0. Worker's thread only, but for ``drop``.
"""

import logging

from gspice.errors import GuestError
from gspice.qxl.device_state import GuestBugs, Interrupts
from gspice.qxl.layout import GROUP_GUEST, DeviceMemory
from gspice.qxl.rings import RingProducer
from gspice.qxl.structures import Interrupt, QXLReleaseInfo
from gspice.vdi.qxl import ReleaseInfo

log = logging.getLogger(__name__)

BUNCH = 32
"""Resources that make one item of the release ring; fewer when the device idles or is out of memory."""


class ReleaseChain:
    """The resources that the server is done with and that the guest does not have back yet."""

    def __init__(self, memory: DeviceMemory, interrupts: Interrupts, bugs: GuestBugs) -> None:
        self._memory = memory
        self._interrupts = interrupts
        self._bugs = bugs
        ring = memory.ram.release_ring
        self._ring: RingProducer[int] = RingProducer("release", ring, ring.items)
        self._head = 0
        self._tail: QXLReleaseInfo | None = None
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, release: ReleaseInfo) -> None:
        """Take a resource back; pushes the chain when it is a bunch."""
        if release.group_id != GROUP_GUEST:
            log.error("release of %#x in group %d, which has no ring", release.address, release.group_id)
            return
        try:
            offset = self._memory.offset_of(release.address, 8)
        except GuestError as error:
            log.error("release refused: %s", error)
            return
        info = QXLReleaseInfo.from_buffer(self._memory.mapping, offset)
        # Read before ``next`` takes its place: they are one field.
        resource = info.id
        info.next = 0
        if self._tail is None:
            self._head = resource
        else:
            self._tail.next = resource
        self._tail = info
        self._length += 1
        if self._length >= BUNCH:
            self.push()

    def push(self) -> int:
        """Hand the chain to the guest, unless its ring is full; how many resources that gave back."""
        count = self._length
        if not count:
            return 0
        try:
            if not self._ring.wait_for_space():
                return 0
            notify = self._ring.push(self._head)
        except GuestError as error:
            self._bugs.note(error)
            return 0
        self.drop()
        if notify:
            self._interrupts.raise_(Interrupt.DISPLAY)
        return count

    def drop(self) -> None:
        """Forget the chain: the device is being reset and the worker has answered, so it releases nothing
        now."""
        self._head = 0
        self._tail = None
        self._length = 0
