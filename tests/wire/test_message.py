"""What every message does: parse, serialize, buffers, and what it says of itself."""

from dataclasses import FrozenInstanceError

import pytest

from gspice.errors import ProtocolError
from gspice.wire.buffer import BLOB_BY_REFERENCE
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import BASE_CHANNEL, Direction, plan_of
from gspice.wire.messages.agent import GRAB_SERIAL, SELECTION, AgentClipboardGrab
from gspice.wire.messages.base import Ack, Ping, SetAck
from gspice.wire.messages.inputs import InputsMousePosition


def test_a_message_says_what_it_is() -> None:
    assert (SetAck.TYPE, SetAck.NAME, SetAck.CHANNEL) == (3, "SetAck", BASE_CHANNEL)
    assert SetAck.DIRECTION is Direction.TO_CLIENT
    assert InputsMousePosition.CHANNEL == ChannelType.INPUTS
    assert InputsMousePosition.DIRECTION is Direction.TO_SERVER


def test_messages_are_frozen_values() -> None:
    message = SetAck(generation=1, window=20)
    assert message == SetAck(generation=1, window=20)
    assert hash(message) == hash(SetAck(generation=1, window=20))
    with pytest.raises(FrozenInstanceError):
        message.window = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        SetAck(1, 20)  # type: ignore[call-arg]


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(ProtocolError, match="1 bytes after the end of SetAck"):
        SetAck.parse(bytes(9))
    with pytest.raises(ProtocolError, match="after the end of Ack"):
        Ack.parse(b"\0")


def test_truncation_names_the_message() -> None:
    with pytest.raises(ProtocolError, match="truncated SetAck"):
        SetAck.parse(bytes(7))


def test_a_range_error_names_the_field() -> None:
    with pytest.raises(ProtocolError, match=r"SetAck\.window: -1"):
        SetAck(generation=1, window=-1).serialize()
    with pytest.raises(ProtocolError, match=r"SetAck\.generation"):
        SetAck(generation="1", window=1).serialize()  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_bodies_of_any_kind_are_parsed_and_not_kept(make: type) -> None:
    body = bytes(12) + b"data"
    message = Ping.parse(make(body))
    assert type(message.data) is bytes
    assert message == Ping(id=0, timestamp=0, data=b"data")


def test_a_parsed_body_may_be_reused_at_once() -> None:
    body = bytearray(12) + b"data"
    message = Ping.parse(body)
    body.clear()  # raises BufferError where the message still holds on to it
    assert message.data == b"data"


def test_large_data_are_sent_as_they_are() -> None:
    data = bytes(BLOB_BY_REFERENCE)
    buffers = Ping(id=1, timestamp=2, data=data).buffers()
    assert len(buffers) == 2
    assert buffers[1] is data


def test_an_empty_body_has_no_buffers() -> None:
    assert Ack().buffers() == []
    assert Ack().serialize() == b""
    assert Ack.parse(b"") == Ack()


def test_what_both_ends_agreed_on_changes_the_layout() -> None:
    body = bytes.fromhex("01000000 02000000 03000000")
    assert AgentClipboardGrab.parse(body) == AgentClipboardGrab(types=(1, 2, 3))
    assert AgentClipboardGrab.parse(body, {SELECTION}) == AgentClipboardGrab(selection=1, types=(2, 3))
    both = AgentClipboardGrab(selection=1, serial=2, types=(3,))
    assert AgentClipboardGrab.parse(body, {SELECTION, GRAB_SERIAL}) == both
    assert both.serialize() == body


def test_plans_are_compiled_once() -> None:
    assert plan_of(SetAck) is plan_of(SetAck)
