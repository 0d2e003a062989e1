"""Which of the devices that an API lists is the one that the operator means."""

from collections.abc import Sequence
from dataclasses import dataclass

from gspice.errors import ConfigError

SOFTWARE_NAMES = ("llvmpipe", "lavapipe", "softpipe", "swrast", "swiftshader", "software")


@dataclass(frozen=True, slots=True)
class Adapter:
    """A device as it is listed, before anything is opened on it."""

    api: str
    index: int
    """Its number, as ``open`` takes it."""
    name: str
    software: bool
    path: str = ""
    """Its device file, where it has one."""

    def __str__(self) -> str:
        return f"{self.index}: {self.name}" + (f" ({self.path})" if self.path else "")


def is_software(name: str) -> bool:
    """Whether a renderer of this name computes on the CPU."""
    return any(word in name.lower() for word in SOFTWARE_NAMES)


def chosen(adapters: Sequence[Adapter], device: str | None, api: str, install: str) -> Adapter:
    """The one that ``device`` means: a number, a device file, or a part of a name; None: the first that is a GPU.

    ConfigError: there is none; ``install`` says what would bring one.
    """
    if not adapters:
        raise ConfigError(f"{api} finds no device: {install}")
    listed = "; ".join(map(str, adapters))
    if device is None:
        for adapter in adapters:
            if not adapter.software:
                return adapter
        raise ConfigError(f"{api} finds no GPU; software draws only when it is asked for by name: {listed}")
    if device.isdecimal():
        for adapter in adapters:
            if adapter.index == int(device):
                return adapter
    else:
        wanted = device.lower()
        for adapter in adapters:
            if adapter.path == device or wanted in adapter.name.lower():
                return adapter
    raise ConfigError(f"{api} finds no device {device!r}: it has {listed}")


def preferred(adapters: Sequence[Adapter]) -> str | None:
    """For ``device``, where the operator named the API alone: a GPU, or else what computes on the CPU."""
    for adapter in sorted(adapters, key=lambda adapter: adapter.software):
        return str(adapter.index)
    return None
