"""Structs: classes whose fields declare their own wire form, and messages, the structs that are whole bodies.

Each class is compiled once, at first use, into a plan: neighbouring integers become one struct.Struct.
"""

import struct
from collections.abc import Collection
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, ClassVar, Self, get_type_hints

from gspice.errors import ProtocolError
from gspice.wire.buffer import BodyReader, BodyWriter, Scope
from gspice.wire.fields import Condition, Fixed, Int, Pointer, Shape, Sized
from gspice.wire.values import Value, wire

__all__ = (
    "BASE_CHANNEL",
    "Declared",
    "Direction",
    "Message",
    "Nested",
    "OneOf",
    "Plan",
    "Struct",
    "plan_of",
    "wire",
)


class Struct(Value):
    """A value with declared fields. Subclasses are decorated with ``wire``; fields with ``init=False`` are
    constants of the class and must read as they are.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, body: bytes | bytearray | memoryview, given: Collection[str] = ()) -> Self:
        """Read a body that holds this and nothing else; any other is a ProtocolError.

        ``given`` names what both ends agreed on (see WhenGiven). The result keeps no reference to ``body``.
        """
        reader = BodyReader(body)
        value: Self = plan_of(cls).read(reader, {"?": given} if given else {})
        reader.cover(0)
        if reader.end != reader.total:
            raise ProtocolError(f"{reader.total - reader.end} bytes after the end of {cls.__name__}")
        return value

    def serialize(self) -> bytes:
        """The body in one piece; ProtocolError where a field does not fit its wire form."""
        return self._written().getvalue()

    def buffers(self) -> list[bytes | memoryview]:
        """The body as a list for a gathering send: large data are not copied: leave them alone till sent."""
        return self._written().buffers()

    def _written(self) -> BodyWriter:
        writer = BodyWriter()
        plan_of(type(self)).write(writer, self, {})
        writer.finish()
        return writer


class Direction(Enum):
    """Who sends a message."""

    TO_CLIENT = "server to client"
    TO_SERVER = "client to server"


BASE_CHANNEL = 0
"""``Message.CHANNEL`` of the base messages, which every channel has."""


class Message(Struct):
    """One message body, without a header."""

    __slots__ = ()

    TYPE: ClassVar[int]
    """Number in the header."""
    NAME: ClassVar[str]
    """Name in logs: the class's name."""
    CHANNEL: ClassVar[int]
    """Channel type that the message belongs to; BASE_CHANNEL for all."""
    DIRECTION: ClassVar[Direction]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.NAME = cls.__name__


class Nested(Shape):
    """A struct inside another, in place."""

    def __init__(self, cls: type[Struct]) -> None:
        self.cls = cls
        self.plan = plan_of(cls)
        self.min_size = self.plan.min_size

    def read(self, reader: BodyReader, scope: Scope) -> Any:
        return self.plan.read(reader, scope)

    def write(self, writer: BodyWriter, value: Any, scope: Scope) -> None:
        self.plan.write(writer, value, scope)


class OneOf(Shape):
    """One of several structs, told apart by the constant ``type`` that lies ``tag_at`` bytes into each."""

    def __init__(self, *classes: type[Struct], tag_at: int = 0) -> None:
        self.tag_at = tag_at
        self.classes = classes
        self.by_tag = {plan_of(cls).constants["type"]: plan_of(cls) for cls in classes}
        self.min_size = min(plan.min_size for plan in self.by_tag.values())
        self._plans = {plan.cls: plan for plan in self.by_tag.values()}

    def read(self, reader: BodyReader, scope: Scope) -> Any:
        tag = reader.peek_u8(self.tag_at, "type")
        plan = self.by_tag.get(tag)
        if plan is None:
            raise ProtocolError(f"unknown type {tag} where one of {sorted(self.by_tag)} is wanted")
        return plan.read(reader, {})

    def write(self, writer: BodyWriter, value: Any, scope: Scope) -> None:
        plan = self._plans.get(type(value))
        if plan is None:
            raise ProtocolError(f"a {type(value).__name__} has no place here")
        plan.write(writer, value, {})


