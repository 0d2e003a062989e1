"""The embedded host: a QXL device, a desktop that draws on it, and the server, in one process without a VM.

The desktop takes the road that a guest takes: it draws through the guest-side driver into the device's memory, from
where the server's RedWorker reads it. Desktop, driver, device and server share the main loop.
"""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

from gspice.errors import ConfigError
from gspice.hosts.desktop.desktop import Desktop
from gspice.hosts.desktop.devices import DesktopKeyboard, DesktopMouse, DesktopTablet
from gspice.hosts.png import write_png
from gspice.qxl.device import QXLDevice
from gspice.qxl.driver import GuestDriver
from gspice.qxl.structures import Interrupt
from gspice.server.loop import PollLoop
from gspice.server.spice_server import SpiceServer
from gspice.vdi import KeyboardInterface, Leds

log = logging.getLogger(__name__)

MAX_SIDE = 4096
MIN_SIDE = 320
FAREWELL_S = 0.5
"""How long clients have at the end to take the last message and hang up."""


class LampKeyboard(DesktopKeyboard):
    """The desktop's keyboard; ``lamps`` is called with its lights when a lock key has changed them."""

    def __init__(
        self, desktop: Desktop, changed: Callable[[], None], lamps: Callable[[KeyboardInterface, Leds], None]
    ) -> None:
        super().__init__(desktop, changed)
        self._lamps = lamps

    def push_scan_freg(self, fragment: int) -> None:
        before = self.get_leds()
        super().push_scan_freg(fragment)
        if self.get_leds() != before:
            self._lamps(self, self.get_leds())


class EmbeddedHost:
    """Owns everything; ``run`` serves until ``stop``, ``close`` ends it. Made on the thread that will run it.

    ``stop``, ``freeze``, ``thaw`` and ``call`` may be used from signal handlers and other threads.
    """

    def __init__(
        self,
        server: SpiceServer,
        *,
        size: tuple[int, int],
        video: Path | None = None,
        dump: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.server = server
        self.loop = PollLoop(clock)
        self._clock = clock
        self._dump = dump
        self._closed = False
        try:
            server.init(self.loop)
            self.device = QXLDevice(interrupt=self._interrupted)
            server.add_interface(self.device)
            self.driver = GuestDriver(self.device)
            self.desktop = Desktop(self.driver, *size, now=clock(), video=video)
            self._tick_timer = self.loop.timer_add(self._tick)
            for interface in (
                LampKeyboard(self.desktop, self._soon, server.kbd_leds),
                DesktopMouse(self.desktop, self._soon),
                DesktopTablet(self.desktop, self._soon),
            ):
                server.add_interface(interface)
            server.vm_start()
        except BaseException:
            self.close()
            raise
        self._soon()

    def run(self) -> None:
        """Serve until ``stop``."""
        self.loop.run()

    def stop(self) -> None:
        """Make ``run`` return."""
        if not self._closed:
            self.loop.stop()

    def call(self, function: Callable[[], None]) -> None:
        """Run a function on the host loop; not after ``close``."""
        if not self._closed:
            self.loop.call_soon_threadsafe(function)

    def close(self) -> None:
        """Tell the clients, end the server and free the device."""
        if self._closed:
            return
        if self.server.num_connections:
            self.server.disconnect_clients("the server is closing")
            end = self._clock() + FAREWELL_S
            while self.server.num_connections and self._clock() < end:
                self.loop.run_once(end - self._clock())
        self._closed = True
        self.server.close()
        self.loop.close()

    # The desktop

    def _soon(self) -> None:
        """Something happened to the desktop: let it draw."""
        self.loop.timer_start(self._tick_timer, 0)

    def _tick(self) -> None:
        self.driver.collect()
        now = self._clock()
        self.desktop.tick(now)
        deadline = self.desktop.next_deadline()
        if deadline != math.inf:
            wait = max(0.0, deadline - self._clock())
            self.loop.timer_start(self._tick_timer, int(wait * 1000) + 1)

    # The device

    def _interrupted(self, bits: Interrupt) -> None:
        """On whatever thread raised the bits."""
        self.call(self._service)

    def _service(self) -> None:
        events = self.driver.service()
        if events & Interrupt.CLIENT_MONITORS_CONFIG:
            self._follow_client()

    def _follow_client(self) -> None:
        monitors = self.driver.client_monitors()
        if not monitors:
            return
        width = min(max(monitors[0].width, MIN_SIDE), MAX_SIDE)
        height = min(max(monitors[0].height, MIN_SIDE), MAX_SIDE)
        if (width, height) != self.driver.size:
            log.info("the client asks for %dx%d", width, height)
            self.desktop.resize(width, height)
            self._soon()

    # Freezing, for screenshots and tests

    def freeze(self) -> None:
        """Let nothing be drawn from now on, and write the picture to the ``dump`` file if there is one."""
        self.call(self._freeze)

    def _freeze(self) -> None:
        self.desktop.freeze()
        pixels = self.server.snapshot(self.device) if self._dump is not None else None
        if self._dump is None or pixels is None:
            log.info("frozen")
            return
        try:
            write_png(self._dump, pixels)
            log.info("frozen; the picture is in %s", self._dump)
        except ConfigError as error:
            log.error("frozen; %s", error)

    def thaw(self) -> None:
        """Go on drawing."""
        self.call(self._thaw)

    def _thaw(self) -> None:
        self.desktop.thaw()
        self._soon()
