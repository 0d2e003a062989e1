"""The main channel: what a session is, which channels it has, and how well its line is."""

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from gspice.channels.agent import TOKENS, Agent, AgentSession
from gspice.channels.agent_builtin import BuiltinAgent
from gspice.channels.base import ChannelClient, LinkInfo, RoundTrip, Sender
from gspice.channels.main_context import MainContext
from gspice.channels.main_migration import MigrationLeave
from gspice.channels.pings import SILENCE, LinePings
from gspice.errors import ProtocolError
from gspice.wire.caps import CapSet, MainCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message
from gspice.wire.messages.base import Disconnecting, Notify, Pong
from gspice.wire.messages.main import (
    MainAgentConnected,
    MainAgentConnectedTokens,
    MainAgentDisconnected,
    MainAgentStart,
    MainAttachChannels,
    MainChannelsList,
    MainClientAgentData,
    MainClientAgentToken,
    MainClientInfo,
    MainClientMigrateEnd,
    MainInit,
    MainMigrateConnected,
    MainMigrateConnectError,
    MainMigrateDstDoSeamless,
    MainMigrateDstSeamlessNack,
    MainMouseMode,
    MainMouseModeRequest,
    MainMultiMediaTime,
    MainName,
    MainQualityIndicator,
    MainUuid,
)
from gspice.wire.types import ChannelId, NotifySeverity, NotifyVisibility

log = logging.getLogger(__name__)

INSECURE_KEYBOARD = "keyboard channel is insecure"


