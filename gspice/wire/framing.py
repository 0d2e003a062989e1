"""Message framing: the headers between message bodies, the count of serials, and sub-messages.

A sub-message is done before the message that carries it. The full header points to a list of them behind
the body; the mini header cannot, so there the list is a message of its own, sent first.
"""

import struct
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from gspice.errors import ProtocolError
from gspice.wire.buffer import BLOB_BY_REFERENCE, Reader
from gspice.wire.message import Message

LIST_TYPE: Final = 8
"""Base message whose body is nothing but a list of sub-messages."""

_FULL_HEADER = struct.Struct("<QHII")
"""Serial, type, size of the body, offset of the sub-message list from the body's start (0: none)."""
_MINI_HEADER = struct.Struct("<HI")
_SUB_HEADER = struct.Struct("<HI")
_COUNT = struct.Struct("<H")
_OFFSET = struct.Struct("<I")


class FrameReader:
    """Turns a channel's byte stream into messages.

    ``messages`` are those that the peer may send, by type; ``max_size`` limits a body, its sub-messages
    included, in bytes. The owner calls ``next_message`` until None after each ``feed``: what is fed waits
    here until then. After a ProtocolError the stream is lost, and the connection is to be closed.
    """

    def __init__(self, messages: Mapping[int, type[Message]], *, mini: bool, max_size: int) -> None:
        self.serial = 0
        """Serial of the top-level message that the last one came from; after None, of the newest."""
        self._messages = messages
        self._header = _MINI_HEADER if mini else _FULL_HEADER
        self._max_size = max_size
        self._chunks: deque[bytes] = deque()
        self._offset = 0
        """Bytes of the first chunk that are used up."""
        self._head = bytearray()
        """A header of which only the beginning has come."""
        self._type = 0
        self._list_offset = 0
        self._body: bytearray | None = None
        """A body of which only the beginning has come, at its full size."""
        self._filled = 0
        self._ready: deque[Message] = deque()
        self._fault: ProtocolError | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes of any length; a ``bytes`` object is kept, anything else is copied."""
        if data:
            self._chunks.append(bytes(data))

    def next_message(self) -> Message | None:
        """The next message in the order of execution; None: more bytes are needed.

        ProtocolError: the type is unknown, the body too long or malformed, or the sub-messages do not fit
        in it. What came before it has been returned.
        """
        if self._fault is not None:
            raise self._fault
        try:
            while not self._ready:
                body = self._next_body()
                if body is None:
                    return None
                # Clients count: the serial that a full header carries says nothing that the count does not.
                self.serial += 1
                self._ready.extend(self._parse(body))
        except ProtocolError as fault:
            self._fault = fault
            self._chunks.clear()
            self._body = None
            raise
        return self._ready.popleft()

    def _next_body(self) -> memoryview | None:
        """One message's body, with its header's fields set; None until it is complete."""
        if self._body is None:
            header = self._next_header()
            if header is None:
                return None
            size = self._read_header(header)
            if self._chunks and len(self._chunks[0]) - self._offset >= size:
                return self._take(size)
            if not size:
                return memoryview(b"")
            # At its full size at once: a body of thousands of pieces is copied once, not again and again.
            self._body = bytearray(size)
            self._filled = 0
        while self._chunks and self._filled < len(self._body):
            piece = self._take(len(self._body) - self._filled)
            self._body[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
        if self._filled < len(self._body):
            return None
        body = memoryview(self._body).toreadonly()
        self._body = None
        return body

    def _next_header(self) -> bytes | memoryview | None:
        size = self._header.size
        if not self._head and self._chunks and len(self._chunks[0]) - self._offset >= size:
            return self._take(size)
        while self._chunks and len(self._head) < size:
            self._head += self._take(size - len(self._head))
        if len(self._head) < size:
            return None
        header = bytes(self._head)
        self._head.clear()
        return header

    def _take(self, size: int) -> memoryview:
        """At most ``size`` bytes of the first chunk, not copied."""
        chunk = self._chunks[0]
        piece = memoryview(chunk)[self._offset : self._offset + size]
        self._offset += len(piece)
        if self._offset == len(chunk):
            self._chunks.popleft()
            self._offset = 0
        return piece

    def _read_header(self, header: bytes | memoryview) -> int:
        """Judge a header before any of its body is waited for; returns the body's size."""
        if self._header is _MINI_HEADER:
            self._type, size = _MINI_HEADER.unpack(header)
            self._list_offset = 0
        else:
            _, self._type, size, self._list_offset = _FULL_HEADER.unpack(header)
        name = self._class_of(self._type).NAME
        if size > self._max_size:
            raise ProtocolError(f"{name} of {size} bytes is longer than the {self._max_size} allowed here")
        if self._list_offset and self._list_offset + _COUNT.size > size:
            raise ProtocolError(
                f"the sub-message list of {name} at {self._list_offset} lies outside its {size} bytes"
            )
        return int(size)

    def _class_of(self, number: int) -> type[Message]:
        try:
            return self._messages[number]
        except KeyError:
            raise ProtocolError(f"message type {number} does not exist here") from None

    def _parse(self, body: memoryview) -> list[Message]:
        is_list = self._type == LIST_TYPE
        if not is_list and not self._list_offset:
            return [self._class_of(self._type).parse(body)]
        messages, end = self._sub_messages(body)
        if not is_list:
            messages.append(self._class_of(self._type).parse(body[:end]))
        return messages

    def _sub_messages(self, body: memoryview) -> tuple[list[Message], int]:
        """The sub-messages, and where the carrying message's own body ends."""
        reader = Reader(body).at(self._list_offset)
        count = reader.u16("number of sub-messages")
        offsets = struct.unpack(f"<{count}I", reader.take(count * _OFFSET.size, "sub-message offsets"))
        # Each byte belongs to one sub-message at most: else a short body could stand for gigabytes of them.
        room = len(body) - _COUNT.size - count * _OFFSET.size
        messages = []
        for offset in offsets:
            sub = reader.at(offset)
            number, size = sub.unpack(_SUB_HEADER, "sub-message header")
            data = sub.take(size, "sub-message")
            room -= _SUB_HEADER.size + size
            if room < 0:
                raise ProtocolError(f"the {count} sub-messages of a body of {len(body)} bytes overlap")
            if number == LIST_TYPE:
                raise ProtocolError("a list of sub-messages is itself a sub-message")
            messages.append(self._class_of(number).parse(data))
        return messages, min((self._list_offset, *offsets))


