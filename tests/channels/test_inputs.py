"""The inputs channel: messages to devices, acknowledgements, lights, and nothing left down."""

import pytest

from gspice.channels.inputs import InputsChannelClient
from gspice.channels.mouse_mode import MouseModes
from gspice.errors import ProtocolError
from gspice.input.devices import InputDevices
from gspice.input.keyboard import SETTLE
from gspice.vdi import HostButtons, Leds
from gspice.wire.caps import InputsCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.base import ClientDisconnecting
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
from gspice.wire.types import MouseMode
from tests.channels.recording_sender import RecordingSender, link_to
from tests.input.fake_devices import FakeKeyboard, FakeMouse, FakeTablet


class Seat:
    """A server's input side with one client at it."""

    def __init__(self, leds: int = 0) -> None:
        self.devices = InputDevices()
        self.keyboard, self.mouse, self.tablet = FakeKeyboard(leds), FakeMouse(), FakeTablet()
        for device in (self.keyboard, self.mouse, self.tablet):
            self.devices.add(device)
        self.devices.set_logical_size(800, 600)
        self.tablet.calls.clear()
        self.modes = MouseModes()
        self.modes.update(has_tablet=True, qxl_devices=1, display_channels=1, primary_allows=True)
        self.client, self.sender = self.join()

    def join(self) -> tuple[InputsChannelClient, RecordingSender]:
        sender = RecordingSender()
        client = InputsChannelClient(link_to(ChannelType.INPUTS), sender, self.devices, self.modes)
        client.start(0)
        return client, sender


@pytest.fixture
def seat() -> Seat:
    return Seat()


def test_scancodes_are_announced() -> None:
    assert list(InputsChannelClient.CAPS) == [InputsCap.KEY_SCANCODE]


def test_init_comes_first_with_the_lights() -> None:
    assert Seat(Leds.NUM | Leds.CAPS).sender.messages == [InputsInit(modifiers=6)]


def test_when_a_client_acted_is_known_to_all(seat: Seat) -> None:
    assert seat.devices.acted_at < 0
    seat.client.receive(InputsKeyDown(code=0x1E), 3.5)
    assert seat.devices.acted_at == 3.5


@pytest.mark.parametrize(
    ("code", "pushed"),
    [
        (0x1E, b"\x1e"),
        (0x48E0, b"\xe0\x48"),
        (0x451DE1, b"\xe1\x1d\x45"),
        (0x37E02AE0, b"\xe0\x2a\xe0\x37"),
        (0x1F001E, b"\x1e"),
        (0, b""),
    ],
)
def test_key_codes_are_bytes_up_to_the_first_zero(seat: Seat, code: int, pushed: bytes) -> None:
    seat.client.receive(InputsKeyDown(code=code), 0)
    assert seat.keyboard.taken() == pushed


def test_up_takes_the_release_bit_from_the_client(seat: Seat) -> None:
    seat.client.receive(InputsKeyUp(code=0x9E), 0)
    seat.client.receive(InputsKeyUp(code=0xC8E0), 0)
    assert seat.keyboard.taken() == b"\x9e\xe0\xc8"


def test_raw_scancodes(seat: Seat) -> None:
    seat.client.receive(InputsKeyScancode(data=b"\x1e\x9e\xe0"), 0)
    seat.client.receive(InputsKeyScancode(data=b"\x48"), 0)
    assert seat.keyboard.taken() == b"\x1e\x9e\xe0\x48"


def test_leaving_lets_go_of_keys_and_buttons(seat: Seat) -> None:
    seat.client.receive(InputsKeyDown(code=0x1D), 0)
    seat.client.receive(InputsKeyDown(code=0x48E0), 0)
    seat.client.receive(InputsMousePress(button=1, buttons=1), 0)
    seat.keyboard.taken()
    seat.client.disconnected(1)
    assert seat.keyboard.taken() == b"\xe0\xc8\x9d"
    assert seat.mouse.calls[-1] == ("buttons", HostButtons(0))
    seat.client.disconnected(1)
    assert seat.keyboard.taken() == b""


def test_locks_are_made_alike_and_the_lights_told_after_a_while(seat: Seat) -> None:
    seat.sender.take()
    assert seat.client.deadline() is None
    seat.client.receive(InputsClientKeyModifiers(modifiers=0xFFFC), 5)
    assert seat.keyboard.taken() == b"\x3a\xba"
    assert seat.client.deadline() == 5 + SETTLE
    seat.keyboard.leds = Leds.CAPS
    seat.client.on_timer(5 + SETTLE)
    assert seat.sender.take() == [InputsKeyModifiers(modifiers=4)]
    assert seat.client.deadline() is None


def test_locks_that_are_alike_are_left_alone(seat: Seat) -> None:
    seat.client.receive(InputsKeyDown(code=0x45), 0)
    seat.client.receive(InputsKeyUp(code=0xC5), 0)
    seat.keyboard.taken()
    seat.client.receive(InputsClientKeyModifiers(modifiers=2), 0)
    assert seat.keyboard.taken() == b""


