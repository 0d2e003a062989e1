"""The surfaces of a device that a recording draws on: which ids are free, and whose memory is in use."""

import heapq
import threading
from collections.abc import Iterator

from gspice.errors import GSpiceError
from gspice.hosts.libspice import replay_memory
from gspice.pixels import SurfaceSpec
from gspice.qxl.driver_memory import Block

ID_WAIT_S = 10.0
"""How long a destroyed surface's id may stay with the server, where no other is free."""


class SurfacesInUse(GSpiceError):
    """No surface id came free in time."""


class SurfacePool:
    """Off-screen surface ids, the lowest first. Any thread may give one back."""

    def __init__(self, count: int) -> None:
        """``count``: of all ids, that of the primary included."""
        self._count = count
        self._free = list(range(1, count))
        self._changed = threading.Condition()

    def take(self, timeout: float = ID_WAIT_S) -> int:
        """An id; waits for one. SurfacesInUse."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free, timeout):
                raise SurfacesInUse(
                    f"all {self._count} surface ids are in use and none came free in {timeout:g} s: "
                    "the recording needs a larger nsurfaces"
                )
            return heapq.heappop(self._free)

    def give(self, id: int) -> None:
        """An id is free again."""
        with self._changed:
            heapq.heappush(self._free, id)
            self._changed.notify()


class DeviceSurfaces:
    """The surfaces that a device has now, and their memory, which the server writes to whenever it is asked to."""

    def __init__(self) -> None:
        self._surfaces: dict[int, tuple[SurfaceSpec, Block]] = {}

    def __contains__(self, id: object) -> bool:
        return id in self._surfaces

    def __iter__(self) -> Iterator[int]:
        return iter(self._surfaces)

    def add(self, id: int, spec: SurfaceSpec, memory: Block) -> None:
        """A surface is made."""
        self._surfaces[id] = spec, memory

    def spec(self, id: int) -> SurfaceSpec:
        """Size and format of a surface that there is."""
        return self._surfaces[id][0]

    def memory(self, id: int) -> Block:
        """The memory of a surface that there is."""
        return self._surfaces[id][1]

    def forget(self, id: int) -> None:
        """A surface is gone, and its memory is somebody else's now."""
        del self._surfaces[id]

    def free(self, id: int) -> None:
        """A surface is gone, and its memory is free."""
        _, memory = self._surfaces.pop(id)
        replay_memory.release(memory.place.address)