class MainChannelClient(ChannelClient):
    """One client's session. ``link.connection_id`` is the id that its other channels will name.

    Hand it the client's pongs, too. When devices come or go, call ``channels_changed`` and ``agent_changed``.
    """

    TYPE: ClassVar[ChannelType] = ChannelType.MAIN
    CAPS: ClassVar[CapSet] = CapSet.of(
        MainCap.SEMI_SEAMLESS_MIGRATE, MainCap.NAME_AND_UUID, MainCap.AGENT_CONNECTED_TOKENS
    )

    def __init__(
        self,
        link: LinkInfo,
        sender: Sender,
        context: MainContext,
        arrived: Callable[[], None] | None = None,
    ) -> None:
        """``arrived``: the client is ahead of its machine, which migrates to here; called when it changes over."""
        super().__init__(link, sender)
        self._arrived = arrived
        self.agent = AgentSession(self._send)
        self.migration = MigrationLeave(
            self._send, capable=link.channel_caps.has(MainCap.SEMI_SEAMLESS_MIGRATE)
        )
        self._context = context
        self._pings = LinePings(self._send)
        self._announced: set[tuple[int, int]] = set()
        self._listed = False
        """CHANNELS_LIST has been sent."""
        self._observing = False
        self._now = 0.0
        self._handlers: dict[type[Message], Callable[[Any, float], None]] = {
            Pong: self._on_pong,
            MainClientInfo: self._ignore,
            MainQualityIndicator: self._ignore,
            MainAttachChannels: self._on_attach,
            MainMouseModeRequest: self._on_mouse_mode_request,
            MainAgentStart: lambda message, now: self.agent.start(message.num_tokens),
            MainClientAgentData: lambda message, now: self.agent.data(message.data),
            MainClientAgentToken: lambda message, now: self.agent.add_tokens(message.num_tokens),
            MainMigrateConnected: lambda message, now: self.migration.answer(True),
            MainMigrateConnectError: lambda message, now: self.migration.answer(False),
        }
        self._handlers_ahead: dict[type[Message], Callable[[Any, float], None]] = {
            MainMigrateDstDoSeamless: lambda message, now: self._send(MainMigrateDstSeamlessNack()),
            MainClientMigrateEnd: self._on_migrate_end,
        }
        """What a client may say while its machine is still on the way."""

    # How the line is

    @property
    def round_trip(self) -> RoundTrip:
        """The round trip, as pings measure it."""
        return self._pings.round_trip

    @property
    def bits_per_second(self) -> float:
        """The line's bit rate; 0 while it is not known, and where it was too fast to measure."""
        result = self._pings.net_result
        return result.bits_per_second if result is not None else 0.0

    @property
    def low_bandwidth(self) -> bool:
        """Whether the line is known to be slow."""
        result = self._pings.net_result
        return result is not None and result.low_bandwidth

    # The connection's

    def start(self, now: float) -> None:
        self._now = now
        if self._arrived is None:
            self._begin(now, net_test=not self.link.local)

    def _begin(self, now: float, *, net_test: bool) -> None:
        context = self._context
        if context.supports_monitors_config:
            self.agent.connect(BuiltinAgent(context.monitors_config))
        self._send(
            MainInit(
                session_id=self.link.connection_id,
                display_channels_hint=context.display_hint,
                supported_mouse_modes=context.mouse.supported,
                current_mouse_mode=context.mouse.current,
                agent_connected=int(self.agent.connected),
                agent_tokens=TOKENS,
                multi_media_time=self._mm_time(now),
                ram_hint=context.ram_hint,
            )
        )
        # Clients announce name and id of the machine when the list of channels comes, so both go ahead of it.
        if self.link.channel_caps.has(MainCap.NAME_AND_UUID):
            if context.name:
                self._send(MainName(name=context.name))
            if context.uuid is not None:
                self._send(MainUuid(uuid=context.uuid))
        self._pings.start(now, net_test=net_test)
        context.mouse.observe(self._send_mouse_mode)
        self._observing = True

    def receive(self, message: Message, now: float) -> None:
        self._now = now
        if self.closed:
            return
        handlers = self._handlers if self._arrived is None else self._handlers_ahead
        handler = handlers.get(type(message))
        if handler is None:
            raise ProtocolError(f"{message.NAME} came without anything that asked for it")
        handler(message, now)

    def deadline(self) -> float | None:
        return None if self.closed or self._arrived is not None else self._pings.deadline()

    def on_timer(self, now: float) -> None:
        self._now = now
        if self.closed or self._arrived is not None:
            return
        if not self._pings.on_timer(now):
            self._leave()
            self.sender.close(f"no answer to pings for {SILENCE:.0f} seconds")

    def disconnected(self, now: float) -> None:
        self._leave()

    # The server's

    def disconnect(self, reason: str) -> None:
        """Tell the client's user why, and end the session. Its other channels are the caller's to close."""
        if self.closed:
            return
        self._notify(reason, NotifySeverity.WARN)
        self._send(Disconnecting(timestamp=self._nanoseconds(), reason=0))
        self._leave()
        self.sender.close(reason)

    def send_mm_time(self, now: float) -> None:
        """Set the client's multimedia clock anew, for one that has drifted or a latency that has changed."""
        if self._arrived is None:
            self._send(MainMultiMediaTime(time=self._mm_time(now)))

    def channels_changed(self) -> None:
        """Offer the client channels that are new. One that it was offered once is never offered again."""
        if self._listed:
            for entry in self._new_channels():
                self._send_channels([entry])

    def agent_changed(self) -> None:
        """Look again whether displays can follow the client's monitors, and so whether there is an agent."""
        if self._arrived is not None or self._context.supports_monitors_config == self.agent.connected:
            return
        if self.agent.connected:
            self.disconnect_agent()
        else:
            self.connect_agent(BuiltinAgent(self._context.monitors_config))

    def connect_agent(self, agent: Agent) -> None:
        """Put an agent in place of what was there, and tell the client."""
        if self.agent.connected:
            self.disconnect_agent()
        self.agent.connect(agent)
        if self.link.channel_caps.has(MainCap.AGENT_CONNECTED_TOKENS):
            self._send(MainAgentConnectedTokens(num_tokens=TOKENS))
        else:
            self._send(MainAgentConnected())

    def disconnect_agent(self, error: int = 0) -> None:
        """There is no agent any more."""
        if self.agent.connected:
            self.agent.disconnect()
            self._send(MainAgentDisconnected(error=error))

    # Messages of the client's

    def _ignore(self, message: Message, now: float) -> None:
        return None

    def _on_pong(self, message: Pong, now: float) -> None:
        result = self._pings.net_result if self._pings.pong(message.id, now) else None
        if result is not None:
            log.info(
                "%s: latency %.1f ms, %.1f Mbit/s%s",
                self.link.peer,
                result.latency * 1e3,
                result.bits_per_second / 1e6,
                ", low bandwidth" if result.low_bandwidth else "",
            )

    def _on_attach(self, message: MainAttachChannels, now: float) -> None:
        channels = self._new_channels()
        if self._listed:
            for entry in channels:
                self._send_channels([entry])
            return
        self._listed = True
        self._send_channels(channels)
        if not self._context.inputs_secure and any(kind == ChannelType.INPUTS for kind, _ in channels):
            self._notify(INSECURE_KEYBOARD, NotifySeverity.WARN)

    def _on_mouse_mode_request(self, message: MainMouseModeRequest, now: float) -> None:
        if not self._context.mouse.request(message.mode):
            log.debug("%s: mouse mode %d is not on offer", self.link.peer, message.mode)

    def _on_migrate_end(self, message: MainClientMigrateEnd, now: float) -> None:
        """The machine is here, and so is its client, which has named all its channels ahead."""
        arrived, self._arrived = self._arrived, None
        self._listed = True
        self._announced.update(self._context.channels())
        # Nobody looks at the line while a machine moves: a net test would only keep the picture waiting.
        self._begin(now, net_test=False)
        if arrived is not None:
            arrived()

    # Messages to the client

    def _new_channels(self) -> list[tuple[ChannelType, int]]:
        return [
            entry
            for entry in dict.fromkeys(self._context.channels())
            if entry[0] != ChannelType.MAIN and entry not in self._announced
        ]

    def _send(self, message: Message) -> None:
        # The server may not know yet that this client is on its way out.
        if not self.closed:
            self.sender.send(message)

    def _send_channels(self, channels: list[tuple[ChannelType, int]]) -> None:
        self._announced.update(channels)
        self._send(MainChannelsList(channels=tuple(ChannelId(type=t, id=i) for t, i in channels)))

    def _send_mouse_mode(self) -> None:
        mouse = self._context.mouse
        self._send(MainMouseMode(supported_modes=mouse.supported, current_mode=mouse.current))

    def _notify(self, text: str, severity: NotifySeverity) -> None:
        self._send(
            Notify(
                timestamp=self._nanoseconds(),
                severity=severity,
                visibility=NotifyVisibility.HIGH,
                what=0,
                message=text,
            )
        )

    def _mm_time(self, now: float) -> int:
        # Clients take 0 for a clock that was never set.
        return self._context.mm_time(now) & 0xFFFFFFFF or 1

    def _nanoseconds(self) -> int:
        return int(self._now * 1e9)

    def _leave(self) -> None:
        self.closed = True
        if self._observing:
            self._observing = False
            self._context.mouse.forget(self._send_mouse_mode)
        self.agent.disconnect()
        self.migration.left()
