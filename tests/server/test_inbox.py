"""The inbox: order, turns, and when another turn must come by itself."""

import pytest

from gspice.errors import ProtocolError
from gspice.server.inbox import MESSAGES_PER_TURN, READS_PER_TURN, Inbox
from gspice.wire.channel_types import ChannelType
from gspice.wire.framing import FrameWriter
from gspice.wire.message import Message
from gspice.wire.messages.inputs import InputsKeyScancode
from gspice.wire.registry import client_messages


class FakeTransport:
    """Gives what a test puts there, a piece a read."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.pending = False

    def receive(self) -> bytes | None:
        return self.pieces.pop(0) if self.pieces else None


def key(number: int) -> InputsKeyScancode:
    return InputsKeyScancode(data=number.to_bytes(2, "little"))


def encoded(*messages: Message) -> bytes:
    writer = FrameWriter(mini=True)
    return b"".join(bytes(part) for message in messages for part in writer.encode(message))


def inbox(transport: FakeTransport, leftover: bytes = b"") -> Inbox:
    messages = client_messages(ChannelType.INPUTS)
    return Inbox(transport, messages, mini=True, max_size=100, leftover=leftover)  # type: ignore[arg-type]


def turn(box: Inbox) -> list[Message]:
    box.begin_turn()
    messages = []
    while (message := box.next_message()) is not None:
        messages.append(message)
    return messages


def test_leftovers_come_before_what_is_read() -> None:
    data = encoded(key(1), key(2))
    box = inbox(FakeTransport(data[10:]), data[:10])
    assert turn(box) == [key(1), key(2)]
    assert (box.bytes_in, box.waiting, box.ended) == (16, False, False)
    assert turn(box) == []


def test_a_turn_has_so_many_messages_and_the_rest_waits() -> None:
    keys = [key(number) for number in range(MESSAGES_PER_TURN * 2 + 5)]
    transport = FakeTransport(encoded(*keys), encoded(key(999)))
    box = inbox(transport)
    assert turn(box) == keys[:MESSAGES_PER_TURN]
    assert box.waiting
    assert box.next_message() is None, "not before the next turn"
    assert turn(box) == keys[MESSAGES_PER_TURN:][:MESSAGES_PER_TURN]
    assert len(transport.pieces) == 1, "nothing is read while something is there"
    assert turn(box) == [*keys[-5:], key(999)]
    assert not box.waiting


def test_a_turn_has_so_many_reads() -> None:
    transport = FakeTransport(*[encoded(key(number)) for number in range(READS_PER_TURN + 1)])
    box = inbox(transport)
    assert len(turn(box)) == READS_PER_TURN
    assert not box.waiting, "the socket itself tells of what it still has"
    assert turn(box) == [key(READS_PER_TURN)]


def test_what_the_transport_holds_must_be_asked_for() -> None:
    transport = FakeTransport(*[encoded(key(number)) for number in range(READS_PER_TURN + 1)])
    transport.pending = True
    box = inbox(transport)
    turn(box)
    assert box.waiting
    turn(box)
    assert not box.waiting, "half a record, say: more of it must come from the socket first"


def test_a_turn_that_is_broken_off_waits() -> None:
    box = inbox(FakeTransport(encoded(key(1), key(2))))
    box.begin_turn()
    assert box.next_message() == key(1)
    assert box.waiting
    assert turn(box) == [key(2)]


def test_the_end_comes_behind_all_messages() -> None:
    box = inbox(FakeTransport(encoded(*[key(1)] * (MESSAGES_PER_TURN + 1)), b""))
    turn(box)
    assert not box.ended
    assert turn(box) == [key(1)]
    assert box.ended
    assert not box.waiting


def test_a_message_that_is_too_long() -> None:
    box = inbox(FakeTransport(b"\x68\0\xff\0\0\0"))
    with pytest.raises(ProtocolError, match="longer than the 100"):
        turn(box)
