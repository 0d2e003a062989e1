"""A client's session, sans-IO: the main channel, and which other channels to open."""

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

from gspice.client.channel import ClientChannel, Handlers
from gspice.client.cursor import CursorChannel
from gspice.client.display import DisplayChannel
from gspice.client.errors import quoted
from gspice.client.inputs import InputsChannel
from gspice.client.server_time import ServerTime
from gspice.errors import ProtocolError
from gspice.wire.caps import CapSet, MainCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import ImageCompression, MouseMode, VideoCodec
from gspice.wire.messages.main import (
    MainAgentConnected,
    MainAgentConnectedTokens,
    MainAgentData,
    MainAgentDisconnected,
    MainAgentToken,
    MainAttachChannels,
    MainChannelsList,
    MainInit,
    MainMigrateBegin,
    MainMigrateBeginSeamless,
    MainMigrateCancel,
    MainMigrateConnectError,
    MainMigrateEnd,
    MainMigrateSwitchHost,
    MainMouseMode,
    MainMouseModeRequest,
    MainMultiMediaTime,
    MainName,
    MainUuid,
)
from gspice.wire.types import ChannelId

MAX_CHANNELS = 4096
"""Channels a server may offer over time: types and ids fit 65536, real ones have a dozen."""

ALL_CHANNELS = frozenset({ChannelType.DISPLAY, ChannelType.INPUTS, ChannelType.CURSOR})
"""The channels that this client knows beside the main channel."""


class MainChannel(ClientChannel):
    """The main channel: it asks for the list of channels as soon as the session has begun."""

    TYPE: ClassVar[ChannelType] = ChannelType.MAIN
    CAPS: ClassVar[CapSet] = CapSet.of(MainCap.NAME_AND_UUID, MainCap.AGENT_CONNECTED_TOKENS)

    def __init__(self, server_time: ServerTime | None = None) -> None:
        """``server_time`` is told what the server's clock says."""
        super().__init__()
        self._server_time = server_time
        self.session_id: int | None = None
        """What the other channels link with; None before INIT."""
        self.listed = False
        """A list of channels has come, be it an empty one."""
        self.offered: list[ChannelId] = []
        """The channels offered, in order, each once."""
        self.machine = ""
        """Name of the virtual machine."""
        self.uuid: bytes | None = None
        self.supported_mouse_modes = MouseMode(0)
        self.mouse_mode = MouseMode(0)

    def request_mouse_mode(self, mode: MouseMode) -> None:
        """Ask for a mouse mode; ``mouse_mode`` follows if the server agrees."""
        self.send(MainMouseModeRequest(mode=mode))

    def _on_init(self, message: MainInit) -> None:
        if self.session_id is not None:
            raise ProtocolError("a second INIT on the main channel")
        self.session_id = message.session_id
        self._set_mouse(message.supported_mouse_modes, message.current_mouse_mode)
        self._set_time(message.multi_media_time)
        self.send(MainAttachChannels())

    def _on_channels(self, message: MainChannelsList) -> None:
        if self.session_id is None:
            raise ProtocolError("the list of channels came before the main channel's INIT")
        self.listed = True
        self.offered += [channel for channel in message.channels if channel not in self.offered]
        if len(self.offered) > MAX_CHANNELS:
            raise ProtocolError(f"{len(self.offered)} channels offered, more than {MAX_CHANNELS}")

    def _on_mouse_mode(self, message: MainMouseMode) -> None:
        self._set_mouse(message.supported_modes, message.current_mode)

    def _on_time(self, message: MainMultiMediaTime) -> None:
        self._set_time(message.time)

    def _set_time(self, mm_time: int) -> None:
        if self._server_time is not None:
            self._server_time.heard(mm_time)

    def _set_mouse(self, supported: int, current: int) -> None:
        self.supported_mouse_modes = MouseMode(supported & 3)
        self.mouse_mode = MouseMode(current & 3)

    def _on_name(self, message: MainName) -> None:
        self.machine = message.name

    def _on_uuid(self, message: MainUuid) -> None:
        self.uuid = message.uuid

    def _on_main_migrate(self, message: MainMigrateBegin | MainMigrateBeginSeamless) -> None:
        # This client stays; told so, the host goes on with the migration at once.
        self.send(MainMigrateConnectError())

    def _on_switch_host(self, message: MainMigrateSwitchHost) -> None:
        self.notices.append(f"the virtual machine has moved to {quoted(message.host)}")
        self._leaving = self.notices[-1]

    HANDLERS: ClassVar[Handlers] = {
        MainInit: _on_init,
        MainChannelsList: _on_channels,
        MainMouseMode: _on_mouse_mode,
        MainMultiMediaTime: _on_time,
        MainName: _on_name,
        MainUuid: _on_uuid,
        MainMigrateBegin: _on_main_migrate,
        MainMigrateBeginSeamless: _on_main_migrate,
        MainMigrateSwitchHost: _on_switch_host,
        MainMigrateCancel: ClientChannel._on_ignored,
        MainMigrateEnd: ClientChannel._on_ignored,
        MainAgentConnected: ClientChannel._on_ignored,
        MainAgentConnectedTokens: ClientChannel._on_ignored,
        MainAgentDisconnected: ClientChannel._on_ignored,
        MainAgentData: ClientChannel._on_ignored,
        MainAgentToken: ClientChannel._on_ignored,
    }


