"""Bytes that the primitives read, on the device: some of one batch, and some that are likely to come again."""

import logging
import struct
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from gspice.errors import GpuError, GpuMemoryError
from gspice.gpu.compute.arena import Arena
from gspice.gpu.compute.device import WORD, ComputeDevice, DeviceBuffer
from gspice.gpu.compute.primitives import GpuSource, PrimitiveList

log = logging.getLogger(__name__)

STEP = 256
"""Bytes: where images may begin."""
SMALL_BYTES = 1 << 16
"""Images below this size go to the device together."""
LARGEST_SHARE = 4
"""Images above this part of the budget are not kept."""


class _Held(NamedTuple):
    data: bytes
    offset: int


class ImageMemory:
    """Images of one batch, and of those that have a key as many as the budget allows, the last used ones.

    A guest may send other bytes under a key, so those that are kept are compared.
    """

    def __init__(self, device: ComputeDevice, first_bytes: int, budget: int) -> None:
        """``budget``: bytes that are kept, on the device and in main memory alike."""
        self._device = device
        self.most = device.info.max_buffer_bytes // STEP * STEP
        """Bytes that a batch may have at most."""
        self._first = min(first_bytes, self.most)
        self.buffer: DeviceBuffer = device.buffer(self._first)
        self._arena = Arena(self._first, step=STEP)
        self._budget = budget
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()
        self._held_bytes = 0
        self._taken: list[int] = []
        """What is free once the batch is drawn."""
        self.uploaded = self.found = 0
        """Bytes that went to the device so far, and images that were there already."""

    def bring(self, primitives: PrimitiveList) -> None:
        """Upload what the primitives need and tell them where it lies; call ``done`` when they are drawn.

        GpuMemoryError: there is no room for it.
        """
        sources = primitives.used_sources()
        try:
            self._bring(primitives, sources)
        except GpuMemoryError:
            self.done()
            if not self._held:
                raise
            # What is kept lies in the way.
            self.forget()
            try:
                self._bring(primitives, sources)
            except GpuMemoryError:
                self.done()
                raise

    def done(self) -> None:
        """What was brought for one batch is not needed any more."""
        # The device works in order: whoever gets this memory next writes to it later.
        for offset in self._taken:
            self._arena.give_back(offset)
        self._taken.clear()

    def forget(self) -> None:
        """Keep nothing."""
        while self._held:
            self._drop_oldest()
        if not self._taken:
            return
        self.done()

    def shrink(self) -> None:
        """Forget all, and give the device its memory back; not between ``bring`` and ``done``."""
        self.forget()
        if self.buffer.size > self._first:
            try:
                smaller = self._device.buffer(self._first)
            except GpuMemoryError:
                return
            self.buffer.close()
            self.buffer, self._arena = smaller, Arena(self._first, step=STEP)

    def close(self) -> None:
        """Free all."""
        self.buffer.close()
        self._held.clear()

    def _bring(self, primitives: PrimitiveList, sources: Mapping[int, GpuSource]) -> None:
        together = bytearray()
        tables: dict[tuple[int, ...], int] = {}
        places: dict[int, int] = {}
        """By identity of bytes that the sources keep: where they lie, or below 0, ~ where among those together."""
        waiting: list[tuple[int, int, int]] = []
        for index, source in sources.items():
            at = table = 0
            data = source.data
            if data is not None:
                place = places.get(id(data))
                if place is None:
                    place = self._kept(source, data)
                    if place is None:
                        place = ~_append(together, data) if len(data) < SMALL_BYTES else self._put(data)
                    places[id(data)] = place
                at = place
            if source.lut:
                found = tables.get(source.lut)
                if found is None:
                    found = tables[source.lut] = _append(
                        together,
                        struct.pack(f"<{len(source.lut)}I", *(entry & 0xFFFFFFFF for entry in source.lut)),
                    )
                table = found
            waiting.append((index, at, table))
        base = self._put(together) if together else 0
        for index, at, table in waiting:
            primitives.place(index, at if at >= 0 else base + ~at, (base + table) // WORD)

    def _kept(self, source: GpuSource, data: bytes) -> int | None:
        """Where an image with a key lies; None: it is not to be kept."""
        key = source.key
        if key is None or len(data) > self._budget // LARGEST_SHARE:
            return None
        held = self._held.get(key)
        if held is not None:
            if held.data == data:
                self._held.move_to_end(key)
                self.found += 1
                return held.offset
            self._drop(key)
        while self._held_bytes + len(data) > self._budget:
            self._drop_oldest()
        offset = self._room_for(len(data))
        try:
            self._upload(offset, data)
        except GpuMemoryError:
            self._arena.give_back(offset)
            raise
        self._held[key] = _Held(data, offset)
        self._held_bytes += len(data)
        return offset

    def _drop_oldest(self) -> None:
        self._drop(next(iter(self._held)))

    def _drop(self, key: Hashable) -> None:
        held = self._held.pop(key)
        self._held_bytes -= len(held.data)
        # The batch may have found it already.
        self._taken.append(held.offset)

    def _put(self, data: bytes | bytearray) -> int:
        offset = self._room_for(len(data))
        self._taken.append(offset)
        self._upload(offset, data)
        return offset

    def _upload(self, offset: int, data: bytes | bytearray) -> None:
        rest = len(data) % WORD
        whole = len(data) - rest
        if whole:
            self._device.upload(self.buffer, offset, memoryview(data)[:whole])
        if rest:
            self._device.upload(self.buffer, offset + whole, bytes(data[whole:]).ljust(WORD, b"\0"))
        self.uploaded += len(data)

    def _room_for(self, size: int) -> int:
        try:
            return self._arena.take(size)
        except GpuMemoryError:
            self._grow(size)
            return self._arena.take(size)

    def _grow(self, size: int) -> None:
        before = self.buffer
        needed = before.size + size + STEP
        wanted = min(max(before.size * 2, needed), self.most)
        if wanted <= before.size:
            raise GpuMemoryError(
                f"{self._device.info.name} has buffers of up to {self.most} bytes, and {needed} are needed"
            )
        larger = self._device.buffer(wanted // STEP * STEP)
        try:
            self._device.copy(before, 0, larger, 0, before.size)
        except GpuError:
            larger.close()
            raise
        self.buffer = larger
        before.close()
        self._arena.grow(larger.size)


def _append(together: bytearray, data: bytes) -> int:
    at = len(together)
    together += data
    together += bytes(-len(together) % WORD)
    return at
