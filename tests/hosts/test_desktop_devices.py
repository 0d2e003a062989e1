"""Keyboard, mouse and tablet as the server uses them."""

from datetime import datetime

import pytest

from gspice.hosts.desktop import Desktop, DesktopKeyboard, DesktopMouse, DesktopTablet, MemoryScreen
from gspice.vdi import HostButtons, Leds, check_version

NONE, LEFT = HostButtons(0), HostButtons.LEFT


@pytest.fixture
def desktop() -> Desktop:
    desktop = Desktop(MemoryScreen(), 640, 480, 1.0, wall=lambda now: datetime(2026, 5, 17, 10, 8))
    desktop.tick(1.0)
    return desktop


def test_keyboard_types_into_the_focused_window(desktop: Desktop) -> None:
    calls: list[int] = []
    keyboard = DesktopKeyboard(desktop, lambda: calls.append(1))
    check_version(keyboard)
    for code in (0x12, 0x92, 0x2E, 0xAE, 0x23, 0xA3, 0x18, 0x98):
        keyboard.push_scan_freg(code)
    assert desktop.terminal.editor.text == "echo"
    assert len(calls) == 4


def test_keyboard_lamps(desktop: Desktop) -> None:
    keyboard = DesktopKeyboard(desktop)
    assert keyboard.get_leds() == Leds(0)
    keyboard.push_scan_freg(0x3A)
    assert keyboard.get_leds() == Leds.CAPS


def test_mouse_moves_and_stays_on_the_screen(desktop: Desktop) -> None:
    mouse = DesktopMouse(desktop)
    check_version(mouse)
    x, y = desktop.hands.position
    mouse.motion(10, -4, 0, NONE)
    assert desktop.hands.position == (x + 10, y - 4)
    mouse.motion(-9999, 9999, 0, NONE)
    assert desktop.hands.position == (0, 479)


def test_mouse_drags(desktop: Desktop) -> None:
    mouse = DesktopMouse(desktop)
    rect = desktop.terminal.rect
    x, y = desktop.hands.position
    mouse.motion(rect.left + 70 - x, rect.top + 10 - y, 0, NONE)
    mouse.buttons(LEFT)
    mouse.motion(-20, -30, 0, LEFT)
    mouse.buttons(NONE)
    assert desktop.terminal.rect == rect.translate(-20, -30)


@pytest.mark.parametrize("device", [DesktopMouse, DesktopTablet])
def test_wheel_turns_what_is_under_the_pointer(
    desktop: Desktop, device: type[DesktopMouse] | type[DesktopTablet]
) -> None:
    notes = desktop.notes
    desktop.pointer(notes.rect.left + 20, notes.rect.top + 60, NONE)
    before = notes.store.copy()
    instance = device(desktop)
    if isinstance(instance, DesktopMouse):
        instance.motion(0, 0, 1, NONE)
    else:
        instance.wheel(1, NONE)
    assert (notes.store != before).any()


def test_tablet_positions(desktop: Desktop) -> None:
    tablet = DesktopTablet(desktop)
    check_version(tablet)
    tablet.position(50, 60, NONE)
    assert desktop.hands.position == (50, 60)
    tablet.set_logical_size(1280, 960)
    tablet.position(1279, 100, NONE)
    assert desktop.hands.position == (639, 50)


def test_right_button_is_not_the_left(desktop: Desktop) -> None:
    notes = desktop.notes
    tablet = DesktopTablet(desktop)
    tablet.position(notes.rect.left + 40, notes.rect.top + 40, NONE)
    tablet.buttons(HostButtons.RIGHT)
    assert not notes.focused
    tablet.buttons(LEFT)
    assert notes.focused
