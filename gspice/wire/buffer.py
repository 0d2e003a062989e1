"""The cursor pair of the wire: a bounds-checked reader and a writer that never copies large data.

Everything that comes from a peer is read through ``Reader``; all integers are little endian.
"""

import struct
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol, Self, TypeAlias

from gspice.errors import ProtocolError

BLOB_BY_REFERENCE = 4096
"""Blobs of at least this many bytes are kept by reference; smaller ones are cheaper to copy."""

_U8 = struct.Struct("<B")
_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_I8 = struct.Struct("<b")
_I16 = struct.Struct("<h")
_I32 = struct.Struct("<i")
_I64 = struct.Struct("<q")


class Reader:
    """Reads one body from its start; every overrun raises ProtocolError and leaves the position alone."""

    __slots__ = ("_data", "pos", "total")

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data)
        if view.format != "B" or view.ndim != 1:
            view = view.cast("B")
        self._data = view
        self.pos = 0
        """Offset of the next byte from the start of the body."""
        self.total = len(view)

    @property
    def remaining(self) -> int:
        """Bytes between the position and the end of the body."""
        return self.total - self.pos

    def at(self, offset: int) -> Self:
        """Another reader of the same body at an absolute offset: where a pointer leads."""
        if not 0 <= offset <= self.total:
            raise ProtocolError(f"offset {offset} is outside a body of {self.total} bytes")
        other = type(self).__new__(type(self))
        other._data = self._data
        other.pos = offset
        other.total = self.total
        return other

    def take(self, n: int, what: str = "data") -> memoryview:
        """The next ``n`` bytes, not copied: valid as long as the body is."""
        pos = self.pos
        end = pos + n
        if n < 0 or end > self.total:
            raise self._truncated(what, n)
        self.pos = end
        return self._data[pos:end]

    def unpack(self, layout: struct.Struct, what: str = "fields") -> tuple[Any, ...]:
        """Several integers at once; ``layout`` must be little endian ("<")."""
        pos = self.pos
        end = pos + layout.size
        if end > self.total:
            raise self._truncated(what, layout.size)
        self.pos = end
        return layout.unpack_from(self._data, pos)

    def peek_u8(self, ahead: int, what: str = "u8") -> int:
        """The byte ``ahead`` bytes past the position, which stays where it is."""
        index = self.pos + ahead
        if index >= self.total:
            raise self._truncated(what, ahead + 1)
        return self._data[index]

    def u8(self, what: str = "u8") -> int:
        return self._int(_U8, what)

    def u16(self, what: str = "u16") -> int:
        return self._int(_U16, what)

    def u32(self, what: str = "u32") -> int:
        return self._int(_U32, what)

    def u64(self, what: str = "u64") -> int:
        return self._int(_U64, what)

    def i8(self, what: str = "i8") -> int:
        return self._int(_I8, what)

    def i16(self, what: str = "i16") -> int:
        return self._int(_I16, what)

    def i32(self, what: str = "i32") -> int:
        return self._int(_I32, what)

    def i64(self, what: str = "i64") -> int:
        return self._int(_I64, what)

    def _int(self, layout: struct.Struct, what: str) -> int:
        pos = self.pos
        end = pos + layout.size
        if end > self.total:
            raise self._truncated(what, layout.size)
        self.pos = end
        value: int = layout.unpack_from(self._data, pos)[0]
        return value

    def _truncated(self, what: str, wanted: int) -> ProtocolError:
        return ProtocolError(
            f"truncated {what}: {wanted} bytes wanted at offset {self.pos} of a body of {self.total}"
        )


