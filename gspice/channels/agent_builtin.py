"""The agent that the server itself plays where the guest has none.

Clients send their monitors' sizes only to an agent; so for displays that can follow them there has to be one.
It can do nothing else, says so in its capabilities, and passes over what it is sent all the same.
"""

import logging
from collections.abc import Callable, Sequence

from gspice.channels.agent import AgentAssembler, AgentSession
from gspice.vdi import ClientMonitor
from gspice.wire import limits
from gspice.wire.caps import CapSet
from gspice.wire.messages.agent import (
    AgentAnnounceCapabilities,
    AgentCap,
    AgentMonitorsConfig,
    AgentReply,
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
    AgentAnnounceCapabilities.TYPE: 4 + 4 * limits.AGENT_CAPS_WORDS,
    # Count and flags, then position, size and depth of each monitor, and its size in millimetres.
    AgentMonitorsConfig.TYPE: 8 + limits.MONITORS * (20 + 4),
}
"""Largest body of each message that this agent understands."""

MAX_SIDE = 32767
"""Pixels: no display is wider or higher, and none is asked to be."""


_DONE, _NOT_DONE = 1, 2
"""VD_AGENT_SUCCESS and VD_AGENT_ERROR."""


class BuiltinAgent:
    """Takes monitors configurations for ``monitors_config``, which says whether displays follow them."""

    def __init__(self, monitors_config: Callable[[Sequence[ClientMonitor]], bool]) -> None:
        self._monitors_config = monitors_config
        self._assembler = AgentAssembler(lambda kind: LIMITS.get(kind, 0))

    def client_started(self, session: AgentSession) -> None:
        self._assembler.reset()

    def client_left(self, session: AgentSession) -> None:
        self._assembler.reset()

    def take(self, piece: memoryview, session: AgentSession) -> None:
        message = self._assembler.feed(piece)
        session.taken()
        if message is None:
            return
        if message.type == AgentAnnounceCapabilities.TYPE:
            self._announced(message.body, session)
        else:
            self._configure(message.body, session)

    def _announced(self, body: bytes, session: AgentSession) -> None:
        if AgentAnnounceCapabilities.parse(body).request:
            session.send(AgentAnnounceCapabilities(request=0, caps=CAPS.words()))

    def _configure(self, body: bytes, session: AgentSession) -> None:
        config = AgentMonitorsConfig.parse(body)
        monitors = [
            ClientMonitor(width=m.width, height=m.height, x=m.x, y=m.y, depth=m.depth)
            for m in config.monitors
        ]
        done = bool(monitors) and all(m.width <= MAX_SIDE and m.height <= MAX_SIDE for m in monitors)
        done = done and self._monitors_config(monitors)
        log.debug("client's monitors %s: %s", monitors, "followed" if done else "not followed")
        session.send(AgentReply(type=AgentMonitorsConfig.TYPE, error=_DONE if done else _NOT_DONE))
