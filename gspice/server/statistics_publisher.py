"""How what a worker counts gets to the host loop: now and then the worker leaves a copy where the host finds it."""

from collections.abc import Mapping

from gspice.channels.display import DisplayChannel
from gspice.gpu.canvas import Canvas
from gspice.server.connection import Connection
from gspice.server.statistics import DeviceNumbers, channel_numbers
from gspice.vdi.core import CoreInterface

PUBLISH_MS = 500
"""Between two copies."""


class StatisticsPublisher:
    """Made on the host loop, used by one worker's thread; only ``newest`` is read by the host.

    Handing over is one assignment: nobody waits for anybody, and the frame path sees nothing of it.
    """

    def __init__(self, qxl_id: int) -> None:
        self.newest = DeviceNumbers(qxl_id=qxl_id, canvas="")
        self._started = self._running = False

    def start(
        self,
        loop: CoreInterface,
        canvas: Canvas,
        commands: Mapping[str, int],
        display: DisplayChannel,
        connections: Mapping[object, Connection],
    ) -> None:
        """Publish what is counted there, now and after each ``touch``."""
        self._loop = loop
        self._timer = loop.timer_add(self._publish)
        self._canvas = canvas
        self._commands = commands
        self._display = display
        self._connections = connections
        self._started = True
        self.newest = self._numbers()

    def touch(self) -> None:
        """Something happens: it is published in a while, and until all is quiet again."""
        if self._started and not self._running:
            self._running = True
            self._loop.timer_start(self._timer, PUBLISH_MS)

    def _publish(self) -> None:
        self._running = False
        before, self.newest = self.newest, self._numbers()
        if self.newest != before or not self.newest.settled:
            self.touch()

    def _numbers(self) -> DeviceNumbers:
        # A canvas that has lost its GPU has other capabilities than before.
        caps = self._canvas.caps
        return DeviceNumbers(
            qxl_id=self.newest.qxl_id,
            canvas=caps.name,
            canvas_device=caps.device,
            commands=dict(self._commands),
            damage=self._display.damage.numbers(),
            channels=tuple([channel_numbers(connection) for connection in self._connections.values()]),
        )
