"""The clients of a server: who may open which channel, whose connection belongs to whom, and who makes room for whom.

On the host loop. A client is one main channel and the channels that named its connection id.
"""

import itertools
import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from gspice.channels.base import LinkInfo
from gspice.channels.main import MainChannelClient
from gspice.server.connection import Connection
from gspice.server.opener import Opener
from gspice.server.statistics import ChannelNumbers, ClientNumbers, by_client, channel_numbers
from gspice.server.transport import Transport
from gspice.stream.client_caches import ClientCaches
from gspice.vdi.core import ChannelEvent, ChannelEventInfo
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError
from gspice.wire.link_server import LinkRequested

log = logging.getLogger(__name__)

REPLACED = "another client has connected and taken over this display"


@dataclass(slots=True)
class _Channel:
    """One linked connection other than main."""

    client: "Client"
    key: tuple[int, int]
    info: ChannelEventInfo


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A linked channel of a client that is ahead of its machine."""

    transport: Transport
    link: LinkInfo
    leftover: bytes
    token: object


@dataclass(slots=True, eq=False)
class Client:
    """Everything that one client has open."""

    number: int
    """Counts clients in the order in which they came; no secret, as the connection id is."""
    connection_id: int
    main: MainChannelClient
    connection: Connection
    info: ChannelEventInfo
    tokens: set[object] = field(default_factory=set)
    open: set[tuple[int, int]] = field(default_factory=set)
    """Channel types and ids that are connected."""
    arrived: bool = True
    """False: its machine is still on the way here, and its channels stand in ``waiting`` until then."""
    waiting: list[_Waiting] = field(default_factory=list)
    caches: ClientCaches = field(default_factory=lambda: ClientCaches(threading.RLock()))


class Clients:
    """The table of clients. When there are too many, the oldest makes room for the newest."""

    def __init__(
        self,
        opener: Opener,
        channel_event: Callable[[ChannelEvent, ChannelEventInfo], None],
        client_left: Callable[[], None] = lambda: None,
        awaits_machine: Callable[[], bool] = lambda: False,
        max_clients: Callable[[], int] = lambda: 1,
    ) -> None:
        """``awaits_machine``: whether a machine may be on its way here, so that its clients may come ahead.

        ``max_clients``: how many may be here at the same time.
        """
        self._max_clients = max_clients
        self._awaits_machine = awaits_machine
        self._opener = opener
        self._client_left = client_left
        self._channel_event = channel_event
        self._clients: dict[int, Client] = {}
        self._mains: set[Connection] = set()
        """Main channels' connections, with those of clients that are gone and still get their last words."""
        self._channels: dict[object, _Channel] = {}
        self._tokens = itertools.count(1)
        self._ordinals = itertools.count(1)

    def __len__(self) -> int:
        return len(self._clients)

    def __iter__(self) -> Iterator[Client]:
        return iter(self._clients.values())

    @property
    def connections(self) -> int:
        """Connections that are linked and not closed yet, of all clients and of those that are leaving."""
        return len(self._mains) + len(self._channels)

    def numbers(self, others: Iterable[ChannelNumbers]) -> list[ClientNumbers]:
        """How each client stands; ``others``: the channels that workers serve."""
        channels = by_client([*map(channel_numbers, self._opener.inputs), *others])
        return [
            ClientNumbers(
                number=client.number,
                peer=client.connection.link.peer,
                secure=client.connection.link.secure,
                channels=(channel_numbers(client.connection), *channels.get(client.connection_id, ())),
            )
            for client in self
        ]

    def authorize(self, request: LinkRequested) -> LinkError:
        """Whether what the peer asks for can be opened now."""
        if request.channel_type == ChannelType.MAIN:
            # Another id than zero is that of a client that is ahead of its machine: it keeps the one it has.
            ahead = self._awaits_machine() and request.connection_id not in self._clients
            return LinkError.OK if request.connection_id == 0 or ahead else LinkError.BAD_CONNECTION_ID
        client = self._clients.get(request.connection_id)
        if client is None:
            return LinkError.BAD_CONNECTION_ID
        key = (request.channel_type, request.channel_id)
        if not self._opener.exists(*key) or key in client.open:
            return LinkError.CHANNEL_NOT_AVAILABLE
        return LinkError.OK

    def linked(self, transport: Transport, link: LinkInfo, leftover: bytes, info: ChannelEventInfo) -> None:
        """A connection passed the link stage: serve it. ``info`` is completed here."""
        if link.channel_type == ChannelType.MAIN:
            self._main_linked(transport, link, leftover, info)
            return
        client = self._clients.get(link.connection_id)
        key = (int(link.channel_type), link.channel_id)
        if client is None or key in client.open:
            # The client left, or opened the channel twice, while this link was under way.
            log.info("%s: its client is gone, or has this channel already", link.peer)
            transport.close()
            self._channel_event(ChannelEvent.DISCONNECTED, info)
            return
        token = next(self._tokens)
        client.tokens.add(token)
        client.open.add(key)
        self._channels[token] = _Channel(client, key, info)
        self._initialized(info, link, client.connection_id)
        link = replace(link, caches=client.caches)
        if client.arrived:
            self._opener.open_channel(transport, link, leftover, token)
        else:
            client.waiting.append(_Waiting(transport, link, leftover, token))

    def _main_linked(
        self, transport: Transport, link: LinkInfo, leftover: bytes, info: ChannelEventInfo
    ) -> None:
        for old in self._making_room(link.connection_id):
            log.info("client %s is replaced by %s", old.connection.link.peer, link.peer)
            old.main.disconnect(REPLACED)
            self._drop(old, REPLACED)
        # Not to be guessed: other channels name it to join. Not zero, which means "no id yet".
        connection_id = link.connection_id or secrets.randbelow(0x7FFFFFFF) + 1
        ahead = bool(link.connection_id)
        self._initialized(info, link, connection_id)

        def closed(connection: Connection, reason: str) -> None:
            self._mains.discard(connection)
            client = self._clients.get(connection_id)
            # One that came ahead may have the id of one that was there before.
            if client is not None and client.connection is connection:
                self._drop(client, f"its main channel closed: {reason}")
            self._channel_event(ChannelEvent.DISCONNECTED, info)

        own = LinkInfo(
            connection_id=connection_id,
            channel_type=link.channel_type,
            channel_id=link.channel_id,
            common_caps=link.common_caps,
            channel_caps=link.channel_caps,
            secure=link.secure,
            local=link.local,
            peer=link.peer,
        )
        connection, main = self._opener.open_main(
            transport, own, leftover, closed, (lambda: self._arrived(connection_id)) if ahead else None
        )
        self._mains.add(connection)
        if not connection.closed:
            self._clients[connection_id] = Client(
                next(self._ordinals), connection_id, main, connection, info, arrived=not ahead
            )

    def _making_room(self, connection_id: int) -> list[Client]:
        """Who has to go for one that comes, with this id if it is not 0: its namesake, then the oldest."""
        namesake = [client for client in self if client.connection_id == connection_id]
        others = [client for client in self if client not in namesake]  # in the order in which they came
        return namesake + others[: max(0, len(others) + 1 - self._max_clients())]

    def _arrived(self, connection_id: int) -> None:
        """A client's machine is here: serve the channels that it has linked ahead."""
        client = self._clients.get(connection_id)
        if client is None:
            return
        client.arrived = True
        waiting, client.waiting = client.waiting, []
        for channel in waiting:
            self._opener.open_channel(channel.transport, channel.link, channel.leftover, channel.token)

    def channel_closed(self, token: object, reason: str) -> None:
        """A channel other than main is gone."""
        channel = self._channels.pop(token, None)
        if channel is not None:
            channel.client.tokens.discard(token)
            channel.client.open.discard(channel.key)
            self._channel_event(ChannelEvent.DISCONNECTED, channel.info)

    def _drop(self, client: Client, reason: str) -> None:
        """Forget a client and close its channels; its main connection is closed by whoever calls."""
        self._clients.pop(client.connection_id, None)
        waiting, client.waiting = client.waiting, []
        for channel in waiting:
            channel.transport.close()
            self.channel_closed(channel.token, reason)
        if client.tokens:
            self._opener.close_channels(frozenset(client.tokens), reason)
        self._client_left()

    def disconnect_all(self, reason: str) -> None:
        """Tell every client why, and close all its channels."""
        for client in list(self._clients.values()):
            client.main.disconnect(reason)
            self._drop(client, reason)

    def close(self, reason: str) -> None:
        """End what is left, heard or not. Call it when the workers, which serve most channels, have ended."""
        self.disconnect_all(reason)
        for connection in list(self._mains):
            connection.abort(reason)
        for token in list(self._channels):
            self.channel_closed(token, reason)

    def _initialized(self, info: ChannelEventInfo, link: LinkInfo, connection_id: int) -> None:
        """Complete what the host was told of a connection, and tell it that it is let in."""
        info.connection_id = connection_id
        info.channel_type = int(link.channel_type)
        info.channel_id = link.channel_id
        info.tls = link.secure
        self._channel_event(ChannelEvent.INITIALIZED, info)
