"""Which messages each channel has: tables by number, made from what the classes say of themselves."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Direction, Message
from gspice.wire.messages import (
    base,
    cursor,
    display,
    draw,
    inputs,
    main,
    playback,
    port,
    record,
    smartcard,
    vmc,
)

_MODULES: dict[ChannelType, tuple[ModuleType, ...]] = {
    ChannelType.MAIN: (main,),
    ChannelType.DISPLAY: (display, draw),
    ChannelType.INPUTS: (inputs,),
    ChannelType.CURSOR: (cursor,),
    ChannelType.PLAYBACK: (playback,),
    ChannelType.RECORD: (record,),
    ChannelType.SMARTCARD: (smartcard,),
    ChannelType.USBREDIR: (vmc,),
    ChannelType.PORT: (vmc, port),
    ChannelType.WEBDAV: (vmc, port),
}


def _classes(modules: Iterable[ModuleType]) -> list[type[Message]]:
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Message) and "TYPE" in vars(value)
    ]


def _table(modules: tuple[ModuleType, ...], direction: Direction) -> Mapping[int, type[Message]]:
    table: dict[int, type[Message]] = {}
    for cls in _classes((base, *modules)):
        if cls.DIRECTION is direction and table.setdefault(cls.TYPE, cls) is not cls:
            raise TypeError(f"{cls.NAME} and {table[cls.TYPE].NAME} both have the number {cls.TYPE}")
    return MappingProxyType(table)


# keyed by plain ints, so that any number a peer names can be looked up
_TO_CLIENT = {int(channel): _table(modules, Direction.TO_CLIENT) for channel, modules in _MODULES.items()}
_TO_SERVER = {int(channel): _table(modules, Direction.TO_SERVER) for channel, modules in _MODULES.items()}


def server_messages(channel_type: int) -> Mapping[int, type[Message]]:
    """What a server may send on a channel, base messages included; KeyError for an unknown channel type."""
    return _TO_CLIENT[channel_type]


def client_messages(channel_type: int) -> Mapping[int, type[Message]]:
    """What a client may send on a channel, base messages included; KeyError for an unknown channel type."""
    return _TO_SERVER[channel_type]
