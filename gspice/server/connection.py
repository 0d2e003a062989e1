"""A linked channel on its socket: bytes to messages and back, acknowledgements, time limits, the end."""

import logging
from collections.abc import Callable
from enum import Enum, auto
from math import inf
from typing import Any

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.errors import ProtocolError
from gspice.server.ack_window import AckWindow
from gspice.server.connection_limits import MAX_RECEIVED, ConnectionLimits
from gspice.server.connection_waiting import Waiting
from gspice.server.inbox import Inbox
from gspice.server.send_queue import SendQueue
from gspice.server.transport import NOTHING, Transport, discard
from gspice.server.unanswered_pings import UnansweredPings
from gspice.vdi.core import CoreInterface, WatchEvent
from gspice.wire.caps import CommonCap
from gspice.wire.framing import FrameWriter
from gspice.wire.message import Message
from gspice.wire.messages.base import (
    Ack,
    AckSync,
    ClientDisconnecting,
    ClientMigrateData,
    MigrateFlushMark,
    Ping,
    Pong,
    SetAck,
)
from gspice.wire.registry import client_messages

log = logging.getLogger(__name__)


class _State(Enum):
    OPEN = auto()
    FLUSHING = auto()
    """Closed, with something left to send."""
    LINGERING = auto()
    """All is sent; the client should hang up."""
    CLOSED = auto()


