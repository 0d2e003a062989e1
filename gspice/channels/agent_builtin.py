"""The agent that the server itself plays where the guest has none.

Clients send their monitors' sizes only to an agent; so for displays that can follow them there has to be one.
It can do nothing else, says so in its capabilities, and passes over what it is sent all the same.
"""

import logging
from collections.abc import Callable, Sequence

from gspice.channels.agent import AgentAssembler, AgentMessage, AgentPort
from gspice.vdi import ClientMonitor
from gspice.wire import limits
from gspice.wire.caps import CapSet
from gspice.wire.messages.agent import (
    AgentAnnounceCapabilities,
    AgentCap,
    AgentMessageType,
    AgentMonitorsConfig,
    AgentReply,
    AgentResult,
)

log = logging.getLogger(__name__)

CAPS = CapSet.of(
    AgentCap.MONITORS_CONFIG,
    AgentCap.REPLY,
    AgentCap.SPARSE_MONITORS_CONFIG,
    AgentCap.MONITORS_CONFIG_POSITION,
    # Without it a client would offer to send files, and wait for an answer for ever.
    AgentCap.FILE_XFER_DISABLED,
)

LIMITS: dict[int, int] = {
    AgentMessageType.ANNOUNCE_CAPABILITIES: 4 + 4 * limits.AGENT_CAPS_WORDS,
    # Count and flags, then position, size and depth of each monitor, and its size in millimetres.
    AgentMessageType.MONITORS_CONFIG: 8 + limits.MONITORS * (20 + 4),
}
"""Largest body of each message that this agent understands."""

MAX_SIDE = 32767
"""Pixels: no display is wider or higher, and none is asked to be."""


class BuiltinAgent:
    """Takes monitors configurations for ``monitors_config``, which says whether displays follow them."""

    def __init__(self, monitors_config: Callable[[Sequence[ClientMonitor]], bool]) -> None:
        self._monitors_config = monitors_config
        self._assembler = AgentAssembler(lambda kind: LIMITS.get(kind, 0))

    def client_started(self, port: AgentPort) -> None:
        self._assembler.reset()

    def client_left(self, port: AgentPort) -> None:
        self._assembler.reset()

    def take(self, piece: memoryview, port: AgentPort) -> None:
        message = self._assembler.feed(piece)
        port.taken()
        if message is None:
            return
        if message.type == AgentMessageType.ANNOUNCE_CAPABILITIES:
            self._announced(message.body, port)
        else:
            self._configure(message.body, port)

    def _announced(self, body: bytes, port: AgentPort) -> None:
        if AgentAnnounceCapabilities.parse(body).request:
            answer = AgentAnnounceCapabilities(request=0, caps=CAPS.words())
            port.send(AgentMessage(AgentMessageType.ANNOUNCE_CAPABILITIES, answer.serialize()))

    def _configure(self, body: bytes, port: AgentPort) -> None:
        config = AgentMonitorsConfig.parse(body)
        monitors = [
            ClientMonitor(width=m.width, height=m.height, x=m.x, y=m.y, depth=m.depth)
            for m in config.monitors
        ]
        done = bool(monitors) and all(m.width <= MAX_SIDE and m.height <= MAX_SIDE for m in monitors)
        done = done and self._monitors_config(monitors)
        log.debug("client's monitors %s: %s", monitors, "followed" if done else "not followed")
        reply = AgentReply(
            type=AgentMessageType.MONITORS_CONFIG, error=AgentResult.SUCCESS if done else AgentResult.ERROR
        )
        port.send(AgentMessage(AgentMessageType.REPLY, reply.serialize()))
