"""Connections over real sockets: messages, acknowledgements, limits of time and memory, and the end."""

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.errors import ProtocolError
from gspice.server.connection import Connection
from gspice.server.connection_limits import MAX_RECEIVED, ConnectionLimits
from gspice.server.loop import PollLoop
from gspice.server.tls import directory
from gspice.server.transport import Buffer, PlainTransport, TlsTransport, Transport
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.framing import FrameReader, FrameWriter
from gspice.wire.message import Message
from gspice.wire.messages.base import (
    Ack,
    AckSync,
    ClientDisconnecting,
    ClientMigrateData,
    MigrateFlushMark,
    Notify,
    Ping,
    Pong,
    SetAck,
)
from gspice.wire.messages.inputs import InputsKeyScancode, InputsMouseMotionAck
from gspice.wire.registry import server_messages
from tests.server.net import Clock, read_some, settle, socket_pair, spin, tls_connect, write_certificates

WINDOW = 20


class FakeChannel(ChannelClient):
    """A channel that notes all it is told."""

    TYPE = ChannelType.INPUTS

    def __init__(self, link: LinkInfo, sender: Sender) -> None:
        super().__init__(link, sender)
        self.received: list[Message] = []
        self.calls: list[str] = []
        self.due: float | None = None
        self.on_receive: Callable[[Message], None] = lambda message: None
        self.on_drained: Callable[[], None] = lambda: None

    def start(self, now: float) -> None:
        self.calls.append("start")

    def receive(self, message: Message, now: float) -> None:
        self.received.append(message)
        self.on_receive(message)

    def drained(self, now: float) -> None:
        self.calls.append("drained")
        self.on_drained()

    def deadline(self) -> float | None:
        return self.due

    def on_timer(self, now: float) -> None:
        self.calls.append("timer")
        self.due = None

    def disconnected(self, now: float) -> None:
        super().disconnected(now)
        self.calls.append("disconnected")


class AckedChannel(FakeChannel):
    ACK_WINDOW = WINDOW