def test_lights_go_to_all_clients_that_are_there(seat: Seat) -> None:
    second, second_sender = seat.join()
    seat.sender.take()
    second_sender.take()
    seat.devices.leds_changed(Leds.SCROLL, 0)
    assert seat.sender.take() == second_sender.take() == [InputsKeyModifiers(modifiers=1)]
    second.disconnected(0)
    seat.devices.leds_changed(Leds(0), 0)
    assert seat.sender.take() == [InputsKeyModifiers(modifiers=0)]
    assert second_sender.take() == []


def test_one_acknowledgement_for_four_moves_of_either_kind(seat: Seat) -> None:
    seat.sender.take()
    for step in range(1, 13):
        if step % 2:
            seat.client.receive(InputsMouseMotion(dx=1, dy=1, buttons=0), 0)
        else:
            seat.client.receive(InputsMousePosition(x=1, y=1, buttons=0, display_id=0), 0)
        assert len(seat.sender.of(InputsMouseMotionAck)) == step // 4


def test_server_mode_takes_motions_only(seat: Seat) -> None:
    seat.client.receive(InputsMouseMotion(dx=-5, dy=6, buttons=4), 0)
    seat.client.receive(InputsMousePosition(x=1, y=1, buttons=0, display_id=0), 0)
    seat.client.receive(InputsMouseMotion(dx=1, dy=0, buttons=0, display_id=3), 0)
    assert seat.mouse.calls == [
        ("motion", -5, 6, 0, HostButtons.RIGHT),
        ("motion", 1, 0, 0, HostButtons(0)),
    ]
    assert seat.tablet.calls == []


def test_client_mode_takes_positions_only_and_within_bounds(seat: Seat) -> None:
    seat.modes.request(MouseMode.CLIENT)
    seat.client.receive(InputsMouseMotion(dx=-5, dy=6, buttons=4), 0)
    seat.client.receive(InputsMousePosition(x=4_000_000_000, y=7, buttons=2, display_id=0), 0)
    assert seat.mouse.calls == []
    assert seat.tablet.calls == [("position", 799, 7, HostButtons.MIDDLE)]


def test_presses_wheel_and_releases(seat: Seat) -> None:
    seat.modes.request(MouseMode.CLIENT)
    seat.client.receive(InputsMousePress(button=3, buttons=4), 0)
    seat.client.receive(InputsMousePress(button=4, buttons=4), 0)
    seat.client.receive(InputsMousePress(button=5, buttons=4), 0)
    seat.client.receive(InputsMouseRelease(button=3, buttons=0), 0)
    assert seat.tablet.calls == [
        ("buttons", HostButtons.RIGHT),
        ("wheel", -1, HostButtons.RIGHT),
        ("wheel", 1, HostButtons.RIGHT),
        ("buttons", HostButtons(0)),
    ]


def test_a_change_of_the_mouse_mode_releases_buttons(seat: Seat) -> None:
    seat.client.receive(InputsMousePress(button=1, buttons=1), 0)
    seat.modes.request(MouseMode.CLIENT)
    assert seat.mouse.calls[-1] == ("buttons", HostButtons(0))
    seat.client.receive(InputsMousePress(button=1, buttons=1), 0)
    seat.modes.update(has_tablet=False)
    assert seat.tablet.calls[-1] == ("buttons", HostButtons(0))


def test_a_newcomer_finds_the_mode_that_was_set_before_it(seat: Seat) -> None:
    seat.client.disconnected(0)
    seat.modes.request(MouseMode.CLIENT)
    client, _ = seat.join()
    client.receive(InputsMousePosition(x=1, y=2, buttons=0, display_id=0), 0)
    assert seat.tablet.calls == [("position", 1, 2, HostButtons(0))]


def test_a_client_that_never_started_leaves_in_peace(seat: Seat) -> None:
    never = InputsChannelClient(link_to(ChannelType.INPUTS), RecordingSender(), seat.devices, seat.modes)
    never.disconnected(0)
    assert seat.keyboard.taken() == b""


def test_other_messages_end_the_connection(seat: Seat) -> None:
    with pytest.raises(ProtocolError, match="ClientDisconnecting"):
        seat.client.receive(ClientDisconnecting(timestamp=0, reason=0), 0)


def test_without_devices_input_is_lost() -> None:
    sender = RecordingSender()
    client = InputsChannelClient(link_to(ChannelType.INPUTS), sender, InputDevices(), MouseModes())
    client.start(0)
    client.receive(InputsKeyDown(code=0x1E), 0)
    client.receive(InputsClientKeyModifiers(modifiers=7), 0)
    client.receive(InputsMouseMotion(dx=1, dy=1, buttons=1), 0)
    client.receive(InputsMousePress(button=4, buttons=1), 0)
    client.disconnected(1)
    assert sender.messages == [InputsInit(modifiers=0)]