@dataclass(frozen=True, slots=True)
class Declared:
    """One field as declared; ``key`` of a count that has no field of its own ends in ``#``."""

    key: str
    shape: Shape
    condition: Condition | None = None


class _Run:
    """Neighbouring fixed fields: one struct.Struct for all."""

    def __init__(self, owner: str, entries: list[tuple[str, Fixed]], constants: dict[str, Any]) -> None:
        self.owner = owner
        self.entries = entries
        self.keys = tuple(key for key, _ in entries)
        self.layout = struct.Struct("<" + "".join(shape.codes for _, shape in entries))
        self.plain = all(type(shape) is Int for _, shape in entries)
        self.constants = [(key, constants[key]) for key in self.keys if key in constants]

    def read(self, reader: BodyReader, scope: dict[str, Any]) -> None:
        raw = reader.unpack(self.layout, self.owner)
        if self.plain:
            scope.update(zip(self.keys, raw, strict=True))
        else:
            start = 0
            for key, shape in self.entries:
                end = start + shape.arity
                scope[key] = shape.join(raw[start:end])
                start = end
        for key, value in self.constants:
            if scope[key] != value:
                raise ProtocolError(f"{self.owner}: {key} is {scope[key]}, not {value}")

    def write(self, writer: BodyWriter, scope: dict[str, Any]) -> None:
        try:
            if self.plain:
                writer.pack(self.layout, *[scope[key] for key in self.keys])
            else:
                raw: list[Any] = []
                for key, shape in self.entries:
                    raw += shape.split(scope[key])
                writer.pack(self.layout, *raw)
        except (struct.error, ProtocolError) as error:
            for key, shape in self.entries:
                _named(self.owner, key, shape.pack, scope[key])
            raise ProtocolError(f"{self.owner}: {error}") from error


class _Single:
    """One field that is optional or of no fixed size."""

    def __init__(self, owner: str, declared: Declared) -> None:
        self.owner = owner
        self.key = declared.key
        self.shape = declared.shape
        self.condition = declared.condition
        counted = isinstance(self.shape, Pointer) and self.shape.counted is not None
        has_count = isinstance(self.shape, Sized) and self.shape.count is not None
        self.count_key = f"{self.key}#" if counted or has_count else None

    def read(self, reader: BodyReader, scope: dict[str, Any]) -> None:
        if self.condition is not None and not self.condition.on_read(reader, scope):
            scope[self.key] = None
        elif self.count_key is None:
            scope[self.key] = self.shape.read(reader, scope)
        else:
            assert isinstance(self.shape, Sized | Pointer)
            scope[self.key] = self.shape.read_n(reader, scope[self.count_key], scope)

    def write(self, writer: BodyWriter, scope: dict[str, Any]) -> None:
        value = scope[self.key]
        if self.condition is not None and not self.condition.on_write(value, scope):
            if value is not None and not self.key.endswith("#"):
                raise ProtocolError(
                    f"{self.owner}.{self.key} is set where another field says it is not there"
                )
            return
        if value is None and not self.shape.nullable:
            raise ProtocolError(f"{self.owner}.{self.key} is missing")
        _named(self.owner, self.key, self.shape.write, writer, value, scope)


