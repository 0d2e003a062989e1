"""The guest's keyboard as clients share it: which keys are down, and what the locks are believed to be."""

from collections.abc import Callable

from gspice.input import scancodes
from gspice.input.scancodes import Scancode, ScancodeReader
from gspice.vdi import KeyboardInterface, Leds

SETTLE = 2.0
"""Seconds that a guest is given to change its lights after a lock key, before they are believed again."""

LOCK_KEYS = {
    scancodes.SCROLL_LOCK: Leds.SCROLL,
    scancodes.NUM_LOCK: Leds.NUM,
    scancodes.CAPS_LOCK: Leds.CAPS,
}

ALL_LEDS = Leds.SCROLL | Leds.NUM | Leds.CAPS


class Keyboard:
    """The one keyboard. ``locks`` is kept here, for the guest's lights follow keys only after a while.

    Lights are taken over when a client comes, and when the guest itself reports them (``leds_changed``) and
    no lock key was just sent. They are not polled: a guest without lights would get lock keys for ever.
    """

    def __init__(self) -> None:
        self.device: KeyboardInterface | None = None
        self.locks = Leds(0)
        self.settles_at: float | None = None
        """When to call ``settle``; None: no lock key is on its way."""
        self._held: set[int] = set()
        self._reported: Leds | None = None
        self._observers: list[Callable[[Leds], None]] = []

    def observe(self, observer: Callable[[Leds], None]) -> None:
        """Call ``observer`` with the guest's lights whenever clients are to know them."""
        self._observers.append(observer)

    def forget(self, observer: Callable[[Leds], None]) -> None:
        """Undo ``observe``."""
        self._observers.remove(observer)

    def connect(self) -> Leds:
        """The lights for a client that comes now."""
        leds = self._leds()
        if self.settles_at is None:
            self.locks = leds
        return leds

    def push(self, code: Scancode, now: float) -> None:
        """Send a whole scancode to the device; without a device it is lost."""
        if self.device is None:
            return
        if code.key is not None:
            self._note(code.key, code.pressed, now)
        for fragment in code.data:
            self.device.push_scan_freg(fragment)

    def sync_locks(self, wanted: Leds, now: float) -> None:
        """Make the guest's locks what a client's are, by pressing the keys that differ.

        A lock key that is down is left alone: its own code is already on the way and toggles it.
        """
        different = (wanted ^ self.locks) & ALL_LEDS
        if self.device is None or not different:
            return
        for key, led in LOCK_KEYS.items():
            if led & different and key not in self._held:
                self.push(scancodes.press_of(key), now)
                self.push(scancodes.release_of(key), now)
        self.settles_at = now + SETTLE

    def leds_changed(self, leds: Leds, now: float) -> None:
        """The guest turned its lights on or off."""
        if self.settles_at is None or now >= self.settles_at:
            self.locks = leds
        else:
            self._reported = leds
        self._tell(leds)

    def settle(self, now: float) -> None:
        """The guest had its time: tell clients what its lights really are. Call at ``settles_at``."""
        if self.settles_at is None or now < self.settles_at:
            return
        self.settles_at = None
        if self._reported is not None:
            self.locks, self._reported = self._reported, None
        self._tell(self._leds())

    def detach(self) -> None:
        """The device is gone, and with it what was down."""
        self.device = None
        self._held.clear()
        self.locks = Leds(0)
        self.settles_at = self._reported = None

    def _note(self, key: int, pressed: bool, now: float) -> None:
        if not pressed:
            self._held.discard(key)
            return
        # Only the first press toggles; those that follow are the key repeating itself.
        if key in LOCK_KEYS and key not in self._held:
            self.locks ^= LOCK_KEYS[key]
            self.settles_at = now + SETTLE
        self._held.add(key)

    def _leds(self) -> Leds:
        return Leds(0) if self.device is None else self.device.get_leds() & ALL_LEDS

    def _tell(self, leds: Leds) -> None:
        for observer in tuple(self._observers):
            observer(leds)


class ClientKeys:
    """One client's hands on the keyboard: what it holds down is let go when it leaves."""

    def __init__(self, keyboard: Keyboard) -> None:
        self._keyboard = keyboard
        self._reader = ScancodeReader()
        self._pressed: dict[int, None] = {}

    @property
    def pressed(self) -> tuple[int, ...]:
        """Keys that this client holds down, first pressed first."""
        return tuple(self._pressed)

    def feed(self, data: bytes, now: float) -> None:
        """Take scancode bytes as the client sent them, in pieces of any size."""
        for code in self._reader.feed(data):
            if code.key is not None and code.pressed:
                self._pressed[code.key] = None
            elif code.key is not None:
                self._pressed.pop(code.key, None)
            self._keyboard.push(code, now)

    def release(self, now: float) -> None:
        """Let go of everything, the newest first, so that Ctrl and Shift outlast the keys they go with."""
        for key in reversed(self.pressed):
            self._keyboard.push(scancodes.release_of(key), now)
        self._pressed.clear()
        self._reader.reset()
