"""How fields lie on the wire, declared as data: ``Annotated[int, Int("I")]``, with short names for most.

A *shape* reads and writes one value. A *condition* beside it says when the field is there at all; a field
that is not there is None. The classes that carry such declarations are the Structs of ``wire/message.py``.
"""

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, Protocol, TypeAlias

from gspice.errors import ProtocolError
from gspice.geometry import Point, Rect
from gspice.wire import limits
from gspice.wire.buffer import BodyReader, BodyWriter, Scope

Sizer: TypeAlias = Callable[[Scope], int]
"""Works out how many elements a field has from the fields before it."""


class Shape(ABC):
    """How one value lies on the wire."""

    min_size: int
    """Bytes that every value takes at least."""
    nullable = False
    """None is a value (and not the lack of one)."""

    @abstractmethod
    def read(self, reader: BodyReader, scope: Scope) -> Any: ...

    @abstractmethod
    def write(self, writer: BodyWriter, value: Any, scope: Scope) -> None: ...


class Fixed(Shape):
    """A value that is always the same run of integers: neighbours are read and written in one go."""

    def __init__(self, codes: str) -> None:
        self.codes = codes
        self.layout = struct.Struct("<" + codes)
        self.min_size = self.layout.size
        self.arity = len(self.layout.unpack(bytes(self.min_size)))

    def join(self, raw: tuple[Any, ...]) -> Any:
        """The value made from its integers."""
        return raw

    def split(self, value: Any) -> tuple[Any, ...]:
        """The integers that make up a value."""
        return tuple(value)

    def read(self, reader: BodyReader, scope: Scope) -> Any:
        return self.join(reader.unpack(self.layout))

    def write(self, writer: BodyWriter, value: Any, scope: Scope) -> None:
        writer.write(self.pack(value))

    def pack(self, value: Any) -> bytes:
        """The bytes of a value; ProtocolError where it does not fit."""
        try:
            return self.layout.pack(*self.split(value))
        except struct.error as error:
            raise ProtocolError(f"{value!r} does not fit: {error}") from error


class Int(Fixed):
    """One integer, by its code of the struct module."""

    def join(self, raw: tuple[Any, ...]) -> Any:
        return raw[0]

    def split(self, value: Any) -> tuple[Any, ...]:
        return (value,)


class Bounded(Int):
    """An integer that says how much memory something will take, and so has a limit."""

    def __init__(self, codes: str, *, limit: int) -> None:
        super().__init__(codes)
        self.limit = limit

    def join(self, raw: tuple[Any, ...]) -> Any:
        if raw[0] > self.limit:
            raise ProtocolError(f"{raw[0]} where the limit is {self.limit}")
        return raw[0]

    def split(self, value: Any) -> tuple[Any, ...]:
        return (self.join((value,)),)


class Bool(Int):
    """A flag in a byte; any value but 0 is true."""

    def join(self, raw: tuple[Any, ...]) -> Any:
        return raw[0] != 0

    def split(self, value: Any) -> tuple[Any, ...]:
        return (1 if value else 0,)


class RectShape(Fixed):
    """Four i32: top, left, bottom, right."""

    def join(self, raw: tuple[Any, ...]) -> Any:
        top, left, bottom, right = raw
        return Rect(left, top, right, bottom)

    def split(self, value: Any) -> tuple[Any, ...]:
        return (value.top, value.left, value.bottom, value.right)


class PointShape(Fixed):
    """Two integers: x, y."""

    def join(self, raw: tuple[Any, ...]) -> Any:
        return Point(*raw)


