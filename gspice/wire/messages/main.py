"""The main channel: session set-up, mouse mode, agent, migration."""

from typing import Annotated, TypeAlias

from gspice.wire import limits
from gspice.wire.channel_types import ChannelType
from gspice.wire.fields import INT32, U16, U32, U64, Array, BulkRest, Pointer, Rest, Text, Uuid
from gspice.wire.message import Direction, Message, Nested, wire
from gspice.wire.types import ChannelId


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.MAIN
    DIRECTION = Direction.TO_CLIENT


class _ToServer(Message):
    __slots__ = ()
    CHANNEL = ChannelType.MAIN
    DIRECTION = Direction.TO_SERVER


_Host: TypeAlias = Annotated[str, Pointer(Text(INT32, limit=limits.NAME_BYTES))]
_CertSubject: TypeAlias = Annotated[str, Pointer(Text(INT32, limit=limits.NAME_BYTES), nullable=True)]


# -- server to client --------------------------------------------------------------------------------------


@wire
class MainMigrateBegin(_ToClient):
    """Connect to another server as well, and answer MainMigrateConnected or MainMigrateConnectError."""

    TYPE = 101
    port: U16
    """0: no plain port."""
    secure_port: U16
    """0: no TLS port."""
    host: _Host
    cert_subject: _CertSubject = ""
    """Subject that the certificate of the server must have; empty: the client's own checks."""


@wire
class MainMigrateCancel(_ToClient):
    """The migration is off: drop the connections to the other server."""

    TYPE = 102


@wire
class MainInit(_ToClient):
    """The first message of the main channel."""

    TYPE = 103
    session_id: U32
    """The connection id that the client's other channels must give."""
    display_channels_hint: U32
    supported_mouse_modes: U32
    """MouseMode"""
    current_mouse_mode: U32
    agent_connected: U32
    agent_tokens: U32
    """How many MainClientAgentData the client may send."""
    multi_media_time: U32
    """Milliseconds of the clock that stream frames and sound are stamped with."""
    ram_hint: U32
    """Video memory of the guest in bytes: clients size their caches by it."""


@wire
class MainChannelsList(_ToClient):
    """Channels to open. Clients open one for every entry of every list: never repeat one."""

    TYPE = 104
    channels: Annotated[tuple[ChannelId, ...], Array(Nested(ChannelId), INT32, limit=limits.CHANNELS)]


@wire
class MainMouseMode(_ToClient):
    """The mouse mode, or what modes there are, has changed."""

    TYPE = 105
    supported_modes: U16
    current_mode: U16


@wire
class MainMultiMediaTime(_ToClient):
    """Set the client's multimedia clock, in milliseconds."""

    TYPE = 106
    time: U32


@wire
class MainAgentConnected(_ToClient):
    """The guest agent is there; for clients without AGENT_CONNECTED_TOKENS."""

    TYPE = 107


@wire
class MainAgentDisconnected(_ToClient):
    """The guest agent is gone; the client stops sending to it."""

    TYPE = 108
    error: U32 = 0


@wire
class MainAgentData(_ToClient):
    """A piece of an agent message, 2048 bytes at most."""

    TYPE = 109
    data: BulkRest


@wire
class MainAgentToken(_ToClient):
    """The client may send so many more pieces to the agent."""

    TYPE = 110
    num_tokens: U32


@wire
class MainMigrateSwitchHost(_ToClient):
    """Leave this server and connect to another from the beginning."""

    TYPE = 111
    port: U16
    secure_port: U16
    host: _Host
    cert_subject: _CertSubject = ""


@wire
class MainMigrateEnd(_ToClient):
    """The virtual machine runs on the other server now: use the connections to it."""

    TYPE = 112


@wire
class MainName(_ToClient):
    """The name of the virtual machine; must go before the first MainChannelsList."""

    TYPE = 113
    name: Annotated[str, Text(INT32, limit=limits.NAME_BYTES)]


@wire
class MainUuid(_ToClient):
    """The UUID of the virtual machine; must go before the first MainChannelsList."""

    TYPE = 114
    uuid: Uuid


@wire
class MainAgentConnectedTokens(_ToClient):
    """The guest agent is there, and the client may send so many pieces to it."""

    TYPE = 115
    num_tokens: U32


@wire
class MainMigrateBeginSeamless(_ToClient):
    """As MainMigrateBegin, and ask the other server for seamless migration with MainMigrateDstDoSeamless."""

    TYPE = 116
    port: U16
    secure_port: U16
    host: _Host
    cert_subject: _CertSubject = ""
    src_version: U32
    """Version of the migration data of this server."""


@wire
class MainMigrateDstSeamlessAck(_ToClient):
    """This server takes a seamless migration."""

    TYPE = 117


@wire
class MainMigrateDstSeamlessNack(_ToClient):
    """This server cannot migrate seamlessly from that version."""

    TYPE = 118


# -- client to server --------------------------------------------------------------------------------------


@wire
class MainClientInfo(_ToServer):
    """An old client's cache size; of no use."""

    TYPE = 101
    cache_size: U64


@wire
class MainMigrateConnected(_ToServer):
    """The client is connected to the other server."""

    TYPE = 102


@wire
class MainMigrateConnectError(_ToServer):
    """The client could not connect to the other server."""

    TYPE = 103


@wire
class MainAttachChannels(_ToServer):
    """The client wants the MainChannelsList."""

    TYPE = 104


@wire
class MainMouseModeRequest(_ToServer):
    """The client wants a mouse mode; requests for one that is not supported are ignored."""

    TYPE = 105
    mode: U16


@wire
class MainAgentStart(_ToServer):
    """The client is ready for the agent's messages, and so many pieces may be sent to it."""

    TYPE = 106
    num_tokens: U32


@wire
class MainClientAgentData(_ToServer):
    """A piece of an agent message, 2048 bytes at most; the first holds the whole header."""

    TYPE = 107
    data: Rest


@wire
class MainClientAgentToken(_ToServer):
    """So many more pieces may be sent to the client."""

    TYPE = 108
    num_tokens: U32


@wire
class MainClientMigrateEnd(_ToServer):
    """To the new server: the client has switched over, start its channels."""

    TYPE = 109


@wire
class MainMigrateDstDoSeamless(_ToServer):
    """To the new server: can it migrate seamlessly from that version?"""

    TYPE = 110
    src_version: U32


@wire
class MainMigrateConnectedSeamless(_ToServer):
    """The client is connected to the other server, which takes a seamless migration."""

    TYPE = 111


@wire
class MainQualityIndicator(_ToServer):
    """How the client finds the quality; opaque."""

    TYPE = 112
    data: Rest
