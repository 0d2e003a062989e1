"""From an accepted socket to a linked channel: TLS, the link stage, the ticket; all on the host loop."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from gspice.channels.base import LinkInfo
from gspice.errors import ProtocolError
from gspice.server.keys import KeyStock, LinkKey
from gspice.server.security import SecurityMap
from gspice.server.tickets import FailedLogins, TicketStore
from gspice.server.transport import NOTHING, Transport, discard
from gspice.vdi.core import CoreInterface, WatchEvent
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError, link_error_text
from gspice.wire.link_server import LinkFailed, LinkRequested, LinkServer, TicketReceived

log = logging.getLogger(__name__)

COMMON_CAPS = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER)
LEAVE_S = 1.0
"""How long a refused peer has to take its answer and hang up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPolicy:
    """Who may link, and where linked channels go."""

    keys: KeyStock
    tickets: TicketStore
    security: SecurityMap
    authorize: Callable[[LinkRequested], LinkError]
    """Whether the channel exists and the connection id is good; asked only after the ticket was."""
    channel_caps: Callable[[int], CapSet]
    """What the server can do on channels of a type. Answer alike whether there is such a channel or not."""
    on_linked: Callable[[Transport, LinkInfo, bytes], None]
    """A channel is linked: it owns the transport, and reads the bytes given before any others."""
    on_failed: Callable[[Transport, str], None]
    """A link came to nothing; the transport is closed already."""
    common_caps: CapSet = COMMON_CAPS


class _State(Enum):
    LINKING = auto()
    """Reading what the link stage wants, or waiting for a key."""
    HELD_BACK = auto()
    """The refusal of a wrong ticket waits for its time."""
    LEAVING = auto()
    """What is left to say is being said."""
    GRANTED = auto()
    OVER = auto()


