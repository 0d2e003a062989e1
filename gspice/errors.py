"""The typed errors of GSpice: each family says whose fault it is, and so what is given up."""


class GSpiceError(Exception):
    """Base of every error that GSpice raises on purpose."""


class ProtocolError(GSpiceError):
    """A network peer sent bytes that the protocol does not allow: its connection is closed."""


class LinkRefused(GSpiceError):
    """The peer answered the link stage with an error code; carries the code of the SPICE link reply."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class GuestError(GSpiceError):
    """Guest memory held a command that cannot be trusted: the command is dropped, counted and released."""


class InterfaceError(GSpiceError):
    """A host handed over a VDI interface that this server does not take (type, version or duplicate)."""


class ConfigError(GSpiceError):
    """A flag, file or option of the operator's is wrong; the text names what to do about it."""


class GpuError(GSpiceError):
    """The GPU could not do what it was asked for: its canvas is given up, and the CPU canvas goes on."""


class GpuLostError(GpuError):
    """The GPU's context is gone or has failed: nothing on the device can be used any more."""


class GpuMemoryError(GpuError):
    """The GPU has no memory for this; what it holds is as before."""


class EncoderError(GSpiceError):
    """A video encoder cannot do what it was asked for: its stream goes on with another one, or as images."""
