"""The servers and devices that a C host holds: servers by number, devices by the address of their instance."""

import itertools

from gspice.errors import InterfaceError
from gspice.hosts.libspice import process
from gspice.hosts.libspice.configuration import Configuration
from gspice.hosts.libspice.interfaces import Device, HostCore
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer


class HostedServer:
    """One server of the host's, and its core once it is initialised."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.server = SpiceServer(
            ServerOptions(
                renderer=configuration.renderer,
                renderer_device=configuration.renderer_device,
                budgets=configuration.budgets,
                record=configuration.record,
                record_video=configuration.record_video,
                metrics=configuration.metrics,
            )
        )
        self.server.on_exit = process.leave
        self.core: HostCore | None = None

    def init(self, core_address: int) -> None:
        """Open the listeners. Whatever fails, nothing is left open."""
        if self.core is not None:
            raise InterfaceError("this server was initialised before")
        self.configuration.apply(self.server)
        core = HostCore(core_address)
        try:
            self.server.init(core)
        except BaseException:
            core.close()
            raise
        self.core = core

    def close(self) -> None:
        """End the server; its devices are the host's again."""
        self.server.close()
        if self.core is not None:
            self.core.close()
            self.core = None


servers: dict[int, HostedServer] = {}
"""By handle: a number, for hosts never look behind it, and one that is not known does no harm."""
_handles = itertools.count(1)
devices: dict[int, tuple[HostedServer, Device]] = {}
"""By the address of the instance."""
_configuration = Configuration()


def configure(configuration: Configuration) -> None:
    """What the servers that are made from now on follow."""
    global _configuration  # noqa: PLW0603  one process, one configuration
    _configuration = configuration


def add_server() -> int:
    """A new server's handle."""
    hosted = HostedServer(_configuration)
    handle = next(_handles)
    servers[handle] = hosted
    return handle


def hosted_server(handle: int) -> HostedServer:
    """The server with this handle; InterfaceError where there is none."""
    hosted = servers.get(handle)
    if hosted is None:
        raise InterfaceError(f"there is no server {handle:#x}: it was never made, or is destroyed")
    return hosted
