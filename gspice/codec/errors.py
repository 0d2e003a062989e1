"""What a decoder raises: it does not know whether a client, a server or a guest made the bytes."""

from gspice.errors import GSpiceError


class CodecError(GSpiceError):
    """An encoded image that is not one; the caller raises ProtocolError or GuestError in its place."""