class Session:
    """All channels of one session. Open ``channels_to_open`` whenever the main channel has got something."""

    def __init__(
        self,
        *,
        wanted: Collection[ChannelType] = ALL_CHANNELS,
        display_id: int = 0,
        compression: ImageCompression = ImageCompression.OFF,
        video: bool | Collection[VideoCodec] = False,
        preferred_codecs: Sequence[VideoCodec] = (),
        clock: Callable[[], float] | None = None,
        display: DisplayChannel | None = None,
    ) -> None:
        """``video`` and ``preferred_codecs``: as DisplayChannel has them; ``display``: one to use instead.

        ``clock``: seconds, from anywhere; None: how video goes is not reported to the server.
        """
        server_time = ServerTime(clock) if clock is not None else None
        self.main = MainChannel(server_time)
        self.display = display or DisplayChannel(
            display_id,
            compression=compression,
            video=video,
            preferred_codecs=preferred_codecs,
            server_time=server_time,
        )
        self.inputs = InputsChannel()
        self.cursor = CursorChannel(display_id)
        for channel in (self.display, self.inputs, self.cursor):
            channel.peer = self._peer
        self._unopened: list[ClientChannel] = [
            channel for channel in (self.display, self.inputs, self.cursor) if channel.TYPE in wanted
        ]

    def channels_to_open(self) -> list[ClientChannel]:
        """The wanted channels that the server offers, each handed out once; link them with the session id."""
        offered = {(channel.type, channel.id) for channel in self.main.offered}
        ready = [channel for channel in self._unopened if (channel.TYPE, channel.channel_id) in offered]
        self._unopened = [channel for channel in self._unopened if channel not in ready]
        return ready

    def _peer(self, channel_type: int, channel_id: int) -> ClientChannel | None:
        for channel in (self.display, self.inputs, self.cursor):
            if (channel.TYPE, channel.channel_id) == (channel_type, channel_id):
                return channel if channel.up else None
        return None

    def progress(self) -> str:
        """What the picture is still waiting for, in words; empty once it is there."""
        display = self.display
        steps = [
            (self.main.up, "the main channel to be linked"),
            (self.main.session_id is not None, "the server to begin the session (the main channel's INIT)"),
            (self.main.listed, "the list of channels"),
            (display not in self._unopened, f"the {display.name} to be offered"),
            (display.up, f"the {display.name} to be linked"),
            (display.primary is not None, "the server to create a primary surface: nothing is displayed yet"),
            (display.marked, "the picture to be complete (MARK)"),
        ]
        return next((what for done, what in steps if not done), "")
