"""The connections of one worker's display and cursor channels. On the worker's thread, but for ``refuse``."""

from collections.abc import Callable
from typing import Any

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.channels.cursor import CursorChannel
from gspice.channels.display import DisplayChannel
from gspice.server import worker_messages as m
from gspice.server.connection import Connection
from gspice.server.dispatcher import MainDispatcher
from gspice.server.loop import PollLoop
from gspice.vdi.qxl import QXLInterface
from gspice.wire.channel_types import ChannelType


class WorkerChannels:
    """Made on the host loop; ``open`` it with what the worker's thread has made."""

    def __init__(
        self,
        qxl: QXLInterface,
        main: MainDispatcher,
        channel_closed: Callable[[object, str], None],
        clock: Callable[[], float],
    ) -> None:
        """``channel_closed``: hears on the host loop of a connection's token and why it ended."""
        self.connections: dict[object, Connection] = {}
        """By token."""
        self.handlers: dict[type, Callable[[Any], Any]] = {
            m.ConnectChannel: self._on_connect,
            m.DisconnectClient: self._on_disconnect,
        }
        self._qxl = qxl
        self._main = main
        self._channel_closed = channel_closed
        self._clock = clock
        self._guest_runs = False

    def open(self, loop: PollLoop, display: DisplayChannel, cursor: CursorChannel) -> None:
        """From now on the handlers may be called."""
        self._loop = loop
        self._display = display
        self._factories: dict[int, Callable[[LinkInfo, Sender], ChannelClient]] = {
            ChannelType.DISPLAY: display.connect,
            ChannelType.CURSOR: cursor.connect,
        }

    def close(self, reason: str) -> None:
        """End all connections."""
        for connection in list(self.connections.values()):
            connection.abort(reason)

    def guest_runs(self, runs: bool) -> None:
        """Only a guest that runs is told what its clients can do."""
        self._guest_runs = runs
        self._tell_guest_caps()

    def refuse(self, message: m.ConnectChannel, reason: str = "its display could not start") -> None:
        """On any thread: end a connection that nobody will serve."""
        message.transport.close()
        self._main.post(lambda: self._channel_closed(message.token, reason))

    def _on_connect(self, message: m.ConnectChannel) -> None:
        token = message.token

        def closed(connection: Connection, reason: str) -> None:
            self.connections.pop(token, None)
            self._changed(message.link)
            self._main.post(lambda: self._channel_closed(token, reason))

        self.connections[token] = Connection(
            loop=self._loop,
            transport=message.transport,
            link=message.link,
            channel_factory=self._factories[message.link.channel_type],
            leftover=message.leftover,
            clock=self._clock,
            on_closed=closed,
        )
        self._changed(message.link)

    def _on_disconnect(self, message: m.DisconnectClient) -> None:
        for token in message.tokens:
            connection = self.connections.get(token)
            if connection is not None:
                connection.abort(message.reason)

    def _changed(self, link: LinkInfo) -> None:
        if link.channel_type == ChannelType.DISPLAY:
            self._tell_guest_caps()

    def _tell_guest_caps(self) -> None:
        if self._guest_runs and self._qxl.since(2):
            present, caps = self._display.shared_caps()
            self._qxl.set_client_capabilities(present, caps)
