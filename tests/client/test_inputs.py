"""Keys and moves: what goes out, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.client.inputs import ACK_BUNCH, MAX_UNACKED, InputsChannel, split_scancodes
from gspice.wire.caps import CapSet, InputsCap
from gspice.wire.messages.inputs import (
    InputsClientKeyModifiers,
    InputsInit,
    InputsKeyDown,
    InputsKeyModifiers,
    InputsKeyScancode,
    InputsKeyUp,
    InputsMouseMotion,
    InputsMouseMotionAck,
    InputsMousePosition,
    InputsMousePress,
    InputsMouseRelease,
)

ALT_GR = b"\xe0\x38\xe0\xb8"


@pytest.fixture
def inputs() -> InputsChannel:
    channel = InputsChannel()
    channel.start(CapSet.of(InputsCap.KEY_SCANCODE))
    return channel


def test_scancodes_go_as_they_are(inputs: InputsChannel) -> None:
    inputs.key(b"\x1e\x9e" + ALT_GR)
    assert inputs.take_output() == [InputsKeyScancode(data=b"\x1e\x9e" + ALT_GR)]


def test_an_old_server_gets_keys_one_by_one() -> None:
    channel = InputsChannel()
    channel.start(CapSet())
    channel.key(b"\x1e\x9e" + ALT_GR + b"\xe1\x1d\x45")
    assert channel.take_output() == [
        InputsKeyDown(code=0x1E),
        InputsKeyUp(code=0x9E),
        InputsKeyDown(code=0x38E0),
        InputsKeyUp(code=0xB8E0),
        InputsKeyDown(code=0x451DE1),
    ]


@pytest.mark.parametrize("cut", [b"\xe0", b"\x1e\xe1\x1d"])
def test_half_a_scancode_is_an_error(cut: bytes) -> None:
    with pytest.raises(ValueError, match="cut off"):
        list(split_scancodes(cut))


@given(st.binary())
def test_splitting_loses_nothing(scancodes: bytes) -> None:
    try:
        assert b"".join(split_scancodes(scancodes)) == scancodes
    except ValueError:
        assert b"\xe0" in scancodes or b"\xe1" in scancodes


def test_positions_wait_for_acknowledgements_and_the_newest_counts(inputs: InputsChannel) -> None:
    for x in range(MAX_UNACKED + 5):
        inputs.position(x, 2 * x, 0)
    assert len(inputs.take_output()) == MAX_UNACKED
    inputs.receive(InputsMouseMotionAck(), 1)
    last = MAX_UNACKED + 4
    assert inputs.take_output() == [InputsMousePosition(x=last, y=2 * last, buttons=0, display_id=0)]
    for x in range(MAX_UNACKED):
        inputs.position(x, 0, 0)
    assert len(inputs.take_output()) == ACK_BUNCH - 1


def test_motions_that_wait_add_up(inputs: InputsChannel) -> None:
    for _ in range(MAX_UNACKED):
        inputs.motion(1, -1, 0)
    inputs.motion(5, 1, 0)
    inputs.motion(6, 2, 1)
    inputs.take_output()
    inputs.receive(InputsMouseMotionAck(), 1)
    assert inputs.take_output() == [InputsMouseMotion(dx=11, dy=3, buttons=1)]


def test_a_click_is_where_the_pointer_is(inputs: InputsChannel) -> None:
    for x in range(MAX_UNACKED + 1):
        inputs.position(x, 0, 0)
    inputs.take_output()
    inputs.press(1, 1)
    inputs.release(1, 0)
    assert inputs.take_output() == [
        InputsMousePosition(x=MAX_UNACKED, y=0, buttons=0, display_id=0),
        InputsMousePress(button=1, buttons=1),
        InputsMouseRelease(button=1, buttons=0),
    ]


def test_lock_lights(inputs: InputsChannel) -> None:
    inputs.receive(InputsInit(modifiers=2), 1)
    assert inputs.modifiers == 2
    inputs.receive(InputsKeyModifiers(modifiers=4), 2)
    assert inputs.modifiers == 4
    inputs.lock_keys(6)
    assert inputs.take_output() == [InputsClientKeyModifiers(modifiers=6)]
