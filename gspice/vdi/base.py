"""What every VDI interface has in common: a type string and the version that the host was built for."""

from abc import ABC
from typing import ClassVar

from gspice.errors import InterfaceError


class Interface(ABC):
    """A device or service that the host offers to the server.

    The class constants are what this server knows; ``major`` and ``minor`` are what the host was built for. A host
    built for an older minor lacks the callbacks that came later: ask ``since(minor)`` before calling one.
    """

    TYPE: ClassVar[str]
    MAJOR: ClassVar[int]
    MINOR: ClassVar[int]

    description: str = ""
    major: int
    minor: int

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "MAJOR" in cls.__dict__:
            cls.major, cls.minor = cls.MAJOR, cls.MINOR

    def since(self, minor: int) -> bool:
        """Whether the host has the callbacks that came with ``minor``."""
        return self.minor >= minor


def check_version(interface: Interface) -> None:
    """Refuse a host whose interface this server cannot speak: other major, or newer minor (InterfaceError)."""
    if interface.major != interface.MAJOR or interface.minor > interface.MINOR:
        raise InterfaceError(
            f"unsupported {interface.TYPE} interface {interface.major}.{interface.minor}: "
            f"this server takes {interface.MAJOR}.0 to {interface.MAJOR}.{interface.MINOR}"
        )