class Plan:
    """How to read and write one class."""

    def __init__(self, cls: type[Struct]) -> None:
        self.cls = cls
        hints = get_type_hints(cls, include_extras=True)
        own = fields(cls)  # type: ignore[arg-type]
        self.names = tuple(f.name for f in own)
        self.constants: dict[str, Any] = {f.name: f.default for f in own if not f.init}
        self.declared = _with_counts([_declared(f.name, hints[f.name]) for f in own])
        self._arguments = tuple(f.name for f in own if f.init)
        self._counted = [
            (d.key, f"{d.key}#", d.shape)
            for d in self.declared
            if isinstance(d.shape, Sized | Pointer) and any(e.key == f"{d.key}#" for e in self.declared)
        ]
        self._steps = self._compile()
        self.min_size = sum(d.shape.min_size for d in self.declared if d.condition is None)
        self._only_run = self._direct()

    def read(self, reader: BodyReader, outer: Scope) -> Any:
        """Read a value at the reader's position; ``outer`` holds what the struct around it shares."""
        if self._only_run is not None:
            raw = reader.unpack(self._only_run.layout, self._only_run.owner)
            return self.cls(**dict(zip(self._arguments, raw, strict=True)))
        scope: dict[str, Any] = dict(outer)
        for step in self._steps:
            step.read(reader, scope)
        return self.cls(**{name: scope[name] for name in self._arguments})

    def write(self, writer: BodyWriter, value: Any, outer: Scope) -> None:
        """Write a value; what its pointers lead to is left pending in the writer."""
        scope: dict[str, Any] = dict(outer)
        for name in self.names:
            scope[name] = getattr(value, name)
        for key, count_key, shape in self._counted:
            scope[count_key] = None if scope[key] is None else shape.length(scope[key])
        for step in self._steps:
            step.write(writer, scope)

    def _compile(self) -> list[_Run | _Single]:
        steps: list[_Run | _Single] = []
        run: list[tuple[str, Fixed]] = []
        for declared in self.declared:
            if declared.condition is None and isinstance(declared.shape, Fixed):
                run.append((declared.key, declared.shape))
                continue
            if run:
                steps.append(_Run(self.cls.__name__, run, self.constants))
                run = []
            steps.append(_Single(self.cls.__name__, declared))
        if run:
            steps.append(_Run(self.cls.__name__, run, self.constants))
        return steps

    def _direct(self) -> _Run | None:
        """The one run that is the whole struct, if it can be read without a scope."""
        if len(self._steps) == 1 and isinstance(self._steps[0], _Run):
            run = self._steps[0]
            return run if run.plain and run.keys == self._arguments else None
        return None


_PLANS: dict[type[Struct], Plan] = {}


def plan_of(cls: type[Struct]) -> Plan:
    """The plan of a class, compiled at first use. No struct can hold itself, so the depth is bounded."""
    plan = _PLANS.get(cls)
    if plan is None:
        plan = _PLANS[cls] = Plan(cls)
    return plan


def _declared(name: str, hint: Any) -> Declared:
    metadata = getattr(hint, "__metadata__", ())
    shapes = [m for m in metadata if isinstance(m, Shape)]
    conditions = [m for m in metadata if hasattr(m, "on_read")]
    if not shapes and isinstance(hint, type) and issubclass(hint, Struct):
        shapes = [Nested(hint)]
    if not shapes or len(conditions) > 1:
        raise TypeError(f"field {name} does not declare its wire form: {hint}")
    # an annotation of an annotation is one flat list: the outermost shape comes last
    return Declared(name, shapes[-1], conditions[0] if conditions else None)


def _with_counts(declared: list[Declared]) -> list[Declared]:
    """Put in the counts that have no fields of their own, each where its field wants it."""
    result = list(declared)
    for d in declared:
        sized = d.shape.counted if isinstance(d.shape, Pointer) else d.shape
        if not isinstance(sized, Sized) or sized.count is None:
            continue
        before = sized.ahead_of or d.key
        index = next(i for i, other in enumerate(result) if other.key == before)
        result.insert(index, Declared(f"{d.key}#", sized.count, d.condition))
    return result


def _named(owner: str, key: str, call: Any, *arguments: Any) -> None:
    try:
        call(*arguments)
    except ProtocolError as error:
        raise ProtocolError(f"{owner}.{key}: {error}") from error
