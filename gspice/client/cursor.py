"""The cursor channel at the client's end: where the pointer is and how it looks."""

from typing import ClassVar

from gspice.client.channel import ClientChannel, Handlers
from gspice.errors import ProtocolError
from gspice.geometry import Point
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import CursorFlags
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
from gspice.wire.types import Cursor

MAX_CACHED = 1024
"""Shapes in the cache: servers keep 256."""
MAX_CACHED_BYTES = 64 << 20
"""Bytes of all shapes in the cache: 256 of 256x256 pixels with alpha."""


class CursorChannel(ClientChannel):
    """The pointer. As in other clients, nothing happens before INIT, and a second one waits for a RESET."""

    TYPE: ClassVar[ChannelType] = ChannelType.CURSOR

    def __init__(self, channel_id: int = 0) -> None:
        super().__init__(channel_id)
        self.initialized = False
        self.position = Point(0, 0)
        self.visible = False
        self.shape: Cursor | None = None
        """The newest shape; None: there is none."""
        self._cache: dict[int, Cursor] = {}
        self._cached_bytes = 0

    def _on_init(self, message: CursorInit) -> None:
        if not self.initialized:
            self.initialized = True
            self._set(message)

    def _on_set(self, message: CursorSet) -> None:
        if self.initialized:
            self._set(message)

    def _set(self, message: CursorInit | CursorSet) -> None:
        self.position = message.position
        self.visible = message.visible
        self.shape = self._shape(message.cursor)

    def _shape(self, cursor: Cursor) -> Cursor | None:
        if cursor.header is None:
            return None
        unique = cursor.header.unique
        if cursor.flags & CursorFlags.FROM_CACHE:
            if unique not in self._cache:
                raise ProtocolError(f"cursor {unique:#x} is to come from the cache, which does not have it")
            return self._cache[unique]
        if cursor.flags & CursorFlags.CACHE_ME:
            self._drop(unique)
            self._cache[unique] = cursor
            self._cached_bytes += len(cursor.data)
            if len(self._cache) > MAX_CACHED or self._cached_bytes > MAX_CACHED_BYTES:
                raise ProtocolError(
                    f"{len(self._cache)} cursors of {self._cached_bytes} bytes are too many for the cache"
                )
        return cursor

    def _drop(self, unique: int) -> None:
        if (old := self._cache.pop(unique, None)) is not None:
            self._cached_bytes -= len(old.data)

    def _on_move(self, message: CursorMove) -> None:
        if self.initialized:
            self.position = message.position
            self.visible = True

    def _on_hide(self, message: CursorHide) -> None:
        self.visible = False

    def _on_inval_one(self, message: CursorInvalOne) -> None:
        self._drop(message.id)

    def _on_inval_all(self, message: CursorInvalAll) -> None:
        self._cache.clear()
        self._cached_bytes = 0

    def _on_reset(self, message: CursorReset) -> None:
        self.initialized = self.visible = False
        self.shape = None
        self._cache.clear()
        self._cached_bytes = 0

    HANDLERS: ClassVar[Handlers] = {
        CursorInit: _on_init,
        CursorSet: _on_set,
        CursorMove: _on_move,
        CursorHide: _on_hide,
        CursorReset: _on_reset,
        CursorInvalOne: _on_inval_one,
        CursorInvalAll: _on_inval_all,
        CursorTrail: ClientChannel._on_ignored,
    }
