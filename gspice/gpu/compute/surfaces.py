"""Where surfaces lie on the device: one buffer for all, and main memory for those that have no room in it."""

import logging
from collections.abc import Callable, Collection, Iterator

from gspice.errors import GpuError, GpuMemoryError
from gspice.geometry import Rect
from gspice.gpu.compute.arena import Arena
from gspice.gpu.compute.device import WORD, ComputeDevice, DeviceBuffer
from gspice.gpu.compute.packing import widened
from gspice.gpu.compute.primitives import GpuSurface

log = logging.getLogger(__name__)

STEP = 64
"""Words: where surfaces may begin."""
BAND_BYTES = 1 << 20
"""What is brought back at once of a surface that must go."""


class SurfaceMemory:
    """Gives out parts of ``buffer``, which changes when it grows.

    When there is no room, in this order: a larger buffer, ``make_room``, the larger buffer again, ``settle``, and the
    surfaces that were not drawn on for longest go to main memory.
    """

    def __init__(
        self,
        device: ComputeDevice,
        first_bytes: int,
        *,
        settle: Callable[[], None],
        make_room: Callable[[], None],
        read: Callable[[GpuSurface, Rect], bytes],
    ) -> None:
        """``settle``: draws what is recorded. ``make_room``: frees other memory of the device. ``read``: pixels."""
        self._device = device
        self._most = device.info.max_buffer_bytes // WORD * WORD
        size = min(first_bytes, self._most)
        self.buffer: DeviceBuffer = device.buffer(size)
        self._arena = Arena(size // WORD, step=STEP)
        self._settle, self._make_room, self._read = settle, make_room, read
        self._here: dict[GpuSurface, None] = {}
        """Those that may go to main memory."""
        self._away: dict[GpuSurface, bytes] = {}
        self._told: set[str] = set()
        self.spilled = 0
        """How often a surface went to main memory."""

    @property
    def any_away(self) -> bool:
        """Whether any surface is in main memory."""
        return bool(self._away)

    def take(
        self, width: int, height: int, bits: int, *, lasting: bool, pinned: Collection[GpuSurface] = ()
    ) -> GpuSurface:
        """Memory for a surface; what is in it is not known. ``lasting``: it may go to main memory while not used.

        GpuMemoryError: even without all but those ``pinned`` there is no room.
        """
        surface = GpuSurface(width, height, bits, self._room_for(width * height, pinned))
        if lasting:
            self._here[surface] = None
        return surface

    def give_back(self, surface: GpuSurface) -> None:
        """Free it; nothing recorded may use it."""
        self._here.pop(surface, None)
        if self._away.pop(surface, None) is None:
            self._arena.give_back(surface.offset)

    def bring_back(self, surface: GpuSurface, pinned: Collection[GpuSurface]) -> None:
        """Put a surface that is in main memory where the shader can reach it. GpuMemoryError, as ``take``."""
        if surface.offset >= 0:
            return
        offset = self._room_for(surface.width * surface.height, pinned)
        words = widened(self._away[surface], surface.width, surface.height, surface.bits)
        try:
            self._device.upload(self.buffer, offset * WORD, words)
        except GpuMemoryError:
            self._arena.give_back(offset)
            raise
        del self._away[surface]
        surface.offset = offset
        self._here[surface] = None

    def close(self) -> None:
        """Free all."""
        self.buffer.close()
        self._here.clear()
        self._away.clear()

    def _room_for(self, words: int, pinned: Collection[GpuSurface]) -> int:
        try:
            return self._arena.take(words)
        except GpuMemoryError:
            pass
        for _ in self._ways(words, pinned):
            try:
                return self._arena.take(words)
            except GpuMemoryError:
                continue
        raise GpuMemoryError(
            f"{self._device.info.name} has no room for {words * WORD} bytes of pixels: its buffers take {self._most}"
        )

    def _ways(self, words: int, pinned: Collection[GpuSurface]) -> Iterator[None]:
        """Each step may have made room."""
        if self._grow(words):
            yield
        self._make_room()
        if self._grow(words):
            yield
        self._settle()
        yield
        while (victim := self._oldest(pinned)) is not None:
            self._spill(victim)
            yield

    def _grow(self, words: int) -> bool:
        """Take a larger buffer with the same content, twice as large or as large as it must be."""
        before = self.buffer
        needed = before.size + words * WORD
        for size in (max(before.size * 2, needed), needed):
            size = min(size, self._most)
            if size <= before.size:
                break
            try:
                larger = self._copied(before, size)
            except GpuMemoryError as error:
                self._tell("growth", f"surfaces stay in {before.size} bytes ({error})")
                continue
            self.buffer = larger
            before.close()
            self._arena.grow(size // WORD)
            return True
        return False

    def _copied(self, before: DeviceBuffer, size: int) -> DeviceBuffer:
        """A larger buffer that begins with the same content. GpuError: there is none."""
        larger = self._device.buffer(size)
        try:
            self._device.copy(before, 0, larger, 0, before.size)
        except GpuError:
            larger.close()
            raise
        return larger

    def _oldest(self, pinned: Collection[GpuSurface]) -> GpuSurface | None:
        free = [surface for surface in self._here if surface not in pinned]
        return min(free, key=lambda surface: surface.batch, default=None)

    def _spill(self, surface: GpuSurface) -> None:
        width, height = surface.width, surface.height
        rows = max(1, BAND_BYTES // (width * WORD))
        bands = [
            self._read(surface, Rect(0, top, width, min(top + rows, height)))
            for top in range(0, height, rows)
        ]
        self._away[surface] = b"".join(bands)
        del self._here[surface]
        self._arena.give_back(surface.offset)
        surface.offset = -1
        self.spilled += 1
        self._tell("spill", "surfaces that were not drawn on for longest wait in main memory")

    def _tell(self, kind: str, what: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            log.warning("%s: memory of %s is short: %s", self._device.info.api, self._device.info.name, what)
