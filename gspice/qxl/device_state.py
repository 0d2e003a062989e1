"""What the two threads of a device share: its interrupts, its pending asynchronous call, its guest's
mistakes.

No locks: every field below says who writes it, and a store of one reference is whole on every thread.
"""

import itertools
import logging
from collections.abc import Callable

from gspice.errors import GuestError
from gspice.qxl.structures import Interrupt, QXLRam

log = logging.getLogger(__name__)

LOGGED_GUEST_BUGS = 20
"""Guest mistakes that are logged as warnings; after that they are only counted."""


class Interrupts:
    """The interrupt line of a device.

    ``raise_`` may be called on any thread. Bits are kept one flag each, so that raising is a single store;
    only the guest's side (``take``) folds them into ``int_pending`` and clears them.
    """

    def __init__(self, ram: QXLRam, callback: Callable[[Interrupt], None] | None = None) -> None:
        self._ram = ram
        self._raised = dict.fromkeys(Interrupt, False)
        self.callback = callback
        """Called with the new bits on whatever thread raised them: the RedWorker's, or the host loop's."""

    def raise_(self, bits: Interrupt) -> None:
        """Make bits pending; calls back for those that were not pending yet and that the guest's mask lets
        through."""
        new = Interrupt(0)
        for bit in bits:
            if not self._raised[bit]:
                self._raised[bit] = True
                new |= bit
        new &= self._ram.int_mask
        if new and self.callback is not None:
            self.callback(new)

    def take(self) -> Interrupt:
        """Guest's side: what is pending, which is then cleared. Look at what the bits speak of afterwards."""
        pending = Interrupt(self._ram.int_pending & int(~Interrupt(0)))
        for bit in Interrupt:
            if self._raised[bit]:
                # Cleared before the guest looks: what is raised from here on calls back again.
                self._raised[bit] = False
                pending |= bit
        self._ram.int_pending = 0
        return pending

    def refresh(self) -> None:
        """Guest's side: it changed ``int_mask``; call back for what is pending and is let through now."""
        pending = Interrupt(0)
        for bit, raised in self._raised.items():
            if raised:
                pending |= bit
        pending &= self._ram.int_mask
        if pending and self.callback is not None:
            self.callback(pending)

    def reset(self) -> None:
        """Nothing is pending."""
        for bit in self._raised:
            self._raised[bit] = False


class PendingIO:
    """The one asynchronous I/O call that may be under way. Begun on the host loop, finished on the worker's
    thread."""

    def __init__(self) -> None:
        self._cookies = itertools.count(1)
        self._current: tuple[int, int] | None = None

    @property
    def port(self) -> int | None:
        """The port of the call under way."""
        current = self._current
        return current[1] if current is not None else None

    def begin(self, port: int) -> int:
        """A cookie for the call; GuestError where one is under way."""
        current = self._current
        if current is not None:
            raise GuestError(f"I/O port {port} written before that of port {current[1]} was complete")
        cookie = next(self._cookies)
        self._current = (cookie, port)
        return cookie

    def finish(self, cookie: int) -> bool:
        """Whether this cookie's call was the one under way; it is no more."""
        current = self._current
        if current is None or current[0] != cookie:
            return False
        self._current = None
        return True

    def reset(self) -> None:
        """Forget the call; its completion will be ignored."""
        self._current = None


class GuestBugs:
    """What the guest's driver did wrong. A device with a bug takes no commands until it is reset, as in
    QEMU."""

    def __init__(self, device_id: int) -> None:
        self._device_id = device_id
        self.count = 0
        """Since the device was made. Written on both threads: it may miss one, ``present`` never does."""
        self.present = False
        self.last = ""

    def note(self, error: GuestError) -> None:
        """Count and log a mistake; any thread."""
        self.present = True
        self.last = str(error)
        self.count += 1
        if self.count <= LOGGED_GUEST_BUGS:
            log.warning("qxl-%d: guest bug: %s", self._device_id, error)

    def reset(self) -> None:
        """The device was reset: give its driver another chance."""
        self.present = False
