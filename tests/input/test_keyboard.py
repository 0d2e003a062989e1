"""The keyboard: keys that clients hold, and locks that are to be alike at both ends."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gspice.input.keyboard import SETTLE, ClientKeys, Keyboard
from gspice.input.scancodes import ScancodeReader
from gspice.vdi import Leds
from tests.input.fake_devices import FakeKeyboard

NUM, CAPS, SCROLL = b"\x45", b"\x3a", b"\x46"


@pytest.fixture
def device() -> FakeKeyboard:
    return FakeKeyboard()


@pytest.fixture
def keyboard(device: FakeKeyboard) -> Keyboard:
    keyboard = Keyboard()
    keyboard.device = device
    return keyboard


def test_bytes_reach_the_device_unchanged(keyboard: Keyboard, device: FakeKeyboard) -> None:
    ClientKeys(keyboard).feed(b"\x1e\xe0\x48\x9e\xe1\x1d\x45", 0)
    assert device.taken() == b"\x1e\xe0\x48\x9e\xe1\x1d\x45"


def test_half_a_code_waits_for_the_rest(keyboard: Keyboard, device: FakeKeyboard) -> None:
    keys = ClientKeys(keyboard)
    keys.feed(b"\xe0", 0)
    assert device.taken() == b""
    keys.feed(b"\x48", 0)
    assert device.taken() == b"\xe0\x48"


def test_leaving_releases_newest_first_with_prefixes(keyboard: Keyboard, device: FakeKeyboard) -> None:
    keys = ClientKeys(keyboard)
    keys.feed(b"\x1d\xe0\x38\x1e\x1f\x9f", 0)
    device.taken()
    keys.release(1)
    assert device.taken() == b"\x9e\xe0\xb8\x9d"
    assert keys.pressed == ()
    keys.release(2)
    assert device.taken() == b""


def test_leaving_forgets_half_a_code(keyboard: Keyboard, device: FakeKeyboard) -> None:
    keys = ClientKeys(keyboard)
    keys.feed(b"\xe0", 0)
    keys.release(0)
    keys.feed(b"\x48", 0)
    assert device.taken() == b"\x48"


def test_one_client_does_not_release_what_another_holds(keyboard: Keyboard, device: FakeKeyboard) -> None:
    first, second = ClientKeys(keyboard), ClientKeys(keyboard)
    first.feed(b"\x1e", 0)
    second.feed(b"\x1f\xe0", 0)
    device.taken()
    second.release(0)
    assert device.taken() == b"\x9f"
    assert first.pressed == (0x1E,)


def test_without_a_device_keys_are_lost(keyboard: Keyboard) -> None:
    keyboard.device = None
    ClientKeys(keyboard).feed(CAPS, 0)
    assert keyboard.locks == Leds(0)
    assert keyboard.settles_at is None


def test_lock_key_toggles_once_while_it_repeats(keyboard: Keyboard) -> None:
    keys = ClientKeys(keyboard)
    keys.feed(CAPS * 4, 0)
    assert keyboard.locks == Leds.CAPS
    keys.feed(b"\xba" + CAPS, 0)
    assert keyboard.locks == Leds(0)


def test_extended_codes_are_no_lock_keys(keyboard: Keyboard) -> None:
    # 0xE0 0x46 is Break, 0xE1 0x1D 0x45 is Pause
    ClientKeys(keyboard).feed(b"\xe0\x46\xe1\x1d\x45", 0)
    assert keyboard.locks == Leds(0)


def test_sync_presses_the_locks_that_differ(keyboard: Keyboard, device: FakeKeyboard) -> None:
    device.leds = Leds.NUM
    assert keyboard.connect() == Leds.NUM
    keyboard.sync_locks(Leds.NUM | Leds.CAPS | Leds.SCROLL, 10)
    assert device.taken() == SCROLL + b"\xc6" + CAPS + b"\xba"
    assert keyboard.locks == Leds.NUM | Leds.CAPS | Leds.SCROLL
    assert keyboard.settles_at == 10 + SETTLE
    keyboard.sync_locks(Leds.NUM | Leds.CAPS | Leds.SCROLL, 11)
    assert device.taken() == b""


def test_sync_leaves_a_held_lock_key_alone(keyboard: Keyboard, device: FakeKeyboard) -> None:
    ClientKeys(keyboard).feed(NUM, 0)
    device.taken()
    keyboard.sync_locks(Leds.CAPS, 0)
    assert device.taken() == CAPS + b"\xba"
    assert keyboard.locks == Leds.NUM | Leds.CAPS


def test_sync_ignores_bits_that_are_no_locks(keyboard: Keyboard, device: FakeKeyboard) -> None:
    keyboard.sync_locks(Leds(0xF8), 0)
    assert device.taken() == b""
    assert keyboard.settles_at is None


def test_a_newcomer_gets_the_guests_lights(keyboard: Keyboard, device: FakeKeyboard) -> None:
    device.leds = Leds.SCROLL | Leds(0x80)
    assert keyboard.connect() == Leds.SCROLL
    assert keyboard.locks == Leds.SCROLL


def test_a_newcomer_does_not_undo_a_lock_on_its_way(keyboard: Keyboard, device: FakeKeyboard) -> None:
    keyboard.sync_locks(Leds.CAPS, 0)
    assert keyboard.connect() == Leds(0)
    assert keyboard.locks == Leds.CAPS


def test_lights_are_told_after_the_guest_had_its_time(keyboard: Keyboard, device: FakeKeyboard) -> None:
    told: list[Leds] = []
    keyboard.observe(told.append)
    keyboard.sync_locks(Leds.CAPS, 0)
    device.leds = Leds.CAPS
    keyboard.settle(SETTLE - 0.1)
    assert told == []
    keyboard.settle(SETTLE)
    assert told == [Leds.CAPS]
    keyboard.settle(SETTLE + 1)
    assert told == [Leds.CAPS]


def test_reported_lights_become_the_locks(keyboard: Keyboard, device: FakeKeyboard) -> None:
    told: list[Leds] = []
    keyboard.observe(told.append)
    keyboard.leds_changed(Leds.NUM, 0)
    assert told == [Leds.NUM]
    assert keyboard.locks == Leds.NUM
    keyboard.forget(told.append)
    keyboard.leds_changed(Leds(0), 0)
    assert told == [Leds.NUM]


def test_a_report_of_an_older_key_does_not_make_a_newer_one_pressed_twice(
    keyboard: Keyboard, device: FakeKeyboard
) -> None:
    keys = ClientKeys(keyboard)
    keys.feed(CAPS + b"\xba" + NUM + b"\xc5", 0)
    keyboard.leds_changed(Leds.CAPS, 0.05)
    device.taken()
    keyboard.sync_locks(Leds.CAPS | Leds.NUM, 0.06)
    assert device.taken() == b""
    keyboard.leds_changed(Leds.CAPS | Leds.NUM, 0.1)
    keyboard.settle(SETTLE)
    assert keyboard.locks == Leds.CAPS | Leds.NUM


def test_a_guest_without_lights_is_not_pressed_for_ever(keyboard: Keyboard, device: FakeKeyboard) -> None:
    keyboard.sync_locks(Leds.CAPS, 0)
    keyboard.settle(SETTLE)
    device.taken()
    keyboard.sync_locks(Leds.CAPS, SETTLE)
    assert device.taken() == b""
    assert keyboard.settles_at is None


def test_detached_device_leaves_nothing_down(keyboard: Keyboard) -> None:
    ClientKeys(keyboard).feed(CAPS, 0)
    keyboard.detach()
    assert keyboard.device is None
    assert keyboard.settles_at is None
    fresh = FakeKeyboard()
    keyboard.device = fresh
    keyboard.sync_locks(Leds.CAPS, 0)
    assert fresh.taken() == CAPS + b"\xba"


class HeldKeys(RuleBasedStateMachine):
    """Clients come, type at random and go: a device's keys are down only while someone holds them."""

    def __init__(self) -> None:
        super().__init__()
        self.device = FakeKeyboard()
        self.keyboard = Keyboard()
        self.keyboard.device = self.device
        self.clients = [ClientKeys(self.keyboard) for _ in range(2)]
        self.reader = ScancodeReader()
        self.down: set[int] = set()

    def follow(self) -> None:
        """What a real keyboard controller makes of the bytes."""
        for code in self.reader.feed(self.device.taken()):
            if code.key is not None:
                (self.down.add if code.pressed else self.down.discard)(code.key)

    @rule(
        client=st.integers(0, 1),
        data=st.lists(
            st.sampled_from([0x1E, 0x9E, 0x1D, 0x9D, 0x3A, 0xBA, 0x45, 0xC5, 0xE0, 0xE1, 0]), max_size=6
        ),
    )
    def types(self, client: int, data: list[int]) -> None:
        self.clients[client].feed(bytes(data), 0)
        self.follow()

    @rule(client=st.integers(0, 1))
    def leaves(self, client: int) -> None:
        self.clients[client].release(0)
        self.follow()
        assert not self.clients[client].pressed

    @rule(wanted=st.integers(0, 7))
    def syncs(self, wanted: int) -> None:
        down = set(self.down)
        self.keyboard.sync_locks(Leds(wanted), 0)
        self.follow()
        assert self.down == down, "a lock key was left down, or a held one let go"

    @invariant()
    def nobody_holds_what_is_down(self) -> None:
        assert self.down <= set(self.clients[0].pressed) | set(self.clients[1].pressed)


TestHeldKeys = HeldKeys.TestCase
TestHeldKeys.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