class FixedBytes(Fixed):
    """A stretch of bytes of a length that the protocol fixes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size}s")

    def join(self, raw: tuple[Any, ...]) -> Any:
        return raw[0]

    def split(self, value: Any) -> tuple[Any, ...]:
        if len(value) != self.min_size:
            raise ProtocolError(f"{len(value)} bytes where the protocol fixes {self.min_size}")
        return (bytes(value),)


class Sized(Shape):
    """A value of several elements. How many is said by just one of three: a ``count`` that goes before it
    (or before the field ``ahead_of``), a ``size`` worked out from other fields, or the end of the body.
    """

    def __init__(
        self, count: Int | None = None, *, limit: int, ahead_of: str | None = None, size: Sizer | None = None
    ) -> None:
        self.count = count
        self.limit = limit
        self.ahead_of = ahead_of
        self.size = size
        self.min_size = 0

    @property
    def rest(self) -> bool:
        """The value goes on to the end of the body."""
        return self.count is None and self.size is None

    def length(self, value: Any) -> int:
        """The count that goes on the wire for a value."""
        return len(value)

    def read(self, reader: BodyReader, scope: Scope) -> Any:
        n = self.size(scope) if self.size else self.available(reader)
        return self.read_n(reader, n, scope)

    def check(self, n: int) -> None:
        """ProtocolError where ``n`` elements are more than the limit (or negative)."""
        if not 0 <= n <= self.limit:
            raise ProtocolError(f"{n} elements where the limit is {self.limit}")

    def check_written(self, value: Any, scope: Scope) -> None:
        """ProtocolError where a value to be written is too long or not of the size that other fields say."""
        n = self.length(value)
        self.check(n)
        if self.size and n != self.size(scope):
            raise ProtocolError(f"{n} elements where the other fields say {self.size(scope)}")

    @abstractmethod
    def available(self, reader: BodyReader) -> int:
        """How many elements the rest of the body holds."""

    @abstractmethod
    def read_n(self, reader: BodyReader, n: int, scope: Scope) -> Any:
        """Read a value of ``n`` elements."""


class Blob(Sized):
    """Bytes. Read as a copy of their own; written by reference where they are many."""

    def length(self, value: Any) -> int:
        size: int = value.nbytes if isinstance(value, memoryview) else len(value)
        return size

    def available(self, reader: BodyReader) -> int:
        return reader.remaining

    def read_n(self, reader: BodyReader, n: int, scope: Scope) -> Any:
        self.check(n)
        return bytes(reader.take(n))

    def write(self, writer: BodyWriter, value: Any, scope: Scope) -> None:
        self.check_written(value, scope)
        writer.blob(value)


class Text(Sized):
    """A C string in UTF-8, its NUL counted; what is not UTF-8 is read as U+FFFD.

    ``nul_uncounted``: the NUL follows but the count leaves it out. A NUL that is missing is none the worse.
    """

    def __init__(self, count: Int, *, limit: int, nul_uncounted: bool = False) -> None:
        super().__init__(count, limit=limit)
        self.nul_uncounted = nul_uncounted

    def length(self, value: Any) -> int:
        return len(value.encode("utf-8", "replace")) + (not self.nul_uncounted)

    def available(self, reader: BodyReader) -> int:
        return reader.remaining

    def read_n(self, reader: BodyReader, n: int, scope: Scope) -> Any:
        self.check(n)
        raw = bytes(reader.take(n, "text"))
        if self.nul_uncounted and reader.remaining and not reader.peek_u8(0):
            reader.take(1)
        return raw.partition(b"\0")[0].decode("utf-8", "replace")

    def write(self, writer: BodyWriter, value: Any, scope: Scope) -> None:
        self.check_written(value, scope)
        if "\0" in value:
            raise ProtocolError("a NUL inside a C string")
        writer.write(value.encode("utf-8", "replace") + b"\0")


class Array(Sized):
    """A tuple of values of one shape; structs among them see the fields named in ``inherit`` as ``^name``."""

    def __init__(
        self,
        item: Shape,
        count: Int | None = None,
        *,
        limit: int,
        ahead_of: str | None = None,
        size: Sizer | None = None,
        inherit: tuple[str, ...] = (),
    ) -> None:
        super().__init__(count, limit=limit, ahead_of=ahead_of, size=size)
        self.item = item
        self.inherit = inherit

    def available(self, reader: BodyReader) -> int:
        n, surplus = divmod(reader.remaining, self.item.min_size)
        if surplus:
            raise ProtocolError(f"{surplus} bytes after the last whole element of {self.item.min_size}")
        return n

    def read_n(self, reader: BodyReader, n: int, scope: Scope) -> Any:
        self.check(n)
        item = self.item
        if n * item.min_size > reader.remaining:
            raise ProtocolError(f"truncated array: {n} elements in {reader.remaining} bytes")
        if isinstance(item, Fixed):
            return tuple(map(item.join, item.layout.iter_unpack(reader.take(n * item.min_size))))
        inner = {f"^{name}": scope[name] for name in self.inherit}
        return tuple([item.read(reader, inner) for _ in range(n)])

    def write(self, writer: BodyWriter, value: Any, scope: Scope) -> None:
        self.check_written(value, scope)
        item = self.item
        if isinstance(item, Fixed):
            writer.write(b"".join(map(item.pack, value)))
            return
        inner = {f"^{name}": scope[name] for name in self.inherit}
        for element in value:
            item.write(writer, element, inner)


class Pointer(Shape):
    """A u32 offset from the start of the body to where the value lies; 0 is None (empty for a counted value).

    A counted value has its count where the pointer is, before it.
    """

    def __init__(self, target: Shape, *, nullable: bool = False) -> None:
        self.target = target
        self.min_size = 4
        self.counted = target if isinstance(target, Sized) else None
        self.null_is_empty = nullable and self.counted is not None
        self.nullable = nullable and self.counted is None

    def length(self, value: Any) -> int:
        """The count that goes on the wire for a counted value."""
        assert self.counted is not None
        return self.counted.length(value) if value or not self.null_is_empty else 0

    def read(self, reader: BodyReader, scope: Scope) -> Any:
        there = self._follow(reader)
        if there is None:
            if not self.nullable:
                raise ProtocolError("a null pointer where the protocol wants a value")
            return None
        start = there.pos
        value = self.target.read(there, scope)
        there.cover(start)
        return value

    def read_n(self, reader: BodyReader, n: int, scope: Scope) -> Any:
        """Read a counted value of ``n`` elements."""
        assert self.counted is not None
        there = self._follow(reader)
        if there is None:
            if n or not self.null_is_empty:
                raise ProtocolError(f"a null pointer to {n} elements")
            return self.counted.read_n(reader, 0, scope)
        start = there.pos
        value = self.counted.read_n(there, n, scope)
        there.cover(start)
        return value

    def write(self, writer: BodyWriter, value: Any, scope: Scope) -> None:
        if (value is None and self.nullable) or (not value and self.null_is_empty):
            writer.u32(0)
        elif value is None:
            raise ProtocolError("None where the protocol wants a value")
        else:
            writer.defer(self.target, value, scope)

    @staticmethod
    def _follow(reader: BodyReader) -> BodyReader | None:
        offset = reader.u32("pointer")
        return reader.at(offset) if offset else None


class Condition(Protocol):
    """Says whether an optional field is there."""

    def on_read(self, reader: BodyReader, scope: Scope) -> bool: ...

    def on_write(self, value: Any, scope: Scope) -> bool: ...


class When:
    """The field is there if any bit of ``mask`` is set in an earlier field (if none is: ``unset=True``)."""

    def __init__(self, field: str, mask: int, *, unset: bool = False) -> None:
        self.field = field
        self.mask = int(mask)
        self.unset = unset

    def on_read(self, reader: BodyReader, scope: Scope) -> bool:
        return bool(scope[self.field] & self.mask) != self.unset

    def on_write(self, value: Any, scope: Scope) -> bool:
        return bool(scope[self.field] & self.mask) != self.unset


class WhenGiven:
    """The field is there if both ends agreed on it, as the caller of ``parse`` knows; None leaves it out."""

    def __init__(self, agreed: str) -> None:
        self.agreed = agreed

    def on_read(self, reader: BodyReader, scope: Scope) -> bool:
        return self.agreed in scope.get("?", ())

    def on_write(self, value: Any, scope: Scope) -> bool:
        return value is not None


class WhenMore:
    """The field is there if the body goes on, for tails that only some peers send; None leaves it out."""

    def on_read(self, reader: BodyReader, scope: Scope) -> bool:
        return reader.remaining > 0

    def on_write(self, value: Any, scope: Scope) -> bool:
        return value is not None


INT8, INT16, INT32, INT64 = Int("B"), Int("H"), Int("I"), Int("Q")
"""Shapes for counts."""
SINT32 = Int("i")

U8: TypeAlias = Annotated[int, INT8]
U16: TypeAlias = Annotated[int, INT16]
U32: TypeAlias = Annotated[int, INT32]
U64: TypeAlias = Annotated[int, INT64]
I16: TypeAlias = Annotated[int, Int("h")]
I32: TypeAlias = Annotated[int, SINT32]
I64: TypeAlias = Annotated[int, Int("q")]
Flag: TypeAlias = Annotated[bool, Bool("B")]
RECT = RectShape("iiii")
WireRect: TypeAlias = Annotated[Rect, RECT]
POINT = PointShape("ii")
WirePoint: TypeAlias = Annotated[Point, POINT]
WirePoint16: TypeAlias = Annotated[Point, PointShape("hh")]
Uuid: TypeAlias = Annotated[bytes, FixedBytes(16)]
Rest: TypeAlias = Annotated[bytes, Blob(limit=limits.BODY)]
"""Raw data up to the end of the body, from a client."""
BulkRest: TypeAlias = Annotated[bytes | memoryview, Blob(limit=limits.BODY)]
"""Raw data up to the end of the body, to a client."""
