"""Frozen values with named fields, of classes that cost next to nothing to make.

Nearly two hundred such classes are made before a server listens, and most are never used in a process. So what
dataclasses would compile for each is inherited instead, and the constructor is compiled by its first call.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")


class Value:
    """What ``wire`` makes classes of. Values take no assignment (FrozenInstanceError), can be copied and pickled,
    and are equal to those of the same class with the same fields.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in _fields(type(self)))
        return f"{type(self).__qualname__}({shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), {f.name: getattr(self, f.name) for f in _fields(type(self)) if f.init})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def wire(cls: type[_T]) -> type[_T]:
    """Make a Value's class a frozen, slotted dataclass that takes its fields by keyword alone."""
    return _made(cls, kw_only=True)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[_T]) -> type[_T]:
    """Make a Value's class a frozen, slotted dataclass that takes its fields in order or by keyword."""
    return _made(cls, kw_only=False)


def _made(cls: type[_T], *, kw_only: bool) -> type[_T]:
    # A docstring that is missing would be made of the signature, at length.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made = dataclass(init=False, repr=False, eq=False, match_args=False, slots=True)(cls)

    def compile_first(self: Any, /, *values: Any, **named: Any) -> None:
        constructor = _constructor(made, kw_only)
        setattr(made, "__init__", constructor)  # noqa: B010  mypy takes no assignment to a method
        constructor(self, *values, **named)

    setattr(made, "__init__", compile_first)  # noqa: B010
    return made


def _constructor(cls: type[Any], kw_only: bool) -> Callable[..., None]:
    """A class's ``__init__``: it writes through the slots, for instances take no assignment."""
    parameters: list[str] = []
    lines: list[str] = []
    names: dict[str, Any] = {}
    for index, f in enumerate(fields(cls)):
        names[f"set_{index}"] = getattr(cls, f.name).__set__
        names[f"default_{index}"] = f.default
        if not f.init:
            lines.append(f"    set_{index}(self, default_{index})")
            continue
        parameters.append(f.name if f.default is MISSING else f"{f.name}=default_{index}")
        lines.append(f"    set_{index}(self, {f.name})")
    star = "*, " if parameters and kw_only else ""
    exec(f"def __init__(self, /, {star}{', '.join(parameters)}):\n" + ("\n".join(lines) or "    pass"), names)
    constructor: Callable[..., None] = names["__init__"]
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    constructor.__module__ = cls.__module__
    return constructor


def _fields(cls: type[Any]) -> tuple[Field[Any], ...]:
    return fields(cls) if is_dataclass(cls) else ()


def _values(value: object) -> tuple[Any, ...]:
    return tuple([getattr(value, f.name) for f in _fields(type(value))])


def _rebuilt(cls: type[Any], values: dict[str, Any]) -> Any:
    return cls(**values)
