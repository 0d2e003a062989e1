"""Scancodes as a PC keyboard sends them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.hosts.desktop.keyboard import Keyboard, KeyEvent
from gspice.vdi import Leds


def push(keyboard: Keyboard, *codes: int) -> list[KeyEvent]:
    return [event for code in codes if (event := keyboard.push(code)) is not None]


def typed(keyboard: Keyboard, *codes: int) -> str:
    return "".join(event.text for event in push(keyboard, *codes))


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        ((0x1E, 0x9E), "a"),
        ((0x2A, 0x1E, 0x9E, 0xAA, 0x1E), "Aa"),
        ((0x36, 0x02, 0x82, 0xB6, 0x02), "!1"),
        ((0x2A, 0x28, 0x29, 0x2B, 0x35), '"~|?'),
        ((0x10, 0x19, 0x1A, 0x1B), "qp[]"),
        ((0x2C, 0x32, 0x33, 0x34, 0x35), "zm,./"),
        ((0x0C, 0x0D, 0x39, 0x56), "-= \\"),
        ((0xE0, 0x35, 0x37, 0x4A, 0x4E), "/*-+"),
        ((0x3A, 0xBA, 0x1E, 0x02), "A1"),
        ((0x3A, 0xBA, 0x2A, 0x1E), "a"),
        ((0x1E, 0x1E, 0x1E, 0x9E), "aaa"),
    ],
)
def test_typing(codes: tuple[int, ...], text: str) -> None:
    assert typed(Keyboard(), *codes) == text


@pytest.mark.parametrize(
    ("codes", "key"),
    [
        ((0x1C,), "Enter"),
        ((0xE0, 0x1C), "Enter"),
        ((0x0E,), "Backspace"),
        ((0x0F,), "Tab"),
        ((0xE0, 0x48), "Up"),
        ((0xE0, 0x4B), "Left"),
        ((0x48,), "Up"),
        ((0xE0, 0x53), "Delete"),
        ((0xE0, 0x49), "PageUp"),
        ((0x3E,), "F4"),
        ((0x58,), "F12"),
    ],
)
def test_named_keys(codes: tuple[int, ...], key: str) -> None:
    assert push(Keyboard(), *codes) == [KeyEvent(key)]


def test_control_types_nothing_and_either_key_counts() -> None:
    keyboard = Keyboard()
    for down, up in (((0x1D,), (0x9D,)), ((0xE0, 0x1D), (0xE0, 0x9D))):
        assert push(keyboard, *down, 0x2E, 0xAE, *up) == [KeyEvent("c", ctrl=True)]
    assert push(keyboard, 0x2E) == [KeyEvent("c", "c")]


def test_alt_goes_with_the_key() -> None:
    assert push(Keyboard(), 0x38, 0x0F) == [KeyEvent("Tab", alt=True)]


def test_lock_keys_light_lamps_once_for_each_press() -> None:
    keyboard = Keyboard()
    push(keyboard, 0x3A, 0x3A, 0x3A)
    assert keyboard.leds == Leds.CAPS
    push(keyboard, 0xBA, 0x45, 0xC5, 0x46, 0xC6)
    assert keyboard.leds == Leds.CAPS | Leds.NUM | Leds.SCROLL
    push(keyboard, 0x3A, 0xBA)
    assert keyboard.leds == Leds.NUM | Leds.SCROLL


def test_keypad_follows_num_lock_and_shift() -> None:
    keyboard = Keyboard()
    push(keyboard, 0x45, 0xC5)
    assert typed(keyboard, 0x47, 0xC7, 0x53, 0xD3) == "7."
    assert push(keyboard, 0x2A, 0x47, 0xC7) == [KeyEvent("Home", shift=True)]
    assert push(keyboard, 0xAA, 0xE0, 0x47) == [KeyEvent("Home")]


def test_pause_and_print_leave_nothing_behind() -> None:
    keyboard = Keyboard()
    assert push(keyboard, 0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5, 0xE0, 0x2A, 0xE0, 0x37) == []
    assert keyboard.leds == Leds(0)
    assert push(keyboard, 0x1E) == [KeyEvent("a", "a")]


def test_release_all_lets_go_of_modifiers() -> None:
    keyboard = Keyboard()
    push(keyboard, 0x2A, 0x1D)
    keyboard.release_all()
    assert push(keyboard, 0x1E) == [KeyEvent("a", "a")]


@given(st.binary(max_size=64))
def test_any_bytes_are_taken(codes: bytes) -> None:
    keyboard = Keyboard()
    for code in codes:
        event = keyboard.push(code)
        assert event is None or event.key
