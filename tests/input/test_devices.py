"""The slots of input devices: one of each."""

import pytest

from gspice.errors import InterfaceError
from gspice.input.devices import InputDevices
from gspice.vdi import HostButtons, Leds, PlaybackInterface
from tests.input.fake_devices import FakeKeyboard, FakeMouse, FakeTablet


@pytest.mark.parametrize("make", [FakeKeyboard, FakeMouse, FakeTablet])
def test_one_of_each(make: type[FakeKeyboard] | type[FakeMouse] | type[FakeTablet]) -> None:
    devices = InputDevices()
    first = make()
    devices.add(first)
    with pytest.raises(InterfaceError, match=f"{first.TYPE} already"):
        devices.add(make())
    with pytest.raises(InterfaceError, match="not attached"):
        devices.remove(make())
    devices.remove(first)
    with pytest.raises(InterfaceError, match="not attached"):
        devices.remove(first)
    devices.add(make())


def test_other_interfaces_are_refused() -> None:
    with pytest.raises(InterfaceError, match="playback is no input device"):
        InputDevices().add(PlaybackInterface())


def test_tablet_learns_the_size_that_was_set_before_it() -> None:
    devices, tablet = InputDevices(), FakeTablet()
    devices.set_logical_size(640, 480)
    assert not devices.has_tablet
    devices.add(tablet)
    assert devices.has_tablet
    devices.set_logical_size(800, 600)
    assert tablet.calls == [("size", 640, 480), ("size", 800, 600)]


def test_tablet_is_not_told_a_size_that_nobody_knows() -> None:
    devices, tablet = InputDevices(), FakeTablet()
    devices.add(tablet)
    assert tablet.calls == []


def test_removed_device_has_no_button_down() -> None:
    devices, tablet, mouse = InputDevices(), FakeTablet(), FakeMouse()
    devices.add(tablet)
    devices.add(mouse)
    devices.pointer.press(1, 1)
    devices.remove(tablet)
    assert tablet.calls == []
    devices.remove(mouse)
    assert mouse.calls == [("buttons", HostButtons.LEFT), ("buttons", HostButtons(0))]
    devices.add(tablet)
    devices.pointer.set_absolute(True)
    devices.pointer.press(1, 1)
    devices.remove(tablet)
    assert tablet.calls == [("buttons", HostButtons.LEFT), ("buttons", HostButtons(0))]
    assert not devices.has_tablet


def test_lights_go_to_the_keyboard() -> None:
    devices = InputDevices()
    devices.leds_changed(Leds.NUM, 0)
    assert devices.keyboard.locks == Leds.NUM


def test_keyboard_is_attached_and_detached() -> None:
    devices, keyboard = InputDevices(), FakeKeyboard(Leds.CAPS)
    devices.add(keyboard)
    assert devices.keyboard.connect() == Leds.CAPS
    devices.remove(keyboard)
    assert devices.keyboard.connect() == Leds(0)