class Connection:
    """One linked channel on the loop of its owner; it is the channel's Sender.

    It belongs to that loop's thread. Its end is told once: to the channel (``disconnected``), then to
    ``on_closed``, from the loop or from within ``abort``, never while the channel is on the stack.
    """

    def __init__(
        self,
        *,
        loop: CoreInterface,
        transport: Transport,
        link: LinkInfo,
        channel_factory: Callable[[LinkInfo, Sender], ChannelClient],
        leftover: bytes,
        clock: Callable[[], float],
        on_closed: Callable[["Connection", str], None],
        limits: ConnectionLimits | None = None,
    ) -> None:
        self.link = link
        self.transport = transport
        self.channel: ChannelClient | None = None
        """None only if it could not be made; the connection then closes."""
        self.bytes_out = 0
        self._clock = clock
        self._on_closed = on_closed
        self._limits = limits or ConnectionLimits()
        mini = link.common_caps.has(CommonCap.MINI_HEADER)
        allowed = client_messages(link.channel_type)
        self._inbox = Inbox(
            transport, allowed, mini=mini, max_size=MAX_RECEIVED[link.channel_type], leftover=leftover
        )
        self._writer = FrameWriter(mini=mini)
        self._queue = SendQueue()
        self._answers = 0
        """How much of the queue at most was queued because of what the client sent."""
        self._held: list[Message] | None = []
        """What a channel sends while it is being made: nothing may go ahead of SET_ACK."""
        self._ack: AckWindow | None = None
        self._pings = UnansweredPings()
        self.round_trip = self._pings.round_trip
        """Measured by the channel's empty pings."""
        self._state = _State.OPEN
        self._reason = ""
        self._dying = False
        """It is over, and ended as soon as nothing of it is on the stack."""
        self._busy = False
        self._hungry = False
        """The channel waits for ``drained``, though the socket may have room already."""
        self._was_blocked = False
        self._progress_at = self._acked_at = clock()
        """When the socket last took bytes, or was offered none; and the same of acknowledgements."""
        self._ends_at = inf
        self._waiting = Waiting(loop, transport.fileno(), clock, self._on_ready, self._look)
        self._handlers: dict[type[Message], Callable[[Any], None]] = {
            AckSync: self._on_ack_sync,
            Ack: self._on_ack,
            Pong: self._on_pong,
            ClientDisconnecting: self._on_disconnecting,
            MigrateFlushMark: self._on_unasked,
            ClientMigrateData: self._on_unasked,
        }
        # A failure ends it from the loop only: the owner does not have this connection in hand yet.
        self._guarded(lambda: self._begin(channel_factory), ending=False)

    @property
    def bytes_in(self) -> int:
        """Bytes that were received."""
        return self._inbox.bytes_in

    # Sender

    @property
    def queued_bytes(self) -> int:
        """Bytes not yet taken by the socket, messages that wait for acknowledgements included."""
        return self._queue.bytes

    @property
    def blocked(self) -> bool:
        """The client owes acknowledgements: what is sent now waits for them."""
        return self._ack is not None and self._ack.blocked

    @property
    def serial(self) -> int:
        """Serial of the last message sent or queued."""
        return self._writer.serial

    @property
    def closed(self) -> bool:
        """It has ended or is about to: what is sent is dropped, and nothing is received."""
        return self._state is not _State.OPEN or self._dying

    def send(self, message: Message) -> None:
        """Queue a message, to be written when the socket is ready; dropped if the connection is closed."""
        self.queue(message)
        if not self._busy:  # else that is done in the end
            self._rearm()

    def queue(self, message: Message) -> None:
        """Queue a message, and nothing else: ``flush`` must follow."""
        if self.closed:
            return
        if self._held is not None:
            self._held.append(message)
            return
        # Judged before the message is added: a single one, however large, has a right to be sent.
        if self._queue.bytes >= self._limits.queue_bytes:
            self._die(f"the client is too slow: {self._queue.bytes} bytes wait for it")
            return
        self._queue.put(self._writer.encode(message))
        if isinstance(message, Ping):
            self._pings.sent(message, self._clock())

    def flush(self, *, more: bool) -> None:
        """Write what the socket takes now, and not only when the loop finds it ready."""
        self._hungry = more
        if not self._busy:
            # A failure ends it from the loop only: the channel is on the stack.
            self._guarded(lambda: None, ending=False, told=False)

    def close(self, reason: str) -> None:
        """End it once what is queued has gone, acknowledged or not; this takes a few seconds at most."""
        if self.closed:
            return
        self._state = _State.FLUSHING
        self._reason = reason
        self._ends_at = self._clock() + self._limits.flush_s
        self._rearm()

    # The owner's

    def abort(self, reason: str) -> None:
        """End it now; if the channel is on the stack, as soon as it has returned."""
        self._die(reason)
        if not self._busy:
            self._finish()

    def rearm(self) -> None:
        """Ask the channel for its ``deadline`` again; call it after changing the channel from outside."""
        self._rearm()

    # What the loop calls

    def _on_ready(self, events: WatchEvent) -> None:
        self._guarded(self._read if events & WatchEvent.READ else lambda: None)

    def _look(self) -> None:
        self._guarded(self._look_at_clock)

    def _guarded(self, step: Callable[[], None], *, ending: bool = True, told: bool = True) -> None:
        """Take a step and write what came of it; whatever fails ends this connection and nothing else.

        ``told``: the channel hears of room.
        """
        self._busy = True
        try:
            step()
            self._write(told=told)
        except ProtocolError as error:
            self._die(f"protocol error: {error}", level=logging.WARNING)
        except OSError as error:
            self._die(f"connection lost: {error}")
        except Exception:
            log.exception("%s: %s failed", self.link.peer, self._name())
            self._die("internal error")
        finally:
            self._busy = False
        if self._dying and ending:
            self._finish()
        else:
            self._rearm()

    def _rearm(self) -> None:
        """Make the watch and the timer wait for what comes next."""
        if self._state is _State.CLOSED:
            return
        events = self.transport.wants()
        if self._state is _State.LINGERING or not (self.closed or self._inbox.waiting or self._choked()):
            events |= WatchEvent.READ
        if (
            self._state is _State.FLUSHING
            or self._queue.begun
            or ((self._queue.bytes or self._hungry) and not self.blocked)
        ):
            events |= WatchEvent.WRITE
        self._waiting.on(NOTHING if self._dying else events, self._due())

    def _due(self) -> float:
        if self._dying:
            return self._clock()
        if self._state is not _State.OPEN:
            return self._ends_at
        if self._inbox.waiting and not self._choked():
            return self._clock()
        due = inf
        if self._unsent():
            due = self._progress_at + self._limits.stalled_s
        if self.blocked:
            due = min(due, self._acked_at + self._limits.stalled_s)
        deadline = self.channel.deadline() if self.channel is not None else None
        return due if deadline is None else min(due, deadline)

    def _look_at_clock(self) -> None:
        if self._dying:
            return
        now = self._clock()
        if self._state is not _State.OPEN:
            if now >= self._ends_at:
                self._die(self._reason)
            return
        stalled = self._limits.stalled_s
        if self._unsent() and now - self._progress_at >= stalled:
            self._die(f"the client took no bytes for {stalled:g} s")
        elif self.blocked and now - self._acked_at >= stalled:
            self._die(f"the client acknowledged nothing for {stalled:g} s")
        else:
            if self._inbox.waiting:
                self._read()
            deadline = self.channel.deadline() if self.channel is not None else None
            if self.channel is not None and deadline is not None and now >= deadline and not self.closed:
                self.channel.on_timer(now)

    # Messages in

    def _begin(self, factory: Callable[[LinkInfo, Sender], ChannelClient]) -> None:
        self.channel = factory(self.link, self)
        held, self._held = self._held or [], None
        if self.channel.ACK_WINDOW:
            self._ack = AckWindow(self.channel.ACK_WINDOW)
            self.send(SetAck(generation=self._ack.open(), window=self._ack.window))
        for message in held:
            self.send(message)
        self.channel.start(self._clock())
        self._read()

    def _read(self) -> None:
        if self._state is _State.LINGERING:
            if discard(self.transport):
                self._die(self._reason)
            return
        # One turn of it: what is left waits for the next, so that the loop serves others in between.
        self._inbox.begin_turn()
        while not self.closed and not self._choked() and (message := self._inbox.next_message()) is not None:
            queued = self._queue.bytes
            self._handle(message)
            self._answers += self._queue.bytes - queued
        if self._inbox.ended:
            self._die("the client hung up")

    def _choked(self) -> bool:
        """The client does not take the answers to what it has sent: it is not heard until it does.

        What others queued for it does not count, for a client may have to write before it can read. Nor is
        it so while acknowledgements are due, which have to be read.
        """
        self._answers = min(self._answers, self._queue.bytes)
        return self._answers > self._limits.answers and not self.blocked

    def _handle(self, message: Message) -> None:
        handler = self._handlers.get(type(message))
        if handler is not None:
            handler(message)
        elif self.channel is not None:
            self.channel.receive(message, self._clock())

    def _on_ack_sync(self, message: AckSync) -> None:
        if self._ack is not None:
            self._ack.sync(message.generation)

    def _on_ack(self, message: Ack) -> None:
        if self._ack is not None and self._ack.ack():
            self._acked_at = self._clock()

    def _on_pong(self, message: Pong) -> None:
        # One that answers no ping is dropped: the channel must not hear of what it never sent.
        now = self._clock()
        if self._pings.answered(message, now) and self.channel is not None:
            self.channel.receive(message, now)

    def _on_disconnecting(self, message: ClientDisconnecting) -> None:
        self._die(f"the client left (reason {message.reason})")

    def _on_unasked(self, message: Message) -> None:
        raise ProtocolError(f"{message.NAME} was not asked for")

    # Bytes out

    def _unsent(self) -> bool:
        """Whether it is the socket that keeps bytes from going out."""
        return bool(self._queue.begun or self.transport.wants() & WatchEvent.WRITE)

    def _write(self, *, told: bool) -> None:
        """Give the socket one load of what there is, and tell the channel of the room it made, if ``told``."""
        if self._dying or self._state is _State.LINGERING:
            return
        now = self._clock()
        if not self._unsent():
            self._progress_at = now
        if not self.blocked:
            self._acked_at = now
        while (self._state is _State.FLUSHING or not self.blocked) and self._queue.begin():
            if self._ack is not None:
                self._ack.sent()
        taken = 0
        if self._unsent():
            taken = self.transport.send(self._queue.head())
            self._queue.took(taken)
            self.bytes_out += taken
            self._progress_at = now if taken else self._progress_at
        if self._state is _State.FLUSHING:
            self._linger(now)
        elif (
            told
            and self.channel is not None
            and (taken or self._was_blocked or self._hungry)
            and self._has_room()
        ):
            self._hungry = False
            self.channel.drained(now)
        self._was_blocked = self.blocked

    def _has_room(self) -> bool:
        return not self.blocked and self._queue.bytes <= self._limits.low_water

    def _linger(self, now: float) -> None:
        if self._queue.bytes or self._unsent():
            return
        self._state = _State.LINGERING
        self._ends_at = now + self._limits.linger_s
        self._waiting.start_anew()
        self.transport.shutdown()
        if discard(self.transport):
            self._die(self._reason)

    # The end

    def _die(self, reason: str, *, level: int = logging.INFO) -> None:
        if self._dying or self._state is _State.CLOSED:
            return
        self._dying = True
        if self._state is _State.OPEN:
            self._reason = reason
        log.log(level, "%s: %s closed: %s", self.link.peer, self._name(), self._reason)

    def _finish(self) -> None:
        if self._state is _State.CLOSED:
            return
        self._state = _State.CLOSED
        self._waiting.end()
        self.transport.close()
        self._queue.clear()
        try:
            if self.channel is not None:
                self.channel.disconnected(self._clock())
        except Exception:
            log.exception("%s: %s failed as it was disconnected", self.link.peer, self._name())
        try:
            self._on_closed(self, self._reason)
        except Exception:
            log.exception("%s: the owner of %s failed as it closed", self.link.peer, self._name())

    def _name(self) -> str:
        return f"{self.link.channel_type.name.lower()} channel {self.link.channel_id}"