class Peer:
    """A connection on a loop, and the client at the other end."""

    def __init__(
        self,
        channel: Callable[[LinkInfo, Sender], ChannelClient] = FakeChannel,
        *,
        mini: bool = True,
        leftover: bytes = b"",
        limits: ConnectionLimits | None = None,
        ends: tuple[Transport, socket.socket] | None = None,
        loop: PollLoop | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.loop = loop or PollLoop(self.clock)
        if ends is None:
            near, self.socket = socket_pair(small=True)
            transport: Transport = PlainTransport(near)
        else:
            transport, self.socket = ends
        self.reader = FrameReader(server_messages(ChannelType.INPUTS), mini=mini, max_size=1 << 30)
        self.writer = FrameWriter(mini=mini)
        self.closed: list[str] = []
        self.received: list[Message] = []
        self.greed: list[InputsKeyScancode] = []
        self.connection = Connection(
            loop=self.loop,
            transport=transport,
            link=LinkInfo(
                connection_id=1,
                channel_type=ChannelType.INPUTS,
                channel_id=0,
                common_caps=CapSet.of(CommonCap.MINI_HEADER) if mini else CapSet(),
                channel_caps=CapSet(),
                secure=transport.secure,
                local=False,
                peer=transport.peer,
            ),
            channel_factory=channel,
            leftover=leftover,
            clock=self.clock,
            on_closed=self.on_closed,
            limits=limits,
        )

    def on_closed(self, connection: Connection, reason: str) -> None:
        assert connection is self.connection
        self.closed.append(reason)

    @property
    def channel(self) -> Any:
        return self.connection.channel

    def send(self, *messages: Message) -> None:
        """From the client to the server, and handled there."""
        self.socket.send(encoded(self.writer, *messages))
        settle(self.loop)

    def read(self, count: int) -> list[Message]:
        """So many more messages from the server."""

        def enough() -> bool:
            while data := read_some(self.socket):
                self.reader.feed(data)
            while (message := self.reader.next_message()) is not None:
                self.received.append(message)
            assert data is None or len(self.received) >= count, "the server hung up"
            return len(self.received) >= count

        spin(self.loop, enough)
        messages, self.received = self.received[:count], self.received[count:]
        return messages

    def read_all(self) -> list[Message]:
        """The messages that came up to now."""
        settle(self.loop)
        while data := read_some(self.socket):
            self.reader.feed(data)
            settle(self.loop)
        while (message := self.reader.next_message()) is not None:
            self.received.append(message)
        messages, self.received = self.received, []
        return messages

    def wait(self, seconds: float) -> None:
        settle(self.loop)
        self.clock.now += seconds
        settle(self.loop)

    def finish(self) -> None:
        self.connection.abort("the test is over")
        self.socket.close()
        self.loop.close()


def encoded(writer: FrameWriter, *messages: Message) -> bytes:
    return b"".join(bytes(part) for message in messages for part in writer.encode(message))


def ping(number: int = 1, data: bytes = b"") -> Ping:
    return Ping(id=number, timestamp=0, data=data)


def key(data: bytes = b"\x1e") -> InputsKeyScancode:
    return InputsKeyScancode(data=data)


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.finish()


@pytest.fixture
def acked() -> Iterator[Peer]:
    peer = Peer(AckedChannel)
    yield peer
    peer.finish()


# Messages


@pytest.mark.parametrize("mini", [True, False])
def test_messages_pass_both_ways(mini: bool) -> None:
    peer = Peer(mini=mini)
    assert peer.channel.calls == ["start"]
    peer.send(key(b"abc"), key(b"d"))
    assert peer.channel.received == [key(b"abc"), key(b"d")]
    for number in range(3):
        peer.connection.send(ping(number))
    assert peer.connection.serial == 3
    assert peer.connection.queued_bytes == peer.connection.queued_bytes > 0
    assert peer.read(3) == [ping(0), ping(1), ping(2)]
    assert peer.connection.queued_bytes == 0
    size = 6 if mini else 18
    assert peer.connection.bytes_in == 2 * size + 4
    assert peer.connection.bytes_out == 3 * (size + 12)
    peer.finish()


def test_bytes_of_the_link_stage_come_first() -> None:
    writer = FrameWriter(mini=True)
    whole = encoded(writer, key(b"one"), key(b"two"))
    peer = Peer(leftover=whole[:10])
    assert peer.channel.received == [key(b"one")]
    peer.socket.send(whole[10:])
    spin(peer.loop, lambda: len(peer.channel.received) == 2)
    peer.finish()


def test_a_message_byte_by_byte(peer: Peer) -> None:
    for byte in encoded(peer.writer, key(b"slowly")):
        peer.socket.send(bytes([byte]))
        settle(peer.loop)
    assert peer.channel.received == [key(b"slowly")]


def test_a_slow_reader_gets_all_in_order(peer: Peer) -> None:
    payload = bytes(100000)
    for number in range(50):
        peer.connection.send(ping(number, payload))
    assert peer.connection.queued_bytes > 50 * 100000
    assert [message.id for message in peer.read(50) if isinstance(message, Ping)] == list(range(50))
    assert peer.connection.queued_bytes == 0


def test_a_burst_is_one_send(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    sends: list[int] = []
    real = PlainTransport.send

    def send(self: PlainTransport, buffers: Sequence[Buffer]) -> int:
        sends.append(len(buffers))
        return real(self, buffers)

    monkeypatch.setattr(PlainTransport, "send", send)
    for number in range(50):
        peer.connection.send(ping(number))
    peer.read(50)
    assert len(sends) == 1


def test_drained_tells_of_room_each_time(peer: Peer) -> None:
    left = 30

    def refill() -> None:
        nonlocal left
        if left:
            left -= 1
            peer.connection.send(ping(left, bytes(50000)))

    peer.channel.on_drained = refill
    refill()
    assert len(peer.read(30)) == 30
    assert "drained" in peer.channel.calls


def test_drained_waits_for_low_water(peer: Peer) -> None:
    for number in range(20):
        peer.connection.send(ping(number, bytes(200000)))
    settle(peer.loop)
    assert peer.connection.queued_bytes > ConnectionLimits().low_water
    assert "drained" not in peer.channel.calls
    peer.read(20)
    assert "drained" in peer.channel.calls


# Several messages at once


def test_what_is_flushed_goes_without_the_loop(peer: Peer) -> None:
    settle(peer.loop)
    for number in range(3):
        peer.connection.queue(ping(number))
    assert read_some(peer.socket) is None, "queued, and nothing more"
    peer.connection.flush(more=False)
    data = read_some(peer.socket)
    assert data
    peer.reader.feed(data)
    assert [peer.reader.next_message() for _ in range(3)] == [ping(0), ping(1), ping(2)]
    settle(peer.loop)
    assert "drained" not in peer.channel.calls, "nobody asked"


def test_a_flush_that_wants_more_is_told_of_room_by_the_loop(peer: Peer) -> None:
    peer.connection.queue(ping())
    peer.connection.flush(more=True)
    assert "drained" not in peer.channel.calls, "the channel is on the stack"
    settle(peer.loop)
    assert peer.channel.calls.count("drained") == 1


def test_what_a_flush_leaves_goes_once_there_is_room(peer: Peer) -> None:
    payload = bytes(100_000)
    for number in range(20):
        peer.connection.queue(ping(number, payload))
    peer.connection.flush(more=False)
    assert peer.connection.queued_bytes > 0
    assert [message.id for message in peer.read(20) if isinstance(message, Ping)] == list(range(20))


def test_a_flush_from_within_the_channel_is_done_in_the_end(peer: Peer) -> None:
    def answer(message: Message) -> None:
        peer.connection.queue(ping(7))
        peer.connection.flush(more=True)

    peer.channel.on_receive = answer
    peer.send(key())
    assert peer.read_all() == [ping(7)]
    assert "drained" in peer.channel.calls


def test_a_flush_to_one_that_has_gone_ends_it_from_the_loop(peer: Peer) -> None:
    settle(peer.loop)
    peer.socket.close()
    for _ in range(3):  # the first may still be taken by the system
        peer.connection.queue(ping(1, bytes(1000)))
        peer.connection.flush(more=False)
    assert "disconnected" not in peer.channel.calls, "the channel is on the stack"
    peer.wait(0.1)
    assert len(peer.closed) == 1 and peer.channel.calls[-1] == "disconnected"


# Clients that send more than their share


def flood(peer: Peer, count: int) -> list[InputsKeyScancode]:
    """So many different messages on their way to the server, none of them handled yet."""
    messages = [key(number.to_bytes(2, "little")) for number in range(count)]
    assert peer.socket.send(encoded(peer.writer, *messages)) == count * 8
    return messages


def run_on(peer: Peer, until: Callable[[], bool]) -> None:
    """Serve, with time passing."""

    def step() -> bool:
        peer.clock.now += 0.002
        return until()

    spin(peer.loop, step)


def test_a_flood_does_not_hold_up_others(peer: Peer) -> None:
    other = Peer(loop=peer.loop, clock=peer.clock)

    def handle(message: Message) -> None:
        peer.clock.now += 0.001

    peer.channel.on_receive = handle
    waits = []
    for number in range(10):
        flood(peer, 500)
        sent_at = peer.clock.now
        other.socket.send(encoded(other.writer, key()))
        spin(peer.loop, lambda number=number: len(other.channel.received) > number)  # type: ignore[misc]
        waits.append(peer.clock.now - sent_at)
    assert len(peer.channel.received) >= 64, "the flood was served too"
    assert max(waits) < 0.2, "two turns of the flood at most, of 64 messages each"
    other.connection.abort("done")
    other.socket.close()


def test_a_flood_is_handled_turn_by_turn_in_order(peer: Peer) -> None:
    messages = flood(peer, 1000)
    settle(peer.loop)
    assert peer.channel.received == messages[:64], "one turn, and the clock stands still"
    flooded = peer.connection.bytes_in
    peer.socket.send(encoded(peer.writer, key(b"last")))
    settle(peer.loop)
    assert peer.connection.bytes_in == flooded, "nothing is read while there is something to handle"
    run_on(peer, lambda: len(peer.channel.received) == 1001)
    assert peer.channel.received == [*messages, key(b"last")]


def test_what_a_client_sent_before_it_hung_up_is_handled(peer: Peer) -> None:
    messages = flood(peer, 300)
    peer.socket.close()
    run_on(peer, lambda: bool(peer.closed))
    assert peer.channel.received == messages
    assert peer.closed == ["the client hung up"]


def test_timers_run_within_a_flood(peer: Peer) -> None:
    flood(peer, 1000)
    peer.channel.due = peer.clock.now + 0.001
    run_on(peer, lambda: "timer" in peer.channel.calls)
    assert len(peer.channel.received) < 1000


@pytest.mark.parametrize("end", ["abort", "close"])
def test_a_flood_ends_with_the_connection(peer: Peer, end: str) -> None:
    flood(peer, 1000)
    settle(peer.loop)
    getattr(peer.connection, end)("enough")
    peer.wait(2)
    assert peer.closed == ["enough"]
    assert len(peer.channel.received) == 64


ANSWER = ping(1, bytes(5000))
ANSWERS = 100_000
"""Bytes of answers that may be unsent, in the tests."""


@pytest.fixture
def greedy() -> Iterator[Peer]:
    """One that has asked for 500 answers and has read none: the server has come as far as it goes."""
    peer = Peer(limits=ConnectionLimits(answers=ANSWERS))
    peer.channel.on_receive = lambda message: peer.connection.send(ANSWER)
    peer.greed = flood(peer, 500)
    for _ in range(10):
        peer.wait(0.002)
    yield peer
    peer.finish()


def test_a_client_that_does_not_take_its_answers_is_not_heard(greedy: Peer) -> None:
    heard = len(greedy.channel.received)
    assert ANSWERS // 5012 <= heard < 200
    assert greedy.connection.queued_bytes < ANSWERS + 2 * 5012
    greedy.wait(20)
    assert len(greedy.channel.received) == heard
    longest = 0

    def all_came() -> bool:
        nonlocal longest
        longest = max(longest, greedy.connection.queued_bytes)
        while data := read_some(greedy.socket):
            greedy.reader.feed(data)
        while (message := greedy.reader.next_message()) is not None:
            greedy.received.append(message)
        return len(greedy.received) == 500

    run_on(greedy, all_came)
    assert greedy.channel.received == greedy.greed
    assert longest < ANSWERS + 2 * 5012


def test_one_that_never_takes_them_is_given_up(greedy: Peer) -> None:
    def given_up() -> bool:
        greedy.clock.now += 10
        return bool(greedy.closed)

    spin(greedy.loop, given_up)
    assert greedy.closed == ["the client took no bytes for 120 s"]


def test_one_that_hangs_up_instead_is_noticed(greedy: Peer) -> None:
    greedy.socket.close()
    run_on(greedy, lambda: bool(greedy.closed))
    assert len(greedy.channel.received) < 200


def test_what_others_queue_for_a_client_does_not_shut_it_up(peer: Peer) -> None:
    for _ in range(100):
        peer.connection.send(ping(1, bytes(100000)))
    peer.send(key(b"go on"))
    assert peer.channel.received == [key(b"go on")], "it may be unable to read before it has written"


def test_acknowledgements_are_heard_behind_many_answers() -> None:
    peer = Peer(AckedChannel, limits=ConnectionLimits(answers=ANSWERS))

    def answer(message: Message) -> None:
        for _ in range(100):
            peer.connection.send(ANSWER)

    peer.channel.on_receive = answer
    peer.send(AckSync(generation=1), key(b"a"), key(b"b"))
    assert peer.channel.received == [key(b"a")], "its 100 answers come first"
    answers = len(peer.read(1 + WINDOW)) - 1
    while answers < 200:
        peer.socket.send(encoded(peer.writer, Ack()))
        peer.clock.now += 0.002
        answers += len(peer.read(WINDOW))
    peer.finish()


# Faults


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\x7f\x00\x00\x00\x00", "message type 32767"),
        (b"\x68\x00" + (MAX_RECEIVED[ChannelType.INPUTS] + 1).to_bytes(4, "little"), "longer than"),
        (b"\x68\x00\xff\xff\xff\xff", "longer than"),
        (b"\x65\x00\x01\x00\x00\x00\x00", ""),
    ],
)
def test_what_the_protocol_does_not_allow_ends_it(
    peer: Peer, data: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    peer.socket.send(data)
    spin(peer.loop, lambda: bool(peer.closed))
    assert peer.closed[0].startswith("protocol error: ")
    assert reason in peer.closed[0]
    assert peer.channel.calls[-1] == "disconnected"
    assert f"{peer.connection.link.peer}: inputs channel 0 closed: protocol error" in caplog.text


@pytest.mark.parametrize("message", [MigrateFlushMark(), ClientMigrateData(data=b"x" * 100)])
def test_migration_answers_that_were_not_asked_for_end_it(peer: Peer, message: Message) -> None:
    peer.send(message)
    assert peer.closed == [f"protocol error: {message.NAME} was not asked for"]


def test_what_came_before_a_fault_is_handled(peer: Peer) -> None:
    peer.socket.send(encoded(peer.writer, key(b"ok")) + b"\xff\x7f\x00\x00\x00\x00")
    spin(peer.loop, lambda: bool(peer.closed))
    assert peer.channel.received == [key(b"ok")]


def test_a_protocol_error_of_the_channel_ends_it(peer: Peer) -> None:
    def refuse(message: Message) -> None:
        raise ProtocolError("not now")

    peer.channel.on_receive = refuse
    peer.send(key(b"a"), key(b"b"))
    assert peer.closed == ["protocol error: not now"]
    assert len(peer.channel.received) == 1


def test_a_bug_of_the_channel_ends_it_and_not_the_loop(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    other = Peer(loop=peer.loop, clock=peer.clock)
    peer.channel.on_receive = lambda message: {}[message]
    peer.send(key())
    assert peer.closed == ["internal error"]
    assert "KeyError" in caplog.text
    other.send(key())
    assert other.channel.received == [key()]
    other.connection.abort("done")
    other.socket.close()


def test_a_bug_while_disconnecting_still_tells_the_owner(
    peer: Peer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(peer.channel, "disconnected", lambda now: {}[now])
    peer.connection.abort("enough")
    assert peer.closed == ["enough"]
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("error", [ProtocolError("no second client"), ValueError("bug")])
def test_a_channel_that_cannot_be_made(error: Exception) -> None:
    def fail(link: LinkInfo, sender: Sender) -> ChannelClient:
        raise error

    peer = Peer(fail)
    assert peer.connection.closed
    assert peer.connection.channel is None
    assert peer.closed == [], "the owner has it in hand before it hears of the end"
    peer.wait(0.01)
    assert len(peer.closed) == 1
    peer.finish()


def test_a_channel_that_fails_to_start() -> None:
    class Bad(FakeChannel):
        def start(self, now: float) -> None:
            raise ProtocolError("bad caps")

    peer = Peer(Bad)
    peer.wait(0.01)
    assert peer.closed == ["protocol error: bad caps"]
    assert peer.channel.calls == ["disconnected"]
    peer.finish()


def test_a_client_that_hangs_up(peer: Peer) -> None:
    peer.socket.close()
    spin(peer.loop, lambda: bool(peer.closed))
    assert peer.closed == ["the client hung up"]
    peer.connection.send(ping())
    peer.connection.close("again")
    peer.connection.abort("and again")
    settle(peer.loop)
    assert peer.closed == ["the client hung up"], "told once"


def test_a_reset(peer: Peer) -> None:
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.socket.close()
    spin(peer.loop, lambda: bool(peer.closed))
    assert peer.closed[0].startswith("connection lost: ")


def test_a_client_that_says_goodbye(peer: Peer) -> None:
    peer.send(ClientDisconnecting(timestamp=0, reason=3))
    assert peer.closed == ["the client left (reason 3)"]


# Acknowledgements


def test_set_ack_goes_first() -> None:
    class Hasty(AckedChannel):
        def __init__(self, link: LinkInfo, sender: Sender) -> None:
            super().__init__(link, sender)
            sender.send(ping(7))

        def start(self, now: float) -> None:
            self.sender.send(ping(8))

    peer = Peer(Hasty)
    assert peer.read(3) == [SetAck(generation=1, window=WINDOW), ping(7), ping(8)]
    assert peer.connection.serial == 3
    peer.finish()


def test_two_windows_and_no_more_go_out(acked: Peer) -> None:
    for number in range(100):
        acked.connection.send(ping(number))
    assert len(acked.read_all()) == 2 * WINDOW + 1
    assert acked.connection.blocked
    assert acked.connection.queued_bytes > 0
    acked.send(AckSync(generation=1), Ack())
    assert len(acked.read_all()) == WINDOW
    acked.send(Ack(), Ack(), Ack())
    assert len(acked.read_all()) == 100 + 1 - (3 * WINDOW + 1)
    assert not acked.connection.blocked


def test_acks_of_another_generation_free_nothing(acked: Peer) -> None:
    for number in range(100):
        acked.connection.send(ping(number))
    acked.read_all()
    acked.send(Ack(), AckSync(generation=2), Ack(), Ack())
    assert acked.read_all() == []
    assert acked.connection.blocked


def test_an_ack_tells_the_channel_of_room_though_its_queue_is_empty(acked: Peer) -> None:
    for number in range(2 * WINDOW):
        acked.connection.send(ping(number))
    acked.read_all()
    assert acked.connection.blocked
    assert acked.connection.queued_bytes == 0
    acked.channel.calls.clear()
    acked.send(AckSync(generation=1), Ack())
    assert "drained" in acked.channel.calls


def test_acks_on_a_channel_without_them_are_ignored(peer: Peer) -> None:
    peer.send(AckSync(generation=1), Ack(), key())
    assert peer.channel.received == [key()]
    assert not peer.connection.blocked


def test_a_blocked_client_that_never_acknowledges(acked: Peer) -> None:
    for number in range(100):
        acked.connection.send(ping(number))
    acked.read_all()
    acked.wait(20)
    acked.send(AckSync(generation=1), Ack())
    acked.read_all()
    acked.wait(119)
    assert acked.closed == []
    acked.wait(1.1)
    assert acked.closed == ["the client acknowledged nothing for 120 s"]


def test_an_idle_client_owes_nothing(acked: Peer) -> None:
    acked.connection.send(ping())
    acked.read_all()
    acked.wait(1000)
    acked.connection.send(ping())
    acked.wait(119)
    assert acked.closed == []


# Limits of time and memory


def test_a_client_that_takes_no_bytes(peer: Peer) -> None:
    peer.wait(500)
    for number in range(100):
        peer.connection.send(ping(number, bytes(100000)))
    peer.wait(119)
    assert peer.closed == []
    assert len(peer.socket.recv(50000)) > 0
    spin(peer.loop, lambda: peer.connection._progress_at == peer.clock.now)
    peer.wait(119)
    assert peer.closed == [], "it took some bytes"

    def given_up() -> bool:
        # The kernel may still take some on its own, and each time it does the clock starts anew.
        peer.clock.now += 10
        return bool(peer.closed)

    spin(peer.loop, given_up)
    assert peer.closed == ["the client took no bytes for 120 s"]
    assert peer.channel.closed


def test_a_queue_that_grows_too_long() -> None:
    peer = Peer(limits=ConnectionLimits(queue_bytes=1_000_000))
    for number in range(9):
        peer.connection.send(ping(number, bytes(100000)))
    assert not peer.connection.closed
    for number in range(9):
        peer.connection.send(ping(number, bytes(100000)))
    assert peer.connection.closed
    assert peer.closed == [], "not while the channel may be on the stack"
    assert peer.connection.queued_bytes < 1_200_000
    peer.wait(0.01)
    assert peer.closed[0].startswith("the client is too slow: ")
    peer.finish()


def test_a_single_message_may_be_longer_than_the_queue() -> None:
    peer = Peer(limits=ConnectionLimits(queue_bytes=1_000_000))
    peer.connection.send(ping(1, bytes(3_000_000)))
    assert peer.read(1) == [ping(1, bytes(3_000_000))]
    peer.finish()


def test_the_channels_timer(peer: Peer) -> None:
    peer.channel.due = peer.clock.now + 5
    peer.connection.rearm()
    peer.wait(4.9)
    assert "timer" not in peer.channel.calls
    peer.wait(0.2)
    assert peer.channel.calls.count("timer") == 1
    peer.wait(100)
    assert peer.channel.calls.count("timer") == 1


def test_a_deadline_set_while_receiving_is_kept(peer: Peer) -> None:
    peer.channel.on_receive = lambda message: setattr(peer.channel, "due", peer.clock.now + 2)
    peer.send(key())
    peer.wait(2.1)
    assert "timer" in peer.channel.calls


def test_a_deadline_moved_closer_and_one_taken_back(peer: Peer) -> None:
    peer.channel.due = peer.clock.now + 100
    peer.connection.rearm()
    peer.channel.due = peer.clock.now + 1
    peer.connection.rearm()
    peer.wait(1.1)
    assert peer.channel.calls.count("timer") == 1
    peer.channel.due = peer.clock.now + 1
    peer.connection.rearm()
    peer.channel.due = None
    peer.wait(5)
    assert peer.channel.calls.count("timer") == 1


def test_round_trips(peer: Peer) -> None:
    peer.connection.send(ping(5))
    peer.connection.send(ping(6, b"data"))
    peer.read(2)
    peer.clock.now += 0.08
    peer.send(
        Pong(id=5, timestamp=0), Pong(id=6, timestamp=0), Pong(id=5, timestamp=0), Pong(id=9, timestamp=0)
    )
    assert peer.connection.round_trip.samples == 1
    assert peer.connection.round_trip.value == pytest.approx(0.08)
    assert peer.channel.received == [Pong(id=5, timestamp=0), Pong(id=6, timestamp=0)], "only those asked for"


def test_unanswered_pings_are_forgotten(peer: Peer) -> None:
    for number in range(1000):
        peer.connection.send(ping(number))
    assert len(peer.connection._pings) == 16
    peer.send(Pong(id=999, timestamp=0), Pong(id=0, timestamp=0))
    assert peer.channel.received == [Pong(id=999, timestamp=0)]


# The end


def test_close_flushes_what_is_queued_and_acks_do_not_matter(acked: Peer) -> None:
    for number in range(60):
        acked.connection.send(ping(number, bytes(20000)))
    farewell = Notify(timestamp=0, severity=1, visibility=2, message="another client has connected")
    acked.connection.send(farewell)
    acked.connection.close("replaced")
    acked.connection.send(ping(99))
    assert acked.read(62)[-1] == farewell
    acked.socket.close()
    spin(acked.loop, lambda: bool(acked.closed))
    assert acked.closed == ["replaced"]


def test_last_words_survive_what_the_client_still_sends(peer: Peer) -> None:
    peer.connection.send(ping(1))
    peer.connection.close("enough")
    peer.socket.send(encoded(peer.writer, *[key(b"x" * 1000)] * 50))
    assert peer.read(1) == [ping(1)]
    assert peer.channel.received == [], "a closed channel hears nothing"
    peer.socket.close()
    spin(peer.loop, lambda: bool(peer.closed))


def test_close_with_nothing_queued(peer: Peer) -> None:
    peer.connection.close("enough")
    spin(peer.loop, lambda: read_some(peer.socket) == b"")
    assert peer.closed == [], "the client may still hang up by itself"
    peer.wait(1.1)
    assert peer.closed == ["enough"]


def test_close_waits_for_a_stuck_client_so_long_and_no_longer(peer: Peer) -> None:
    for number in range(100):
        peer.connection.send(ping(number, bytes(100000)))
    settle(peer.loop)
    peer.connection.close("enough")
    peer.wait(4.9)
    assert peer.closed == []
    peer.wait(0.2)
    assert peer.closed == ["enough"]


def test_abort_is_at_once(peer: Peer) -> None:
    peer.connection.send(ping())
    peer.connection.abort("now")
    assert peer.closed == ["now"]
    assert peer.channel.calls[-1] == "disconnected"
    assert read_some(peer.socket) == b""


@pytest.mark.parametrize("end", ["abort", "close"])
def test_a_channel_that_ends_itself_hears_no_more(peer: Peer, end: str) -> None:
    def finish(message: Message) -> None:
        getattr(peer.connection, end)("said enough")
        assert peer.closed == [], "not while the channel is on the stack"
        assert "disconnected" not in peer.channel.calls

    peer.channel.on_receive = finish
    peer.send(key(b"a"), key(b"b"))
    peer.socket.close()
    spin(peer.loop, lambda: bool(peer.closed))
    assert len(peer.channel.received) == 1
    assert peer.closed == ["said enough"]


def test_an_owner_that_fails_as_it_closes(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    def fail(connection: Connection, reason: str) -> None:
        raise KeyError(reason)

    peer.connection._on_closed = fail
    peer.connection.abort("now")
    assert "KeyError" in caplog.text


def test_ends_are_logged_once_with_peer_channel_and_reason(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        peer.connection.close("bye")
        peer.socket.close()
        spin(peer.loop, lambda: bool(peer.closed))
    assert [record.message for record in caplog.records] == [
        f"{peer.connection.link.peer}: inputs channel 0 closed: bye"
    ]


def test_connections_leak_no_descriptor() -> None:
    clock = Clock()
    loop = PollLoop(clock)
    before = len(os.listdir("/proc/self/fd"))
    for number in range(50):
        peer = Peer(loop=loop, clock=clock)
        peer.send(key())
        if number % 2:
            peer.socket.close()
            spin(loop, lambda peer=peer: bool(peer.closed))  # type: ignore[misc]
        else:
            peer.connection.abort("done")
            peer.socket.close()
    assert len(os.listdir("/proc/self/fd")) == before
    loop.close()


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pki")
    write_certificates(path)
    return path


def tls_peer(certificates: Path, *, early: bytes = b"") -> Peer:
    clock = Clock()
    loop = PollLoop(clock)
    near, far = socket_pair(small=True)
    transport = TlsTransport(near, directory(certificates).context())
    watch = loop.watch_add(near.fileno(), transport.wants(), lambda events: shake())

    def shake() -> None:
        transport.handshake()

    secure = tls_connect(loop, far, certificates / "ca-cert.pem")
    spin(loop, transport.handshake)
    loop.watch_remove(watch)
    if early:
        # The link stage has read one byte, and with it the rest of the record came into the TLS engine.
        secure.send(b"L" + early)
        spin(loop, lambda: transport.receive(1) == b"L")
    return Peer(ends=(transport, secure), loop=loop, clock=clock)


def test_tls_messages_pass_both_ways(certificates: Path) -> None:
    peer = tls_peer(certificates)
    peer.send(key(b"abc"))
    assert peer.channel.received == [key(b"abc")]
    for number in range(40):
        peer.connection.send(ping(number, bytes(100000)))
    assert len(peer.read(40)) == 40
    peer.connection.close("done")
    spin(peer.loop, lambda: read_some(peer.socket) == b"")
    peer.finish()


def test_bytes_inside_the_tls_engine_are_not_forgotten(certificates: Path) -> None:
    peer = tls_peer(certificates, early=encoded(FrameWriter(mini=True), key(b"early")))
    peer.wait(0.01)
    assert peer.channel.received == [key(b"early")]
    peer.finish()


def test_more_tls_records_than_one_turn_reads(certificates: Path) -> None:
    peer = tls_peer(certificates)
    for number in range(200):
        peer.socket.send(encoded(peer.writer, key(bytes([number]))))

    def all_came() -> bool:
        peer.clock.now += 0.002
        return len(peer.channel.received) == 200

    spin(peer.loop, all_came)
    peer.finish()


def test_messages_of_a_motion_ack_have_no_body(peer: Peer) -> None:
    peer.connection.send(InputsMouseMotionAck())
    assert peer.read(1) == [InputsMouseMotionAck()]
