"""The cursor channel: a display device's cursor, shown to its clients. It lives on the worker's thread."""

from typing import ClassVar, Protocol

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.channels.cursor_cache import CursorCache
from gspice.channels.cursor_state import Change, CursorCommand, CursorState
from gspice.errors import ProtocolError
from gspice.qxl.ops import CursorShape
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message
from gspice.wire.messages.cursor import (
    CursorHide,
    CursorInit,
    CursorInvalAll,
    CursorInvalOne,
    CursorMove,
    CursorReset,
    CursorSet,
    CursorTrail,
)
from gspice.wire.types import Cursor, CursorFlags, CursorHeader

BACKLOG = 64 * 1024
"""Bytes a client may have waiting before changes are put together for it instead of queued one by one."""


class CursorWatcher(Protocol):
    """Who is told what the cursor does."""

    def changed(self, change: Change) -> None:
        """The state is another one now."""


class CursorChannel:
    """The device's cursor, and the clients that see it."""

    def __init__(self) -> None:
        self.state = CursorState()
        self._clients: list[CursorWatcher] = []

    def connect(self, link: LinkInfo, sender: Sender) -> "CursorChannelClient":
        """Make the channel end of a new connection; it joins when it is started."""
        return CursorChannelClient(link, sender, self)

    def process(self, command: CursorCommand) -> None:
        """Carry out a command of the guest's. GuestError: it is none to be shown, and changed nothing."""
        self._tell(self.state.apply(command))

    def primary_created(self) -> None:
        """There is a primary surface for the cursor to be on."""
        self.state.has_primary = True
        self._tell(Change(0))

    def reset(self) -> None:
        """Take the cursor away; none shows until ``primary_created`` is called (again)."""
        self.state.clear()
        self._tell(Change.RESET)

    def set_mouse_mode(self, client_mouse: bool) -> None:
        """Whether clients move the pointer by themselves."""
        returns = self.state.client_mouse and not client_mouse
        self.state.client_mouse = client_mouse
        if returns and self.state.visible:
            # Moves were kept from the clients meanwhile.
            self._tell(Change.PLACE)

    def add_client(self, client: CursorWatcher) -> None:
        """Keep a client up to date from now on."""
        self._clients.append(client)

    def remove_client(self, client: CursorWatcher) -> None:
        """Forget a client."""
        if client in self._clients:
            self._clients.remove(client)

    def _tell(self, change: Change) -> None:
        for client in tuple(self._clients):
            client.changed(change)


class CursorChannelClient(ChannelClient):
    """One client's cursor. What it cannot take yet is put together, and sent as the newest state later."""

    TYPE: ClassVar[ChannelType] = ChannelType.CURSOR
    ACK_WINDOW: ClassVar[int] = 20

    def __init__(self, link: LinkInfo, sender: Sender, channel: CursorChannel) -> None:
        super().__init__(link, sender)
        self._channel = channel
        self._state = channel.state
        self._cache = CursorCache()
        self._pending = Change(0)
        self._initialised = False
        """The client had its INIT, of which it takes only one until the next RESET."""

    def start(self, now: float) -> None:
        self._channel.add_client(self)
        self._flush()

    def receive(self, message: Message, now: float) -> None:
        raise ProtocolError(f"{message.NAME} is no message of the cursor channel")

    def drained(self, now: float) -> None:
        if not self.closed:
            self._flush()

    def disconnected(self, now: float) -> None:
        super().disconnected(now)
        self._channel.remove_client(self)

    def changed(self, change: Change) -> None:
        """The state changed: tell the client now, or when it has room."""
        self._pending |= change
        if not self.sender.blocked and self.sender.queued_bytes <= BACKLOG:
            self._flush()

    def _flush(self) -> None:
        pending, self._pending = self._pending, Change(0)
        if pending & Change.RESET and self._initialised:
            self._cache.clear()
            self._initialised = False
            self.sender.send(CursorInvalAll())
            self.sender.send(CursorReset())
        if not self._initialised:
            if self._state.has_primary:
                self._send_init()
            return
        if pending & Change.SHAPE:
            self._send_set()
        elif pending & Change.PLACE:
            self._send_place()
        if pending & Change.TRAIL:
            state = self._state
            self.sender.send(CursorTrail(length=state.trail_length, frequency=state.trail_frequency))

    def _send_init(self) -> None:
        state = self._state
        self._initialised = True
        self.sender.send(
            CursorInit(
                position=self._state.position,
                trail_length=state.trail_length,
                trail_frequency=state.trail_frequency,
                visible=state.visible,
                cursor=self._cursor(state.shape),
            )
        )

    def _send_set(self) -> None:
        cursor = self._cursor(self._state.shape)
        self.sender.send(CursorSet(position=self._state.position, visible=self._state.visible, cursor=cursor))

    def _send_place(self) -> None:
        if self._state.visible:
            self.sender.send(CursorMove(position=self._state.position))
        else:
            self.sender.send(CursorHide())

    def _cursor(self, shape: CursorShape | None) -> Cursor:
        """The shape as this client is to get it; makes room in its cache, which sends a message before."""
        if shape is None:
            return Cursor(flags=CursorFlags.NONE, header=None, data=b"")
        verdict = self._cache.use(shape.unique)
        if verdict.evicted is not None:
            self.sender.send(CursorInvalOne(id=verdict.evicted))
        header = CursorHeader(
            unique=shape.unique,
            type=shape.type,
            width=shape.width,
            height=shape.height,
            hot_x=shape.hot_x,
            hot_y=shape.hot_y,
        )
        if verdict.held:
            return Cursor(flags=CursorFlags.FROM_CACHE, header=header, data=b"")
        flags = CursorFlags.CACHE_ME if verdict.store else CursorFlags(0)
        return Cursor(flags=flags, header=header, data=shape.data)