class Writer:
    """Builds one body; take it with ``buffers()`` (large blobs uncopied) or ``getvalue()``."""

    __slots__ = ("_base", "_parts", "_tail")

    def __init__(self) -> None:
        # (start offset, part): finished stretches; a bytearray among them can still be patched
        self._parts: list[tuple[int, bytes | bytearray | memoryview]] = []
        self._tail = bytearray()
        self._base = 0

    def tell(self) -> int:
        """Bytes written so far, and so the offset of what is written next."""
        return self._base + len(self._tail)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Copy bytes in."""
        self._tail += data

    def blob(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes, by reference where they are many: the caller must not change them until sent."""
        size = data.nbytes if isinstance(data, memoryview) else len(data)
        if size < BLOB_BY_REFERENCE:
            self._tail += data
            return
        if self._tail:
            self._parts.append((self._base, self._tail))
            self._base += len(self._tail)
            self._tail = bytearray()
        part = data if isinstance(data, bytes) else memoryview(data).cast("B")
        self._parts.append((self._base, part))
        self._base += size

    def pack(self, layout: struct.Struct, *values: int) -> None:
        """Several integers at once; struct.error, for the caller to translate, where one is out of range."""
        self._tail += layout.pack(*values)

    def reserve_u32(self) -> int:
        """Leave room for a u32 that is not known yet; returns the position for ``patch_u32``."""
        position = self.tell()
        self._tail += b"\0\0\0\0"
        return position

    def patch_u32(self, position: int, value: int) -> None:
        """Fill in what ``reserve_u32`` left room for."""
        packed = _packed(_U32, value, "u32")
        if position >= self._base:
            start, part = self._base, self._tail
        else:
            start, part = next(
                (start, part)
                for start, part in reversed(self._parts)
                if start <= position and isinstance(part, bytearray)
            )
        self._overwrite(part, position - start, packed)

    def u8(self, value: int, what: str = "u8") -> None:
        self._tail += _packed(_U8, value, what)

    def u16(self, value: int, what: str = "u16") -> None:
        self._tail += _packed(_U16, value, what)

    def u32(self, value: int, what: str = "u32") -> None:
        self._tail += _packed(_U32, value, what)

    def u64(self, value: int, what: str = "u64") -> None:
        self._tail += _packed(_U64, value, what)

    def i8(self, value: int, what: str = "i8") -> None:
        self._tail += _packed(_I8, value, what)

    def i16(self, value: int, what: str = "i16") -> None:
        self._tail += _packed(_I16, value, what)

    def i32(self, value: int, what: str = "i32") -> None:
        self._tail += _packed(_I32, value, what)

    def i64(self, value: int, what: str = "i64") -> None:
        self._tail += _packed(_I64, value, what)

    def buffers(self) -> list[bytes | memoryview]:
        """The body as a list for a gathering send; what was kept by reference is the caller's own buffer."""
        parts: list[bytes | memoryview] = [
            bytes(part) if isinstance(part, bytearray) else part for _, part in self._parts
        ]
        if self._tail:
            parts.append(bytes(self._tail))
        return parts

    def getvalue(self) -> bytes:
        """The body in one piece."""
        if not self._parts:
            return bytes(self._tail)
        return b"".join([*(part for _, part in self._parts), self._tail])

    @staticmethod
    def _overwrite(part: bytearray, index: int, packed: bytes) -> None:
        if index + len(packed) > len(part):
            raise IndexError("no reserved room at that position")
        part[index : index + len(packed)] = packed


class BodyReader(Reader):
    """A Reader that also adds up what pointers lead to, so that no byte can be made to count many times."""

    __slots__ = ("_spans",)

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        super().__init__(data)
        self._spans = [0, 0]  # bytes covered in all, end of the last of them; shared by the readers of a body

    def at(self, offset: int) -> Self:
        other = super().at(offset)
        other._spans = self._spans
        return other

    def cover(self, start: int) -> None:
        """Everything from ``start`` to the position has been read; more than the body holds is an error."""
        self._spans[0] += self.pos - start
        self._spans[1] = max(self._spans[1], self.pos)
        if self._spans[0] > self.total:
            raise ProtocolError(f"pointers lead to overlapping parts of a body of {self.total} bytes")

    @property
    def end(self) -> int:
        """Where the last part that was read ends."""
        return self._spans[1]


Scope: TypeAlias = Mapping[str, Any]
"""The values of a struct's fields, by name: those read so far, or all where it is written."""


class _Writable(Protocol):
    def write(self, writer: "BodyWriter", value: Any, scope: Scope, /) -> None: ...


class BodyWriter(Writer):
    """A Writer that appends what pointers lead to once the fixed part is done, in pointer order."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        super().__init__()
        self._pending: deque[tuple[int, _Writable, Any, Scope]] = deque()

    def defer(self, shape: _Writable, value: Any, scope: Scope) -> None:
        """Leave room for a pointer here and write the value behind everything written so far."""
        self._pending.append((self.reserve_u32(), shape, value, scope))

    def finish(self) -> None:
        """Write what was deferred; values may defer more."""
        while self._pending:
            position, shape, value, scope = self._pending.popleft()
            self.patch_u32(position, self.tell())
            shape.write(self, value, scope)


def _packed(layout: struct.Struct, value: int, what: str) -> bytes:
    try:
        return layout.pack(value)
    except struct.error as error:
        raise ProtocolError(f"{what} does not take {value!r}: {error}") from error
