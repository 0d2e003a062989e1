"""Messages of the guest agent: values inside AGENT_DATA (client) and chunks of the agent's device (guest).

They are no channel messages: ``TYPE`` is the number in AgentMessageHeader, which precedes each.
"""

from enum import IntEnum, IntFlag
from typing import Annotated, ClassVar, TypeAlias

from gspice.wire import limits
from gspice.wire.buffer import Scope
from gspice.wire.fields import (
    I32,
    INT8,
    INT16,
    INT32,
    INT64,
    U8,
    U16,
    U32,
    U64,
    Array,
    Blob,
    Flag,
    Int,
    Text,
    When,
    WhenGiven,
)
from gspice.wire.message import Nested, Struct, wire

AGENT_PROTOCOL = 1
"""``protocol`` of every AgentMessageHeader."""


class AgentPort(IntEnum):
    """Whose message a chunk carries."""

    CLIENT = 1
    SERVER = 2


class AgentCap(IntEnum):
    """Bit numbers of the agent's capabilities."""

    MOUSE_STATE = 0
    MONITORS_CONFIG = 1
    REPLY = 2
    CLIPBOARD = 3
    DISPLAY_CONFIG = 4
    CLIPBOARD_BY_DEMAND = 5
    CLIPBOARD_SELECTION = 6
    SPARSE_MONITORS_CONFIG = 7
    GUEST_LINEEND_LF = 8
    GUEST_LINEEND_CRLF = 9
    MAX_CLIPBOARD = 10
    AUDIO_VOLUME_SYNC = 11
    MONITORS_CONFIG_POSITION = 12
    FILE_XFER_DISABLED = 13
    FILE_XFER_DETAILED_ERRORS = 14
    GRAPHICS_DEVICE_INFO = 15
    CLIPBOARD_NO_RELEASE_ON_REGRAB = 16
    CLIPBOARD_GRAB_SERIAL = 17


class MonitorsFlags(IntFlag):
    USE_POS = 1
    PHYSICAL_SIZE = 2


class ClipboardType(IntEnum):
    NONE = 0
    UTF8_TEXT = 1
    IMAGE_PNG = 2
    IMAGE_BMP = 3
    IMAGE_TIFF = 4
    IMAGE_JPG = 5
    FILE_LIST = 6


class ClipboardSelection(IntEnum):
    CLIPBOARD = 0
    PRIMARY = 1
    SECONDARY = 2


class FileXferResult(IntEnum):
    CAN_SEND_DATA = 0
    CANCELLED = 1
    ERROR = 2
    SUCCESS = 3
    NOT_ENOUGH_SPACE = 4
    SESSION_LOCKED = 5
    VDAGENT_NOT_CONNECTED = 6
    DISABLED = 7


SELECTION = "selection"
"""Give this to ``parse`` of clipboard messages if both ends have CLIPBOARD_SELECTION."""
GRAB_SERIAL = "grab serial"
"""Give this to ``AgentClipboardGrab.parse`` if both ends have CLIPBOARD_GRAB_SERIAL."""


@wire
class VdiChunkHeader(Struct):
    """What precedes each chunk on the agent's device; ``size`` counts what follows."""

    port: U32
    """AgentPort"""
    size: U32


@wire
class AgentMessageHeader(Struct):
    """What precedes each agent message; ``size`` counts what follows."""

    protocol: U32 = AGENT_PROTOCOL
    type: U32
    opaque: U64 = 0
    size: U32


class AgentMessage(Struct):
    """The body of an agent message."""

    __slots__ = ()
    TYPE: ClassVar[int]
    """Number in the header."""


@wire
class AgentMouseState(AgentMessage):
    """Server to agent: where the pointer is; buttons are MouseButtons shifted left by one."""

    TYPE = 1
    x: U32
    y: U32
    buttons: U32
    display_id: U8


@wire
class MonitorConfig(Struct):
    """One monitor that the client has; 0 x 0: it is off."""

    height: U32
    width: U32
    depth: U32
    x: I32
    y: I32


@wire
class MonitorSize(Struct):
    """Size of a monitor in millimetres; 0 x 0: unknown."""

    height: U16
    width: U16


def _monitor_count(scope: Scope) -> int:
    return len(scope["monitors"])


@wire
class AgentMonitorsConfig(AgentMessage):
    """Client to agent (or to the server's own device): the monitors that the guest should have."""

    TYPE = 2
    flags: U32 = 0
    """MonitorsFlags"""
    monitors: Annotated[
        tuple[MonitorConfig, ...],
        Array(Nested(MonitorConfig), INT32, limit=limits.MONITORS, ahead_of="flags"),
    ]
    physical_sizes: Annotated[
        tuple[MonitorSize, ...] | None,
        Array(Nested(MonitorSize), limit=limits.MONITORS, size=_monitor_count),
        When("flags", MonitorsFlags.PHYSICAL_SIZE),
    ] = None
    """One for each monitor."""


