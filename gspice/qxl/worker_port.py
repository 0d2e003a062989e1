"""What a display device asks of the server: the calls of spice-server's QXL interface, as a Protocol.

All calls come on the host's main loop and are carried out in order. Those marked "no answer" return at once;
those with ``async`` in their name too, and ``async_complete`` with the same cookie follows on the worker's
thread; the others return when the worker has carried them out.
"""

from typing import Protocol

from gspice.geometry import Rect
from gspice.vdi.qxl import DevSurfaceCreate, MemSlot


class WorkerPort(Protocol):
    """The device's way to its worker; ``add_interface`` sets it as ``device.worker``."""

    def wakeup(self) -> None:
        """No answer: there is something in a ring, or a notification is due."""

    def oom(self) -> None:
        """No answer: the guest is out of memory; release what can be released, then ``flush_resources``."""

    def add_memslot(self, slot: MemSlot) -> None: ...

    def add_memslot_async(self, slot: MemSlot, cookie: int) -> None: ...

    def del_memslot(self, group: int, slot_id: int) -> None:
        """No answer."""

    def reset_memslots(self) -> None:
        """No answer: unmap all slots."""

    def create_primary_surface(self, surface_id: int, surface: DevSurfaceCreate) -> None: ...

    def create_primary_surface_async(
        self, surface_id: int, surface: DevSurfaceCreate, cookie: int
    ) -> None: ...

    def destroy_primary_surface(self, surface_id: int) -> None: ...

    def destroy_primary_surface_async(self, surface_id: int, cookie: int) -> None: ...

    def destroy_surfaces(self) -> None:
        """Draw what is in the rings, then drop every surface; afterwards nothing taken earlier is still
        held."""

    def destroy_surfaces_async(self, cookie: int) -> None: ...

    def destroy_surface_wait(self, surface_id: int) -> None: ...

    def destroy_surface_async(self, surface_id: int, cookie: int) -> None: ...

    def update_area(self, surface_id: int, rect: Rect, clear: bool) -> list[Rect]:
        """Bring the surface's guest memory up to date; what had changed since the last call with
        ``clear``."""

    def update_area_async(self, surface_id: int, rect: Rect, clear: bool, cookie: int) -> None: ...

    def flush_surfaces_async(self, cookie: int) -> None: ...

    def monitors_config_async(self, address: int, group: int, cookie: int) -> None: ...

    def reset_image_cache(self) -> None: ...

    def reset_cursor(self) -> None: ...

    def driver_unload(self) -> None:
        """No answer: the guest's driver is gone."""
