"""SpiceServer: what hosts hold. It ties the listeners, the clients, the devices and their workers together.

Everything here is called on the host's main loop, and everything it calls in the host is called there too, except what
``QXLInterface`` says comes from a worker's thread.
"""

import logging
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable

from gspice.errors import InterfaceError
from gspice.input.devices import InputDevices
from gspice.pixels import Pixels
from gspice.server.clients import Clients
from gspice.server.devices import Devices
from gspice.server.dispatcher import MainDispatcher
from gspice.server.edge import NetworkEdge
from gspice.server.opener import Opener
from gspice.server.options import ServerOptions
from gspice.server.session import ServerState
from gspice.server.tickets import TicketStore
from gspice.server.worker_messages import ReadStatistics, Snapshot
from gspice.vdi.base import Interface
from gspice.vdi.core import ChannelEvent, ChannelEventInfo, CoreInterface
from gspice.vdi.input import KeyboardInterface, Leds
from gspice.vdi.qxl import QXLInterface

log = logging.getLogger(__name__)

SWITCH_INTERVAL_S = 1e-4
"""How long one thread may keep Python from another: a host's call waits no longer for a busy worker."""


CLOSING = "the server is closing"


class SpiceServer:
    """One SPICE server. Set ``options`` and ``tickets``, then ``init``; add devices; ``vm_start`` when it runs."""

    def __init__(
        self, options: ServerOptions | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.options = options or ServerOptions()
        self.tickets = TicketStore()
        """Nobody gets in until a ticket is set, or ``tickets.set_noauth()``."""
        self._clock = clock
        self._core: CoreInterface | None = None

    # Life

    def init(self, core: CoreInterface) -> None:
        """Open the listeners on the host's loop.

        Raises InterfaceError for a core of another major version, ConfigError for options that cannot be met;
        nothing is left open then.
        """
        if self._core is not None:
            raise InterfaceError("this server was initialised before")
        if core.major != CoreInterface.MAJOR:
            raise InterfaceError(
                f"unsupported core interface {core.major}.{core.minor}: this server takes {CoreInterface.MAJOR}.x"
            )
        self.options.check()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._main_dispatcher = MainDispatcher(core)
        self.inputs = InputDevices()
        self.devices = Devices(
            self._main_dispatcher, self.options.renderer, self.inputs, self, self.options.record
        )
        self.state = ServerState(self.options, self.inputs, self.devices)
        opener = Opener(core, self.state, self._clock, self.channel_closed)
        self.clients = Clients(opener, self._channel_event)
        self._core = core
        try:
            self.edge = NetworkEdge(
                core=core,
                options=self.options,
                tickets=self.tickets,
                clients=self.clients,
                channel_event=self._channel_event,
                post=self._main_dispatcher.post,
                clock=self._clock,
            )
        except BaseException:
            self._core = None
            self._main_dispatcher.close()
            raise

    def close(self) -> None:
        """Close every socket and end the workers. The server is dead afterwards.

        Clients that are to hear of it need ``disconnect_clients``, and the loop to run a little, before.
        """
        if self._core is None:
            return
        self.edge.close_listeners()
        self.clients.disconnect_all(CLOSING)
        self.devices.close()
        self.clients.close(CLOSING)
        self.edge.close()
        self._main_dispatcher.close()
        self._core = None

    def vm_start(self) -> None:
        """The machine runs: workers take commands."""
        self.devices.vm_start()

    def vm_stop(self) -> None:
        """The machine stands still. When this returns no worker touches guest memory."""
        self.devices.vm_stop()

    # Devices

    def add_interface(self, interface: Interface) -> None:
        """Attach a device or service of the host's. InterfaceError: version, duplicate, or unknown kind."""
        self.devices.add(interface)

    def remove_interface(self, interface: Interface) -> None:
        """Detach what ``add_interface`` attached; keyboards, mice and migration stay for good (InterfaceError)."""
        self.devices.remove(interface)

    def kbd_leds(self, keyboard: KeyboardInterface, leds: Leds) -> None:
        """The guest set its keyboard's lights."""
        self.inputs.leds_changed(leds, self._clock())

    @property
    def is_server_mouse(self) -> bool:
        """The pointer moves by differences."""
        return self.state.is_server_mouse

    # Clients

    @property
    def port(self) -> int | None:
        """The plain TCP port in use, also where the system chose it."""
        return self.edge.port

    @property
    def tls_port(self) -> int | None:
        return self.edge.tls_port

    @property
    def num_clients(self) -> int:
        return len(self.clients)

    @property
    def num_connections(self) -> int:
        """Linked connections, those included that are being closed."""
        return self.clients.connections if self._core is not None else 0

    def disconnect_clients(self, reason: str) -> None:
        """Tell all clients why, and close their channels as soon as the loop has sent that."""
        self.clients.disconnect_all(reason)

    def add_client(self, sock: socket.socket, skip_auth: bool = False) -> None:
        """Take over a connected socket that the host accepted itself."""
        self.edge.adopt(sock, secure=False, skip_auth=skip_auth)

    def add_ssl_client(self, sock: socket.socket, skip_auth: bool = False) -> None:
        """The same, with TLS to be spoken on it. ConfigError without certificates; the socket is then the host's."""
        self.edge.adopt(sock, secure=True, skip_auth=skip_auth)

    def snapshot(self, qxl: QXLInterface) -> Pixels | None:
        """The newest pixels of a device's primary surface; None while it has none."""
        pixels: Pixels | None = self.devices.worker(qxl).dispatcher.call(Snapshot())
        return pixels

    def statistics(self, qxl: QXLInterface) -> Counter[str]:
        """What a device's worker has counted: commands by kind, bad ones, operations not drawn."""
        counters: Counter[str] = self.devices.worker(qxl).dispatcher.call(ReadStatistics())
        return counters

    # DevicesObserver

    def devices_changed(self) -> None:
        self.state.devices_changed()
        for client in self.clients:
            client.main.channels_changed()
            client.main.agent_changed()

    def primary_changed(self, qxl_id: int, width: int, height: int, absolute: bool) -> None:
        self.state.primary_changed(qxl_id, width, height, absolute)

    def channel_closed(self, token: object, reason: str) -> None:
        self.clients.channel_closed(token, reason)

    def _channel_event(self, event: ChannelEvent, info: ChannelEventInfo) -> None:
        if self._core is not None and self._core.since(3):
            self._core.channel_event(event, info)
