"""Scancodes: whole codes out of any split of the bytes."""

from hypothesis import given
from hypothesis import strategies as st

from gspice.input.scancodes import EXTENDED, Scancode, ScancodeReader, press_of, release_of


def read(data: bytes) -> list[Scancode]:
    return list(ScancodeReader().feed(data))


def test_plain_keys() -> None:
    assert read(b"\x1e\x9e") == [Scancode(b"\x1e", 0x1E, True), Scancode(b"\x9e", 0x1E, False)]


def test_prefix_makes_another_key() -> None:
    assert read(b"\xe0\x48\xe0\xc8") == [
        Scancode(b"\xe0\x48", EXTENDED | 0x48, True),
        Scancode(b"\xe0\xc8", EXTENDED | 0x48, False),
    ]


def test_pause_is_one_code_and_presses_neither_ctrl_nor_num_lock() -> None:
    assert read(b"\xe1\x1d\x45\xe1\x9d\xc5") == [
        Scancode(b"\xe1\x1d\x45", None, True),
        Scancode(b"\xe1\x9d\xc5", None, False),
    ]


def test_zero_is_no_scancode() -> None:
    assert read(b"\0\xe0\0\x48\0") == [Scancode(b"\xe0\x48", EXTENDED | 0x48, True)]


def test_newer_prefix_wins() -> None:
    assert read(b"\xe1\xe0\x48\x1e") == [
        Scancode(b"\xe0\x48", EXTENDED | 0x48, True),
        Scancode(b"\x1e", 0x1E, True),
    ]


def test_reset_forgets_a_prefix() -> None:
    reader = ScancodeReader()
    assert list(reader.feed(b"\xe0")) == []
    reader.reset()
    assert list(reader.feed(b"\x48")) == [Scancode(b"\x48", 0x48, True)]


@given(st.binary(max_size=40), st.integers(0, 40))
def test_split_does_not_matter(data: bytes, cut: int) -> None:
    reader = ScancodeReader()
    assert [*reader.feed(data[:cut]), *reader.feed(data[cut:])] == read(data)


@given(st.integers(1, 0x5F), st.booleans())
def test_codes_of_a_key_read_back(number: int, extended: bool) -> None:
    key = number | (EXTENDED if extended else 0)
    assert read(press_of(key).data) == [press_of(key)]
    assert read(release_of(key).data) == [release_of(key)]
