"""The records of the link stage, with which every channel's connection begins, and their error codes.

Each end sends a header and a body: the client a LinkMess, the server a LinkReply. The state machines that
exchange them are in ``link_server`` and ``link_client``. All numbers are little endian and packed.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from gspice.errors import ProtocolError
from gspice.wire.buffer import Reader
from gspice.wire.caps import NO_CAPS, CapSet

MAGIC: Final = b"REDQ"
MAJOR: Final = 2
MINOR: Final = 2

PUBLIC_KEY_SIZE: Final = 162
"""Bytes of a DER SubjectPublicKeyInfo with an RSA key of 1024 bits and the exponent 65537."""
TICKET_SIZE: Final = 128
"""Bytes of a password encrypted with that key."""

MAX_BODY_SIZE: Final = 4096
"""Limit of a link body in bytes: nobody is authenticated yet, and real ones have about 50 (reply: 200)."""
MAX_CAP_WORDS: Final = 1024
"""Limit of each of the two counts of capability words."""

_HEADER = struct.Struct("<4sIII")
_MESS = struct.Struct("<IBBIII")
_REPLY = struct.Struct(f"<I{PUBLIC_KEY_SIZE}sIII")
HEADER_SIZE: Final = _HEADER.size
MESS_SIZE: Final = _MESS.size
REPLY_SIZE: Final = _REPLY.size

U32 = struct.Struct("<I")
"""How an authentication mechanism and the result of the authentication travel."""


class LinkError(IntEnum):
    """SPICE_LINK_ERR_*: how the server answers."""

    OK = 0
    ERROR = 1
    INVALID_MAGIC = 2
    INVALID_DATA = 3
    VERSION_MISMATCH = 4
    NEED_SECURED = 5
    NEED_UNSECURED = 6
    PERMISSION_DENIED = 7
    BAD_CONNECTION_ID = 8
    CHANNEL_NOT_AVAILABLE = 9


_ERROR_TEXTS: Final = {
    LinkError.OK: "the link is accepted",
    LinkError.ERROR: "the server failed",
    LinkError.INVALID_MAGIC: "the link did not begin with the SPICE magic",
    LinkError.INVALID_DATA: "the link data are malformed",
    LinkError.VERSION_MISMATCH: "the two ends speak different major versions of the protocol",
    LinkError.NEED_SECURED: "the channel is served over TLS only",
    LinkError.NEED_UNSECURED: "the channel is served without TLS only",
    LinkError.PERMISSION_DENIED: "the password is wrong, expired or not set",
    LinkError.BAD_CONNECTION_ID: "the connection id belongs to no connected client",
    LinkError.CHANNEL_NOT_AVAILABLE: "the server has no such channel",
}


def link_error_text(code: int) -> str:
    """A sentence for the operator or user; codes that the protocol does not know have one too."""
    try:
        return _ERROR_TEXTS[LinkError(code)]
    except ValueError:
        return f"the server refused the link with the unknown code {code}"


class AuthMechanism(IntEnum):
    """How a client wants to prove itself; the numbers are those of the common capabilities."""

    SPICE = 1
    SASL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHeader:
    """What precedes each end's link body."""

    size: int
    """Bytes of the body."""
    major: int = MAJOR
    minor: int = MINOR
    magic: bytes = MAGIC

    def serialize(self) -> bytes:
        """The 16 bytes on the wire."""
        return _HEADER.pack(self.magic, self.major, self.minor, self.size)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Take the fields apart without judging them, for their faults have different answers.

        ProtocolError: there are fewer than HEADER_SIZE bytes.
        """
        magic, major, minor, size = Reader(data).unpack(_HEADER, "link header")
        return cls(size=size, major=major, minor=minor, magic=magic)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMess:
    """The client's link body: which channel it wants, and what it can do."""

    connection_id: int
    """0 on a new main channel; else what the main channel's INIT said."""
    channel_type: int
    channel_id: int
    common_caps: CapSet = NO_CAPS
    channel_caps: CapSet = NO_CAPS

    def serialize(self) -> bytes:
        """The body, without its header."""
        common, channel = self.common_caps.words(), self.channel_caps.words()
        fixed = _MESS.pack(
            self.connection_id, self.channel_type, self.channel_id, len(common), len(channel), MESS_SIZE
        )
        return fixed + _pack_words(common + channel)

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a whole body. ProtocolError: it is too short, or its capabilities lie outside."""
        reader = Reader(body)
        connection_id, channel_type, channel_id, *caps = reader.unpack(_MESS, "link message")
        common, channel = _parse_caps(reader, *caps)
        return cls(
            connection_id=connection_id,
            channel_type=channel_type,
            channel_id=channel_id,
            common_caps=common,
            channel_caps=channel,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReply:
    """The server's link body."""

    error: int
    """A LinkError, or from a stranger's server any number."""
    public_key: bytes = bytes(PUBLIC_KEY_SIZE)
    """DER SubjectPublicKeyInfo with which the ticket is encrypted; zeros in a refusal."""
    common_caps: CapSet = NO_CAPS
    channel_caps: CapSet = NO_CAPS

    def serialize(self) -> bytes:
        """The body, without its header."""
        common, channel = self.common_caps.words(), self.channel_caps.words()
        # A refusal is all zeros behind its code: clients have seen nothing else for a decade.
        offset = REPLY_SIZE if self.error == LinkError.OK else 0
        fixed = _REPLY.pack(self.error, self.public_key, len(common), len(channel), offset)
        return fixed + _pack_words(common + channel)

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a whole body. ProtocolError: it is too short, or its capabilities lie outside."""
        reader = Reader(body)
        error, public_key, *caps = reader.unpack(_REPLY, "link reply")
        common, channel = _parse_caps(reader, *caps)
        return cls(error=error, public_key=public_key, common_caps=common, channel_caps=channel)


def with_header(body: bytes) -> bytes:
    """A link body with the header that announces it."""
    return LinkHeader(size=len(body)).serialize() + body


def _pack_words(words: tuple[int, ...]) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


def _parse_caps(reader: Reader, common: int, channel: int, offset: int) -> tuple[CapSet, CapSet]:
    """The two sets of a body whose fixed part ``reader`` has behind it."""
    if max(common, channel) > MAX_CAP_WORDS:
        raise ProtocolError(
            f"{common} common and {channel} channel capability words are more than {MAX_CAP_WORDS}"
        )
    count = common + channel
    if not count:
        # Nothing is read there, and senders without capabilities leave anything in the field.
        return NO_CAPS, NO_CAPS
    if offset < reader.pos:
        raise ProtocolError(f"capabilities at {offset} lie within the {reader.pos} bytes before them")
    words = struct.unpack(f"<{count}I", reader.at(offset).take(count * U32.size, "capability words"))
    return CapSet.from_words(words[:common]), CapSet.from_words(words[common:])
