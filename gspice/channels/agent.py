"""The client's conversation with the guest's agent: pieces, tokens, and who answers.

Both directions carry messages in pieces of at most 2048 bytes, and each piece costs a token of the sender's.
Who answers is an ``Agent``: the server's own (agent_builtin) or the guest's behind a character device.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gspice.errors import ProtocolError
from gspice.wire import limits
from gspice.wire.message import Message
from gspice.wire.messages.agent import AGENT_PROTOCOL, AgentMessage, AgentMessageHeader
from gspice.wire.messages.main import MainAgentData, MainAgentToken

TOKENS = 10
"""Pieces that a client may have on their way."""

TOKENS_RETURNED = 5
"""Tokens go back in batches of this many."""

MAX_QUEUED = 64
"""Pieces that wait for a client's tokens; one that lets more pile up takes nothing at all."""

HEADER_SIZE = 20
_TOKEN_MAX = 0xFFFFFFFF


class WholeMessage(NamedTuple):
    """A message of a client's, put together but not looked into."""

    type: int
    body: bytes


class Agent(Protocol):
    """Who answers a client's agent messages."""

    def client_started(self, session: "AgentSession") -> None:
        """A client talks from now on, from the start of a message; what was begun before is void."""

    def take(self, piece: memoryview, session: "AgentSession") -> None:
        """One piece. Call ``session.taken()`` once it is out of the way, now or later."""

    def client_left(self, session: "AgentSession") -> None: ...


class AgentSession:
    """One client's end. ``send`` takes messages for the client's main channel."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._agent: Agent | None = None
        self._started = False
        self._client_budget = TOKENS
        self._to_return = 0
        self._tokens = 0
        self._queue: deque[bytes] = deque()

    @property
    def connected(self) -> bool:
        """Whether there is an agent."""
        return self._agent is not None

    @property
    def started(self) -> bool:
        """Whether the client has said that it talks to this agent."""
        return self._started

    def connect(self, agent: Agent) -> None:
        """An agent is there. Tell the client; it has ``TOKENS`` tokens and begins with AGENT_START."""
        self.disconnect()
        self._agent = agent
        self._client_budget = TOKENS
        self._to_return = 0

    def disconnect(self) -> None:
        """The agent went, or the client did."""
        agent, self._agent = self._agent, None
        self._started = False
        self._queue.clear()
        if agent is not None:
            agent.client_left(self)

    def start(self, tokens: int) -> None:
        """AGENT_START: the client talks, and lets us send this many pieces."""
        if self._agent is None:
            return
        self._started = True
        self._queue.clear()
        self._tokens = tokens
        self._agent.client_started(self)

    def add_tokens(self, tokens: int) -> None:
        """AGENT_TOKEN: the client lets us send more."""
        if self._started:
            self._tokens = min(self._tokens + tokens, _TOKEN_MAX)
            self._flush()

    def data(self, piece: bytes | memoryview) -> None:
        """AGENT_DATA. ProtocolError: too long, or more than the client had tokens for."""
        if len(piece) > limits.AGENT_CHUNK_BYTES:
            raise ProtocolError(
                f"agent data of {len(piece)} bytes: a piece has at most {limits.AGENT_CHUNK_BYTES}"
            )
        if self._agent is None or not self._started:
            # Sent to an agent that has gone since. It costs no token: the client's count began anew.
            return
        if not self._client_budget:
            raise ProtocolError("agent data without a token left")
        self._client_budget -= 1
        self._agent.take(memoryview(piece), self)

    def taken(self) -> None:
        """One piece is out of the way: its token goes back to the client."""
        self._to_return += 1
        if self._to_return >= TOKENS_RETURNED:
            self._client_budget += self._to_return
            self._send(MainAgentToken(num_tokens=self._to_return))
            self._to_return = 0

    def send(self, message: AgentMessage) -> None:
        """Send a message to the client, as soon as it has tokens. ProtocolError: it never takes any."""
        if not self._started:
            return
        body = message.serialize()
        data = AgentMessageHeader(type=message.TYPE, size=len(body)).serialize() + body
        for start in range(0, len(data), limits.AGENT_CHUNK_BYTES):
            self._queue.append(data[start : start + limits.AGENT_CHUNK_BYTES])
        self._flush()
        if len(self._queue) > MAX_QUEUED:
            raise ProtocolError(f"{len(self._queue)} agent messages wait for tokens that do not come")

    def _flush(self) -> None:
        while self._queue and self._tokens:
            self._tokens -= 1
            self._send(MainAgentData(data=self._queue.popleft()))


class AgentAssembler:
    """Puts a client's pieces together, keeping only what someone wants.

    ``limit_of`` gives the largest body to keep of each message type; 0: pass the message over.
    """

    def __init__(self, limit_of: Callable[[int], int]) -> None:
        self._limit_of = limit_of
        self._missing = 0
        self._type = 0
        self._kept: bytearray | None = None

    def reset(self) -> None:
        """Forget a message that was begun: the next piece begins one."""
        self._missing = 0
        self._kept = None

    def feed(self, piece: memoryview) -> WholeMessage | None:
        """The message that this piece completes, if it is wanted. ProtocolError: not a piece of a message."""
        if not self._missing:
            piece = self._begin(piece)
        elif len(piece) > self._missing:
            raise ProtocolError(f"agent data goes {len(piece) - self._missing} bytes past its message")
        self._missing -= len(piece)
        if self._kept is None:
            return None
        self._kept += piece
        if self._missing:
            return None
        whole, self._kept = bytes(self._kept), None
        return WholeMessage(self._type, whole)

    def _begin(self, piece: memoryview) -> memoryview:
        if len(piece) < HEADER_SIZE:
            raise ProtocolError(f"agent message begins with {len(piece)} bytes: its header has {HEADER_SIZE}")
        header = AgentMessageHeader.parse(piece[:HEADER_SIZE])
        if header.protocol != AGENT_PROTOCOL:
            raise ProtocolError(
                f"agent message of protocol {header.protocol}: only {AGENT_PROTOCOL} is known"
            )
        body = piece[HEADER_SIZE:]
        if len(body) > header.size:
            raise ProtocolError(f"agent data goes {len(body) - header.size} bytes past its message")
        limit = self._limit_of(header.type)
        if limit and header.size > limit:
            raise ProtocolError(
                f"agent message {header.type} of {header.size} bytes: at most {limit} are taken"
            )
        self._type, self._missing = header.type, header.size
        self._kept = bytearray() if limit else None
        return body
