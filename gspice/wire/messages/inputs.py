"""The inputs channel: keyboard and mouse."""

from typing import Annotated

from gspice.wire.channel_types import ChannelType
from gspice.wire.fields import I32, INT8, U8, U16, U32, Rest, WhenMore
from gspice.wire.message import Direction, Message, wire


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.INPUTS
    DIRECTION = Direction.TO_CLIENT


class _ToServer(Message):
    __slots__ = ()
    CHANNEL = ChannelType.INPUTS
    DIRECTION = Direction.TO_SERVER


# -- server to client --------------------------------------------------------------------------------------


@wire
class InputsInit(_ToClient):
    """The first message of the channel; ``modifiers`` are the KeyModifiers that are on."""

    TYPE = 101
    modifiers: U16


@wire
class InputsKeyModifiers(_ToClient):
    """The guest has changed its keyboard lights."""

    TYPE = 102
    modifiers: U16


@wire
class InputsMouseMotionAck(_ToClient):
    """Four more motions or positions have been handled."""

    TYPE = 111


# -- client to server --------------------------------------------------------------------------------------


@wire
class InputsKeyDown(_ToServer):
    """Up to four scancode bytes, the first in the lowest byte; 0 ends them."""

    TYPE = 101
    code: U32


@wire
class InputsKeyUp(_ToServer):
    """As InputsKeyDown; the release bit is in the codes."""

    TYPE = 102
    code: U32


@wire
class InputsClientKeyModifiers(_ToServer):
    """The KeyModifiers that are on at the client."""

    TYPE = 103
    modifiers: U16


@wire
class InputsKeyScancode(_ToServer):
    """Scancode bytes as a keyboard sends them."""

    TYPE = 104
    data: Rest


@wire
class InputsMouseMotion(_ToServer):
    """The mouse moved by so much (server mouse mode)."""

    TYPE = 111
    dx: I32
    dy: I32
    buttons: U16
    """MouseButtons"""
    display_id: Annotated[int | None, INT8, WhenMore()] = None
    """A byte too many that spice-html5 sends, which lays motions out as positions; means nothing."""


@wire
class InputsMousePosition(_ToServer):
    """The pointer is there on that display (client mouse mode)."""

    TYPE = 112
    x: U32
    y: U32
    buttons: U16
    """MouseButtons"""
    display_id: U8


@wire
class InputsMousePress(_ToServer):
    """A MouseButton went down; wheels are buttons as well."""

    TYPE = 113
    button: U8
    buttons: U16
    """MouseButtons held from now on."""


@wire
class InputsMouseRelease(_ToServer):
    """A MouseButton went up."""

    TYPE = 114
    button: U8
    buttons: U16
