"""The edge to the network: the listeners, the link stage behind them, and what they share. On the host loop."""

import socket
import ssl
from collections.abc import Callable

from gspice.channels.base import LinkInfo
from gspice.channels.cursor import CursorChannelClient
from gspice.channels.display_client import DisplayChannelClient
from gspice.channels.inputs import InputsChannelClient
from gspice.channels.main import MainChannelClient
from gspice.errors import ConfigError
from gspice.server.clients import Clients
from gspice.server.handshake import HandshakeLimits, Handshakes, LinkPolicy
from gspice.server.jobs import JobPool
from gspice.server.keys import KeyStock
from gspice.server.listener import Listener, adopt, listen_tcp, listen_unix
from gspice.server.options import ServerOptions
from gspice.server.tickets import TicketStore
from gspice.server.transport import PlainTransport, TlsTransport, Transport
from gspice.vdi.core import ChannelEvent, ChannelEventInfo, CoreInterface
from gspice.wire.caps import CapSet
from gspice.wire.channel_types import ChannelType

CHANNEL_CAPS: dict[int, CapSet] = {
    ChannelType.MAIN: MainChannelClient.CAPS,
    ChannelType.DISPLAY: DisplayChannelClient.CAPS,
    ChannelType.INPUTS: InputsChannelClient.CAPS,
    ChannelType.CURSOR: CursorChannelClient.CAPS,
}

KEY_WORKERS = 1
"""Threads that make link keys: one keeps the stock full without taking a second core from the desktop."""


class NetworkEdge:
    """Opens the listeners of ``options`` at once; ConfigError where one cannot be opened, and then none is."""

    def __init__(
        self,
        *,
        core: CoreInterface,
        options: ServerOptions,
        tickets: TicketStore,
        clients: Clients,
        channel_event: Callable[[ChannelEvent, ChannelEventInfo], None],
        post: Callable[[Callable[[], None]], None],
        clock: Callable[[], float],
        limits: HandshakeLimits | None = None,
    ) -> None:
        self._core = core
        self._clients = clients
        self._channel_event = channel_event
        self._infos: dict[Transport, ChannelEventInfo] = {}
        self._tls_context = options.tls.context() if options.tls else None
        self._listeners: list[Listener] = []
        self._plain: Listener | None = None
        self._tls: Listener | None = None
        self._jobs = JobPool(post, workers=KEY_WORKERS, name="gspice-keys")
        try:
            self._listen(options)
        except BaseException:
            self.close_listeners()
            self._jobs.close()
            raise
        self._handshakes = Handshakes(
            core,
            LinkPolicy(
                keys=KeyStock(self._jobs),
                tickets=tickets,
                security=options.security,
                authorize=clients.authorize,
                channel_caps=lambda channel_type: CHANNEL_CAPS.get(channel_type, CapSet()),
                on_linked=self._linked,
                on_failed=self._failed,
            ),
            clock=clock,
            limits=limits,
        )

    def _listen(self, options: ServerOptions) -> None:
        if options.unix_path is not None:
            self._listeners.append(listen_unix(self._core, options.unix_path, self._accepted))
        if options.port is not None:
            self._plain = listen_tcp(
                self._core, options.host, options.port, self._accepted, flags=options.addr_flags
            )
            self._listeners.append(self._plain)
        if options.tls_port is not None:
            self._tls = listen_tcp(
                self._core,
                options.host,
                options.tls_port,
                self._accepted,
                flags=options.addr_flags,
                tls=self._tls_context,
            )
            self._listeners.append(self._tls)
        if options.listen_fd is not None:
            # Last: where something fails, the host still has its descriptor.
            self._listeners.append(adopt(self._core, options.listen_fd, self._accepted))

    @property
    def port(self) -> int | None:
        return self._plain.port if self._plain else None

    @property
    def tls_port(self) -> int | None:
        return self._tls.port if self._tls else None

    def adopt(self, sock: socket.socket, *, secure: bool, skip_auth: bool) -> None:
        """Link a socket that the host accepted. On ConfigError it is still the host's."""
        if not secure:
            self._begin(PlainTransport(sock), skip_auth)
            return
        self._begin(TlsTransport(sock, self._need_tls()), skip_auth)

    def _need_tls(self) -> ssl.SSLContext:
        if self._tls_context is None:
            raise ConfigError("a TLS client needs certificates: none were configured (--tls-dir)")
        return self._tls_context

    def _accepted(self, transport: Transport) -> None:
        self._begin(transport, skip_auth=False)

    def _begin(self, transport: Transport, skip_auth: bool) -> None:
        info = ChannelEventInfo(transport.local_address, transport.peer_address, tls=transport.secure)
        self._infos[transport] = info
        self._channel_event(ChannelEvent.CONNECTED, info)
        self._handshakes.begin(transport, skip_auth=skip_auth)

    def _linked(self, transport: Transport, link: LinkInfo, leftover: bytes) -> None:
        self._clients.linked(transport, link, leftover, self._infos.pop(transport))

    def _failed(self, transport: Transport, reason: str) -> None:
        self._channel_event(ChannelEvent.DISCONNECTED, self._infos.pop(transport))

    def close_listeners(self) -> None:
        """Take no more connections."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    def remove_paths(self) -> None:
        """Take UNIX sockets out of the file system, for a process that ends; nothing of the host is called."""
        for listener in self._listeners:
            listener.remove_path()

    def close(self) -> None:
        """End the links under way and the key maker."""
        self.close_listeners()
        self._handshakes.close()
        self._jobs.close()