class Handshake:
    """One connection until it is linked or has failed.

    Nothing here blocks or raises into the loop. What waits to be sent is a few replies of the link stage, and
    no more is read before they are gone.
    """

    def __init__(
        self,
        loop: CoreInterface,
        transport: Transport,
        policy: LinkPolicy,
        *,
        skip_auth: bool,
        deadline_s: float,
        clock: Callable[[], float],
        failed_logins: FailedLogins,
        on_over: Callable[["Handshake"], None],
    ) -> None:
        self.transport = transport
        self._loop = loop
        self._policy = policy
        self._skip_auth = skip_auth
        self._clock = clock
        self._failed_logins = failed_logins
        self._on_over = on_over
        self._link = LinkServer()
        self._state = _State.LINKING
        self._request: LinkRequested | None = None
        self._key: LinkKey | None = None
        self._cancel_key: Callable[[], None] = lambda: None
        self._reason = ""
        self._refusal = LinkError.OK
        self._unsent = b""
        self._busy = False
        self._deadline_s = deadline_s
        self._deadline = loop.timer_add(self._on_deadline)
        self._delay = loop.timer_add(self._on_delay)
        self._watch = loop.watch_add(transport.fileno(), WatchEvent.READ, self._on_ready)
        loop.timer_start(self._deadline, int(deadline_s * 1000))

    @property
    def granted(self) -> bool:
        """The ticket was good: the link is handed over as soon as the answer is sent."""
        return self._state is _State.GRANTED

    @property
    def held_back(self) -> bool:
        """The ticket was wrong, and the answer waits for its time."""
        return self._state is _State.HELD_BACK

    def abort(self, reason: str, *, quiet: bool = False) -> None:
        """End it now, without a word to the peer, and with ``quiet`` without one in the log."""
        if self._state is _State.OVER:
            return
        if self._state not in (_State.LEAVING, _State.HELD_BACK):
            self._note(reason, quiet=quiet)
        self._finish()

    # What the loop calls

    def _on_ready(self, events: WatchEvent) -> None:
        self._guarded(lambda: None)

    def _on_deadline(self) -> None:
        self._guarded(lambda: self.abort(f"not linked within {self._deadline_s:g} s"))

    def _on_delay(self) -> None:
        self._guarded(lambda: self._refuse(self._refusal))

    def _on_key(self, key: LinkKey | None) -> None:
        self._guarded(lambda: self._use_key(key))

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take a step and then go on as far as it goes; whatever fails ends this link and nothing else."""
        if self._busy:
            step()  # a key that was there at once: the outer call goes on
            return
        self._busy = True
        try:
            step()
            self._go_on()
        except (OSError, ProtocolError) as error:
            self.abort(str(error))
        except Exception:
            log.exception("%s: the link stage failed", self.transport.peer)
            self.abort("internal error")
        finally:
            self._busy = False

    # The stages

    def _go_on(self) -> None:
        while self._state is not _State.OVER:
            if not self.transport.handshake() or not self._flush():
                break
            if self._state is _State.GRANTED:
                self._hand_over()
            elif self._state is _State.LEAVING:
                self.transport.shutdown()
                if not discard(self.transport):
                    break
                self._finish()
            elif not self._read():
                break
        if self._state is not _State.OVER:
            self._loop.watch_update_mask(self._watch, self._wants())

    def _wants(self) -> WatchEvent:
        wants = self.transport.wants()
        if self._unsent:
            return wants | WatchEvent.WRITE
        reading = self._state is _State.LEAVING or (self._state is _State.LINKING and self._link.bytes_wanted)
        return wants | (WatchEvent.READ if reading else NOTHING)

    def _read(self) -> bool:
        """Read no more than the link stage wants now; False if nothing came."""
        wanted = self._link.bytes_wanted
        if self._state is not _State.LINKING or not wanted:
            return False
        data = self.transport.receive(wanted)
        if data is None:
            return False
        if not data:
            self.abort("the peer hung up")
            return False
        self._link.receive(data)
        while (event := self._link.next_event()) is not None:
            match event:
                case LinkRequested():
                    self._on_request(event)
                case TicketReceived():
                    self._on_ticket(event)
                case LinkFailed():
                    self._on_link_failed(event)
        return True

    def _flush(self) -> bool:
        """Send what there is to send; True when all of it is with the kernel."""
        self._unsent += self._link.data_to_send()
        taken = self.transport.send([self._unsent] if self._unsent else [])
        self._unsent = self._unsent[taken:]
        return not self._unsent and not self.transport.wants() & WatchEvent.WRITE

    def _on_request(self, request: LinkRequested) -> None:
        self._request = request
        verdict = self._policy.security.verdict(request.channel_type, self.transport.secure)
        if verdict != LinkError.OK:
            # The one refusal that must come before the ticket: clients change to the other port only here.
            self._note(f"{self._channel()}: {link_error_text(verdict)}")
            self._refuse(verdict)
            return
        self._cancel_key = self._policy.keys.take(self._on_key)

    def _use_key(self, key: LinkKey | None) -> None:
        if key is None:
            self._note("there is no key for the ticket")
            self._refuse(LinkError.ERROR)
            return
        assert self._request is not None
        self._key = key
        caps = self._policy.channel_caps(self._request.channel_type)
        self._link.accept(key.public_key_der, self._policy.common_caps, caps)

    def _on_ticket(self, ticket: TicketReceived) -> None:
        assert self._key is not None and self._request is not None
        password = self._key.decrypt(ticket.encrypted)
        if password is None:
            self._refuse_login("the ticket does not decrypt")
            return
        if not self._skip_auth:
            reason = self._policy.tickets.refusal(password, self._clock())
            if reason is not None:
                self._refuse_login(reason)
                return
        # The peer's failures stay: others may guess at the same address, and this one needs no forgiving.
        # Only now: what there is, and who is connected, is nobody's business who has no ticket.
        known = self._request.channel_type in ChannelType.__members__.values()
        verdict = self._policy.authorize(self._request) if known else LinkError.CHANNEL_NOT_AVAILABLE
        if verdict != LinkError.OK:
            self._note(f"{self._channel()}: {link_error_text(verdict)}")
            self._refuse(verdict)
            return
        self._link.grant()
        self._state = _State.GRANTED

    def _on_link_failed(self, failure: LinkFailed) -> None:
        # Of the magic there is nothing to say but that it was not there, which is what the code says.
        magic = failure.code == LinkError.INVALID_MAGIC
        reason = link_error_text(failure.code) if magic else failure.reason
        if failure.reply_sent:
            self._note(reason)
            self._leave()
        else:
            self.abort(reason)

    def _hand_over(self) -> None:
        assert self._request is not None
        request = self._request
        info = LinkInfo(
            connection_id=request.connection_id,
            channel_type=ChannelType(request.channel_type),
            channel_id=request.channel_id,
            common_caps=request.common_caps,
            channel_caps=request.channel_caps,
            secure=self.transport.secure,
            local=self.transport.local,
            peer=self.transport.peer,
        )
        self._release()
        try:
            self._policy.on_linked(self.transport, info, self._link.leftover())
        except Exception:
            log.exception("%s: the linked channel could not be taken over", self.transport.peer)
            self.transport.close()

    # The ends

    def _refuse_login(self, reason: str) -> None:
        """Refuse a ticket, the later the more often this peer was wrong of late."""
        self._note(f"{self._channel()}: {reason}")
        wait = self._failed_logins.failed(self.transport.peer_group, self._clock())
        self._state = _State.HELD_BACK
        self._refusal = LinkError.PERMISSION_DENIED
        self._loop.timer_cancel(self._deadline)
        self._loop.timer_start(self._delay, int(wait * 1000))

    def _refuse(self, code: LinkError) -> None:
        self._link.refuse(code)
        self._leave()

    def _leave(self) -> None:
        self._state = _State.LEAVING
        self._loop.timer_start(self._deadline, int(LEAVE_S * 1000))

    def _note(self, reason: str, *, quiet: bool = False) -> None:
        """Why it came to nothing: said once, in the log and to the owner."""
        self._reason = reason
        if not quiet:
            log.info("%s: link refused: %s", self.transport.peer, reason)

    def _channel(self) -> str:
        assert self._request is not None
        number = self._request.channel_type
        name = (
            ChannelType(number).name.lower()
            if number in ChannelType.__members__.values()
            else f"type {number}"
        )
        return f"{name} channel {self._request.channel_id}"

    def _finish(self) -> None:
        self._release()
        self.transport.close()
        try:
            self._policy.on_failed(self.transport, self._reason)
        except Exception:
            log.exception("%s: the owner failed to note a failed link", self.transport.peer)

    def _release(self) -> None:
        """Let go of the loop, the key and the place among the half-open links."""
        self._state = _State.OVER
        self._cancel_key()
        self._loop.watch_remove(self._watch)
        self._loop.timer_remove(self._deadline)
        self._loop.timer_remove(self._delay)
        self._on_over(self)