@wire
class AgentReply(AgentMessage):
    """Agent to client: how a message of that type went (1: well, 2: not)."""

    TYPE = 3
    type: U32
    error: U32


# a byte and three of padding
_Selection: TypeAlias = Annotated[int | None, Int("B3x"), WhenGiven(SELECTION)]


@wire
class _ClipboardMessage(AgentMessage):
    selection: _Selection = None
    """ClipboardSelection; None where the ends have not agreed on SELECTION."""


@wire
class AgentClipboard(_ClipboardMessage):
    """What the clipboard holds."""

    TYPE = 4
    type: U32
    """ClipboardType"""
    data: Annotated[bytes, Blob(limit=limits.AGENT_MESSAGE_BYTES)]


@wire
class AgentDisplayConfig(AgentMessage):
    """Client to agent: how plain the guest's desktop should be."""

    TYPE = 5
    flags: U32
    depth: U32


@wire
class AgentAnnounceCapabilities(AgentMessage):
    """What the sender can do, as words of AgentCap bits; ``request`` asks for the same."""

    TYPE = 6
    request: U32
    caps: Annotated[tuple[int, ...], Array(INT32, limit=limits.AGENT_CAPS_WORDS)]


@wire
class AgentClipboardGrab(_ClipboardMessage):
    """The sender's side has a new clipboard, and offers it as those types (ClipboardType)."""

    TYPE = 7
    serial: Annotated[int | None, INT32, WhenGiven(GRAB_SERIAL)] = None
    types: Annotated[tuple[int, ...], Array(INT32, limit=limits.AGENT_CLIPBOARD_TYPES)]


@wire
class AgentClipboardRequest(_ClipboardMessage):
    """Send the clipboard as that type."""

    TYPE = 8
    type: U32


@wire
class AgentClipboardRelease(_ClipboardMessage):
    """The sender's side has no clipboard any more."""

    TYPE = 9


@wire
class AgentFileXferStart(AgentMessage):
    """Client to agent: a file comes; ``data`` is a key file with its name and size."""

    TYPE = 10
    id: U32
    data: Annotated[bytes, Blob(limit=limits.AGENT_MESSAGE_BYTES)]


@wire
class AgentFileXferStatus(AgentMessage):
    """How a transfer goes (FileXferResult); ``data`` has details for those with FILE_XFER_DETAILED_ERRORS."""

    TYPE = 11
    id: U32
    result: U32
    data: Annotated[bytes, Blob(limit=limits.AGENT_MESSAGE_BYTES)] = b""


@wire
class AgentFileXferData(AgentMessage):
    """Client to agent: the next part of the file."""

    TYPE = 12
    id: U32
    data: Annotated[bytes, Blob(INT64, limit=limits.AGENT_MESSAGE_BYTES)]


@wire
class AgentClientDisconnected(AgentMessage):
    """Server to agent: the client is gone."""

    TYPE = 13


@wire
class AgentMaxClipboard(AgentMessage):
    """Client to agent: no larger clipboards than so many bytes; -1: any."""

    TYPE = 14
    max: I32


@wire
class AgentAudioVolumeSync(AgentMessage):
    """Client to agent: the levels at the client, from 0 to 65535."""

    TYPE = 15
    is_playback: Flag
    mute: Flag
    volume: Annotated[tuple[int, ...], Array(INT16, INT8, limit=limits.AUDIO_CHANNELS)]


@wire
class DeviceDisplay(Struct):
    """Which device of the guest a monitor of a display channel is."""

    channel_id: U32
    monitor_id: U32
    device_display_id: U32
    device_address: Annotated[str, Text(INT32, limit=limits.DEVICE_ADDRESS_BYTES)]


@wire
class AgentGraphicsDeviceInfo(AgentMessage):
    """Server to agent: which devices of the guest the monitors are."""

    TYPE = 16
    displays: Annotated[
        tuple[DeviceDisplay, ...], Array(Nested(DeviceDisplay), INT32, limit=limits.AGENT_DISPLAYS)
    ]


AGENT_MESSAGES: dict[int, type[AgentMessage]] = {
    cls.TYPE: cls
    for cls in (
        AgentMouseState,
        AgentMonitorsConfig,
        AgentReply,
        AgentClipboard,
        AgentDisplayConfig,
        AgentAnnounceCapabilities,
        AgentClipboardGrab,
        AgentClipboardRequest,
        AgentClipboardRelease,
        AgentFileXferStart,
        AgentFileXferStatus,
        AgentFileXferData,
        AgentClientDisconnected,
        AgentMaxClipboard,
        AgentAudioVolumeSync,
        AgentGraphicsDeviceInfo,
    )
}
"""The agent messages by their numbers."""