class FrameWriter:
    """Puts headers before message bodies, and counts them."""

    def __init__(self, *, mini: bool) -> None:
        self.serial = 0
        """Serial of the last message encoded; the first has 1."""
        self._mini = mini

    def encode(self, message: Message, sub: Sequence[Message] = ()) -> list[bytes | memoryview]:
        """The bytes of a message and the ones to be done before it, for a gathering send.

        Large blobs are the messages' own buffers: they must not change until they are sent. With mini
        headers ``sub`` goes ahead as a message with a serial of its own: a lone one as it is, for some
        clients know no lists, several as a list.
        """
        body = message.buffers()
        size = _length(body)
        if not sub:
            return self._framed(message.TYPE, body, size)
        if not self._mini:
            trailer, list_offset = _sub_list(sub, size, list_first=False)
            whole = [*body, *trailer]
            return self._framed(message.TYPE, whole, _length(whole), list_offset)
        if len(sub) == 1:
            ahead = sub[0].buffers()
            parts = self._framed(sub[0].TYPE, ahead, _length(ahead))
        else:
            ahead, _ = _sub_list(sub, 0, list_first=True)
            parts = self._framed(LIST_TYPE, ahead, _length(ahead))
        return parts + self._framed(message.TYPE, body, size)

    def _framed(
        self, number: int, body: list[bytes | memoryview], size: int, list_offset: int = 0
    ) -> list[bytes | memoryview]:
        self.serial += 1
        if self._mini:
            header = _MINI_HEADER.pack(number, size)
        else:
            header = _FULL_HEADER.pack(self.serial, number, size, list_offset)
        if body and len(body[0]) < BLOB_BY_REFERENCE:
            # One piece less for the socket to gather.
            return [header + body[0], *body[1:]]
        return [header, *body]


def _sub_list(
    sub: Sequence[Message], start: int, *, list_first: bool
) -> tuple[list[bytes | memoryview], int]:
    """The sub-messages and the list that points to them, from offset ``start`` of a body; the list's offset.

    Behind a body the list comes last: so its offset is never 0, which would mean that there is none.
    """
    list_size = _COUNT.size + len(sub) * _OFFSET.size
    position = start + list_size if list_first else start
    offsets: list[int] = []
    parts: list[bytes | memoryview] = []
    for message in sub:
        body = message.buffers()
        size = _length(body)
        offsets.append(position)
        parts += [_SUB_HEADER.pack(message.TYPE, size), *body]
        position += _SUB_HEADER.size + size
    pointers = _COUNT.pack(len(sub)) + struct.pack(f"<{len(sub)}I", *offsets)
    return ([pointers, *parts], start) if list_first else ([*parts, pointers], position)


def _length(parts: Sequence[bytes | memoryview]) -> int:
    return sum(map(len, parts))
