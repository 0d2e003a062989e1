"""The desktop's keyboard: PC set 1 scancodes to keys, with a US layout and the lock keys."""

from dataclasses import dataclass

from gspice.vdi import Leds


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key went down, or went down again while it was held."""

    key: str
    """The character of the unshifted key, or a name such as ``Enter`` or ``Left``."""
    text: str = ""
    """What it types with the modifiers that are down; empty for keys that type nothing."""
    shift: bool = False
    ctrl: bool = False
    alt: bool = False


_ROWS = (
    (0x02, "1234567890-=", "!@#$%^&*()_+"),
    (0x10, "qwertyuiop[]", "QWERTYUIOP{}"),
    (0x1E, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (0x2B, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (0x56, "\\", "|"),
)
"""First scancode, and what the keys from there on type without and with shift."""

_TYPING = {
    first + index: (plain, shifted)
    for first, plains, shifteds in _ROWS
    for index, (plain, shifted) in enumerate(zip(plains, shifteds, strict=True))
} | {0x39: (" ", " "), 0x37: ("*", "*"), 0x4A: ("-", "-"), 0x4E: ("+", "+")}

_NAMED = {0x01: "Escape", 0x0E: "Backspace", 0x0F: "Tab", 0x1C: "Enter", 0x57: "F11", 0x58: "F12"}
_NAMED |= {0x3B + index: f"F{index + 1}" for index in range(10)}

_KEYPAD = {
    0x47: ("7", "Home"),
    0x48: ("8", "Up"),
    0x49: ("9", "PageUp"),
    0x4B: ("4", "Left"),
    0x4C: ("5", ""),
    0x4D: ("6", "Right"),
    0x4F: ("1", "End"),
    0x50: ("2", "Down"),
    0x51: ("3", "PageDown"),
    0x52: ("0", "Insert"),
    0x53: (".", "Delete"),
}
"""What the keypad types with num lock, and its key without; the grey keys send the same behind 0xE0."""

_EXTENDED = {code: name for code, (_, name) in _KEYPAD.items() if name}
_EXTENDED |= {0x1C: "Enter", 0x5B: "Super", 0x5C: "Super", 0x5D: "Menu"}

_MODIFIERS = {0x2A: "shift", 0x36: "shift", 0x1D: "ctrl", 0x38: "alt"}
_EXTENDED_MODIFIERS = {0x1D: "ctrl", 0x38: "alt"}
_LOCKS = {0x3A: Leds.CAPS, 0x45: Leds.NUM, 0x46: Leds.SCROLL}

_PREFIX = 0xE0
_PAUSE_PREFIX = 0xE1
_RELEASE = 0x80


class Keyboard:
    """Takes scancodes byte by byte. Codes that mean nothing to it are passed over: guests see all kinds."""

    def __init__(self) -> None:
        self.leds = Leds(0)
        self._down: set[tuple[bool, int]] = set()
        self._extended = False
        self._pause_bytes = 0
        """Bytes of a Pause key that are still to come; it has no release and types nothing."""

    def push(self, byte: int) -> KeyEvent | None:
        """Take one byte; a KeyEvent where it completes the press of a key that is not a modifier."""
        if self._pause_bytes:
            self._pause_bytes -= 1
            return None
        if byte == _PAUSE_PREFIX:
            self._pause_bytes = 2
            return None
        if byte == _PREFIX:
            self._extended = True
            return None
        extended, self._extended = self._extended, False
        code = byte & 0x7F
        if byte & _RELEASE:
            self._down.discard((extended, code))
            return None
        repeated = (extended, code) in self._down
        self._down.add((extended, code))
        if extended:
            return self._extended_key(code)
        if code in _LOCKS:
            if not repeated:
                self.leds ^= _LOCKS[code]
            return None
        return self._plain_key(code)

    def release_all(self) -> None:
        """Forget which keys are down, as when the person at the keys goes away."""
        self._down.clear()
        self._extended = False
        self._pause_bytes = 0

    def _held(self, modifier: str) -> bool:
        table = ((False, _MODIFIERS), (True, _EXTENDED_MODIFIERS))
        return any(
            table_extended == extended and codes.get(code) == modifier
            for extended, code in self._down
            for table_extended, codes in table
        )

    def _event(self, key: str, text: str = "") -> KeyEvent:
        ctrl, alt = self._held("ctrl"), self._held("alt")
        typed = "" if ctrl or alt else text
        return KeyEvent(key, typed, shift=self._held("shift"), ctrl=ctrl, alt=alt)

    def _extended_key(self, code: int) -> KeyEvent | None:
        if code == 0x35:
            return self._event("/", "/")
        name = _EXTENDED.get(code)
        return self._event(name) if name else None

    def _plain_key(self, code: int) -> KeyEvent | None:
        if code in _MODIFIERS:
            return None
        if code in _NAMED:
            return self._event(_NAMED[code])
        if code in _KEYPAD:
            digit, name = _KEYPAD[code]
            # Shift turns num lock round for as long as it is held.
            if (Leds.NUM in self.leds) != self._held("shift"):
                return self._event(digit, digit)
            return self._event(name) if name else None
        if code not in _TYPING:
            return None
        plain, shifted = _TYPING[code]
        upper = self._held("shift") != (Leds.CAPS in self.leds and plain.isalpha())
        return self._event(plain, shifted if upper else plain)
