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
from typing import TYPE_CHECKING

from gspice.errors import InterfaceError
from gspice.input.devices import InputDevices
from gspice.pixels import Pixels
from gspice.server.clients import Client, Clients
from gspice.server.devices import Devices
from gspice.server.dispatcher import MainDispatcher
from gspice.server.edge import NetworkEdge
from gspice.server.host_settings import HostSettings
from gspice.server.metrics_address import MetricsAddress
from gspice.server.migration import Migration
from gspice.server.opener import Opener
from gspice.server.options import ServerOptions
from gspice.server.session import ServerState
from gspice.server.statistics import ServerNumbers
from gspice.server.transport import Address
from gspice.server.worker_messages import ReadStatistics, Snapshot
from gspice.vdi.base import Interface
from gspice.vdi.core import ChannelEvent, ChannelEventInfo, CoreInterface
from gspice.vdi.input import KeyboardInterface, Leds
from gspice.vdi.qxl import QXLInterface

if TYPE_CHECKING:
    from gspice.server.metrics_listener import MetricsListener

log = logging.getLogger(__name__)

SWITCH_INTERVAL_S = 1e-4
"""How long one thread may keep Python from another: a host's call waits no longer for a busy worker."""


CLOSING = "the server is closing"


class SpiceServer(HostSettings):
    """One SPICE server. Set ``options`` and ``tickets``, then ``init``; add devices; ``vm_start`` when it runs.

    Everything but ``init`` may be called before it: what cannot be done then raises InterfaceError.
    """

    def __init__(
        self, options: ServerOptions | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(options, clock)
        self.settings.changed = self._setting_changed
        self.on_exit: Callable[[], None] | None = None
        """Ends the host's process; called on the host loop when it was to end with its last client."""
        self._core: CoreInterface | None = None
        self._metrics: MetricsListener | None = None
        self._vm_running = False

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
        self._resolve_listeners()
        self.options.check()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._main_dispatcher = MainDispatcher(core)
        self.inputs = InputDevices()
        self.devices = Devices(
            self._main_dispatcher,
            self.options.renderer,
            self.options.renderer_device,
            self.inputs,
            self,
            self.settings,
            self.options.record,
            self.options.budgets,
            self.options.record_video,
            publish=self.options.metrics is not None,
        )
        self.state = ServerState(self.options, self.inputs, self.devices)
        opener = Opener(core, self.state, self._clock, self.channel_closed)
        self.clients = Clients(
            opener,
            self._channel_event,
            self._client_left,
            # Who migrates a machine starts it at its new place only when it has arrived.
            awaits_machine=lambda: not self._vm_running,
            max_clients=lambda: self.settings.max_clients,
        )
        self._migration = Migration(
            core, self.devices.migration, lambda: [client.main for client in self.clients]
        )
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
            try:
                self._open_metrics(core)
            except BaseException:
                self.edge.close()
                raise
        except BaseException:
            self._core = None
            self._migration.close()
            self._main_dispatcher.close()
            raise
        self._listening = True
        if self._vm_running:
            self.devices.vm_start()

    def _open_metrics(self, core: CoreInterface) -> None:
        if self.options.metrics is None:
            return
        # They need much that a host would wait for, and most hosts never ask.
        from gspice.server.metrics_listener import MetricsListener  # noqa: PLC0415
        from gspice.server.metrics_page import CONTENT_TYPE, MetricsPage  # noqa: PLC0415

        page = MetricsPage(self.numbers, self._clock)
        self._metrics = MetricsListener(core, self.options.metrics, page, CONTENT_TYPE)

    def park(self) -> bool:
        """Let the workers sleep for good, for a process that ends; false where one did not come round in time.

        Their threads stay and touch nothing of the host any more; the server is of no further use.
        """
        if self._core is None:
            return True
        self.edge.remove_paths()
        if self._metrics is not None:
            self._metrics.remove_path()
        return self.devices.park()

    def close(self) -> None:
        """Close every socket and end the workers. The server is dead afterwards.

        Clients that are to hear of it need ``disconnect_clients``, and the loop to run a little, before.
        """
        if self._core is None:
            return
        self.edge.close_listeners()
        if self._metrics is not None:
            self._metrics.close()
            self._metrics = None
        self.clients.disconnect_all(CLOSING)
        self.devices.close()
        self.clients.close(CLOSING)
        self._migration.close()
        self.edge.close()
        self._main_dispatcher.close()
        self._core = None

    def vm_start(self) -> None:
        """The machine runs: workers take commands, also those of devices that are added later."""
        self._vm_running = True
        if self._core is not None:
            self.devices.vm_start()

    def vm_stop(self) -> None:
        """The machine stands still. When this returns no worker touches guest memory."""
        self._vm_running = False
        if self._core is not None:
            self.devices.vm_stop()

    # Devices

    def add_interface(self, interface: Interface) -> None:
        """Attach a device or service of the host's. InterfaceError: version, duplicate, or unknown kind."""
        self._initialised("add_interface")
        self.devices.add(interface)

    def remove_interface(self, interface: Interface) -> None:
        """Detach what ``add_interface`` attached; keyboards, mice and migration stay for good (InterfaceError)."""
        self._initialised("remove_interface")
        self.devices.remove(interface)

    def kbd_leds(self, keyboard: KeyboardInterface, leds: Leds) -> None:
        """The guest set its keyboard's lights."""
        self._initialised("kbd_leds")
        self.inputs.leds_changed(leds, self._clock())

    @property
    def is_server_mouse(self) -> bool:
        """The pointer moves by differences."""
        return self._core is None or self.state.is_server_mouse

    def _initialised(self, call: str) -> None:
        if self._core is None:
            raise InterfaceError(f"{call} needs a server that runs: call init before, and not after close")

    # Clients

    @property
    def port(self) -> int | None:
        """The plain TCP port in use, also where the system chose it."""
        return self.edge.port if self._core is not None else None

    @property
    def tls_port(self) -> int | None:
        return self.edge.tls_port if self._core is not None else None

    @property
    def num_clients(self) -> int:
        return len(self.clients) if self._core is not None else 0

    @property
    def num_connections(self) -> int:
        """Linked connections, those included that are being closed."""
        return self.clients.connections if self._core is not None else 0

    def disconnect_clients(self, reason: str) -> None:
        """Tell all clients why, and close their channels as soon as the loop has sent that."""
        if self._core is not None:
            self.clients.disconnect_all(reason)

    def sock_info(self) -> Address:
        """Our address of the first client's main connection; InterfaceError: there is no client."""
        return self._first_client().connection.transport.local_address

    def peer_info(self) -> Address:
        """The first client's own address; InterfaceError: there is no client."""
        return self._first_client().connection.transport.peer_address

    def _first_client(self) -> Client:
        for client in self.clients if self._core is not None else ():
            return client
        raise InterfaceError("no client is connected")

    def add_client(self, sock: socket.socket, skip_auth: bool = False) -> None:
        """Take over a connected socket that the host accepted itself."""
        self._initialised("add_client")
        self.edge.adopt(sock, secure=False, skip_auth=skip_auth)

    def add_ssl_client(self, sock: socket.socket, skip_auth: bool = False) -> None:
        """The same, with TLS to be spoken on it. ConfigError without certificates; the socket is then the host's."""
        self._initialised("add_ssl_client")
        self.edge.adopt(sock, secure=True, skip_auth=skip_auth)

    def _client_left(self) -> None:
        if self.settings.exit_on_disconnect:
            # Not from within: who replaces a client is there only afterwards.
            self._main_dispatcher.post(self._exit_without_clients)

    def _exit_without_clients(self) -> None:
        if self.num_clients or not self.settings.exit_on_disconnect:
            return
        log.info("the last client has left: the process is to end")
        if self.on_exit is not None:
            self.on_exit()

    # Migration

    def migrate_connect(
        self, host: str | None, port: int, secure_port: int, cert_subject: str | None
    ) -> None:
        """See ``Migration.connect``; its callback comes within ten seconds."""
        self._initialised("migrate_connect")
        self._migration.connect(host, port, secure_port, cert_subject)

    def migrate_info(self, host: str | None, port: int, secure_port: int, cert_subject: str | None) -> None:
        """See ``Migration.info``."""
        self._initialised("migrate_info")
        self._migration.info(host, port, secure_port, cert_subject)

    def migrate_start(self) -> None:
        """See ``Migration.start``."""
        self._initialised("migrate_start")
        self._migration.start()

    def migrate_end(self, completed: bool) -> None:
        """See ``Migration.end``; its callback comes within ten seconds, also where this raises."""
        self._initialised("migrate_end")
        self._migration.end(completed)

    def migrate_switch(self) -> None:
        """See ``Migration.switch``."""
        self._initialised("migrate_switch")
        self._migration.switch()

    # For tests and screendumps

    def snapshot(self, qxl: QXLInterface) -> Pixels | None:
        """The newest pixels of a device's primary surface; None while it has none."""
        self._initialised("snapshot")
        pixels: Pixels | None = self.devices.worker(qxl).dispatcher.call(Snapshot())
        return pixels

    def statistics(self, qxl: QXLInterface) -> Counter[str]:
        """What a device's worker has counted: commands by kind, bad ones, operations not drawn."""
        self._initialised("statistics")
        counters: Counter[str] = self.devices.worker(qxl).dispatcher.call(ReadStatistics())
        return counters

    def numbers(self) -> ServerNumbers:
        """What clients get and what devices draw; workers' part is at most half a second old.

        Without ``options.metrics`` workers publish nothing, and their part is empty.
        """
        self._initialised("numbers")
        devices, encoders = self.devices.numbers()
        served = [channel for device in devices for channel in device.channels]
        return ServerNumbers(
            clients=tuple(self.clients.numbers(served)), devices=tuple(devices), encoders=encoders
        )

    @property
    def metrics_address(self) -> MetricsAddress | None:
        """Where metrics are served, with the real port; None: nowhere."""
        return self._metrics.address if self._metrics is not None else None

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

    def _setting_changed(self, name: str) -> None:
        if self._core is not None:
            self.devices.setting_changed(name)

    def _channel_event(self, event: ChannelEvent, info: ChannelEventInfo) -> None:
        if self._core is not None and self._core.since(3):
            self._core.channel_event(event, info)
