"""A machine for tests: the guest's driver and its device, with nothing but C between the device and the server."""

from collections.abc import Iterator
from contextlib import contextmanager

from gspice.qxl.device import QXLDevice
from gspice.qxl.driver import GuestDriver
from tests.hosts.libspice.c_display import Display
from tests.hosts.libspice.c_host import Core, Library, hosted


class Rig:
    """A machine that runs."""

    def __init__(self, functions: Library, core: Core, handle: int) -> None:
        self.functions, self.core, self.handle = functions, core, handle
        self.model = QXLDevice()
        self.display = Display(self.model, functions)
        assert functions("spice_server_add_interface", handle, self.display.address) == 0
        assert self.display.instance.st
        functions("spice_server_vm_start", handle, result=None)
        self.driver = GuestDriver(self.model)

    def mode(self, width: int = 64, height: int = 48) -> None:
        self.driver.set_mode(width, height)
        self.until(lambda: self.model.io_pending is None)

    def until(self, condition: object) -> None:
        assert callable(condition)

        def look() -> bool:
            self.driver.service()
            return bool(condition())

        self.core.run(look)

    def call(self, name: str, *arguments: object) -> None:
        self.functions(f"spice_qxl_{name}", self.display.address, *arguments, result=None)


@contextmanager
def machine() -> Iterator[Rig]:
    """A machine on a server of its own; in the end its device must have found no fault with its guest."""
    with hosted() as (functions, core, handle):
        rig = Rig(functions, core, handle)
        yield rig
        assert not rig.model.bugs.present
