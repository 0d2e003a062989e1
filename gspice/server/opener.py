"""Opens linked channels on the loop that owns them: main and inputs here, display and cursor on their worker."""

import logging
from collections.abc import Callable

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.channels.inputs import InputsChannelClient
from gspice.channels.main import MainChannelClient
from gspice.server.connection import Connection
from gspice.server.session import ServerState, Session
from gspice.server.transport import Transport
from gspice.server.worker_messages import ConnectChannel, DisconnectClient
from gspice.vdi.core import CoreInterface
from gspice.wire.channel_types import ChannelType

log = logging.getLogger(__name__)


class Opener:
    """Used by ``Clients``; on the host loop. ``on_closed`` hears of the end of every channel but main."""

    def __init__(
        self,
        core: CoreInterface,
        state: ServerState,
        clock: Callable[[], float],
        on_closed: Callable[[object, str], None],
    ) -> None:
        self._core = core
        self._state = state
        self._clock = clock
        self._on_closed = on_closed
        self._inputs: dict[object, Connection] = {}

    @property
    def inputs(self) -> list[Connection]:
        """The inputs channels that are open."""
        return list(self._inputs.values())

    def exists(self, channel_type: int, channel_id: int) -> bool:
        """Whether there is such a channel (main left out)."""
        return (channel_type, channel_id) in self._state.channels()

    def open_main(
        self,
        transport: Transport,
        link: LinkInfo,
        leftover: bytes,
        on_closed: Callable[[Connection, str], None],
        arrived: Callable[[], None] | None = None,
    ) -> tuple[Connection, MainChannelClient]:
        """Serve a main channel. ``arrived``: that of a client that is ahead of its machine; see there."""
        made: list[MainChannelClient] = []

        def factory(link: LinkInfo, sender: Sender) -> ChannelClient:
            made.append(MainChannelClient(link, sender, Session(self._state, link), arrived))
            return made[0]

        return self._connection(transport, link, leftover, factory, on_closed), made[0]

    def open_channel(self, transport: Transport, link: LinkInfo, leftover: bytes, token: object) -> None:
        """Serve any other channel; ``token`` names it from now on."""
        if link.channel_type == ChannelType.INPUTS:

            def closed(connection: Connection, reason: str) -> None:
                self._inputs.pop(token, None)
                self._on_closed(token, reason)

            def factory(link: LinkInfo, sender: Sender) -> ChannelClient:
                return InputsChannelClient(link, sender, self._state.inputs, self._state.mouse_modes)

            connection = self._connection(transport, link, leftover, factory, closed)
            if not connection.closed:
                self._inputs[token] = connection
            return
        worker = self._state.devices.worker_of(link.channel_id)
        if worker is None:
            transport.close()
            self._on_closed(token, "its device was removed")
            return
        worker.dispatcher.send(ConnectChannel(transport, link, leftover, token))

    def close_channels(self, tokens: frozenset[object], reason: str) -> None:
        """Drop these connections, wherever they are served."""
        for token in tokens & self._inputs.keys():
            self._inputs[token].abort(reason)
        self._state.devices.broadcast(DisconnectClient(tokens, reason))

    def _connection(
        self,
        transport: Transport,
        link: LinkInfo,
        leftover: bytes,
        factory: Callable[[LinkInfo, Sender], ChannelClient],
        on_closed: Callable[[Connection, str], None],
    ) -> Connection:
        return Connection(
            loop=self._core,
            transport=transport,
            link=link,
            channel_factory=factory,
            leftover=leftover,
            clock=self._clock,
            on_closed=on_closed,
        )
