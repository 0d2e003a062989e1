"""What a worker's clients see: the primary surface of its QXL device, or a buffer that the host's own GPU has filled.

Hosts that render with OpenGL hand over a buffer (GlScanout), and say after each frame what of it is new (GlDraw). It is
copied then, and shown as surface 0 of the display channel, in the QXL primary's place. On the worker's thread.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from gspice.channels.cursor import CursorChannel
from gspice.channels.display import DisplayChannel
from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.gpu.dmabuf_egl import EglImporter
from gspice.pixels import SurfaceSpec
from gspice.server import worker_messages as m
from gspice.server.scanout_buffer import ScanoutBuffer, open_buffer
from gspice.server.scanout_frame import ScanoutFrame

log = logging.getLogger(__name__)


class WorkerScanout:
    """Owns the host's buffer while it is shown. ``changed`` hears of the size seen, and whether the pointer may be
    absolute (0, 0, False: nothing is seen)."""

    def __init__(
        self,
        display: DisplayChannel,
        cursor: CursorChannel,
        push: Callable[[], None],
        changed: Callable[[int, int, bool], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._display = display
        self._cursor = cursor
        self._push = push
        self._changed = changed
        self._clock = clock
        self._primary: tuple[SurfaceSpec, bool] | None = None
        self._frame: ScanoutFrame | None = None
        """None: the QXL primary is seen."""
        self._buffer: ScanoutBuffer | None = None
        self._importer = EglImporter()
        self._fresh = False
        """Nothing was copied from the buffer yet, so that the first draw is all of it."""
        self._refusals: set[str] = set()
        self.handlers: dict[type, Callable[[Any], Any]] = {
            m.GlScanout: self._on_scanout,
            m.GlDraw: self._on_draw,
        }

    @property
    def visible(self) -> bool:
        """Whether clients see anything."""
        return self._primary is not None or self._frame is not None

    @property
    def frame(self) -> ScanoutFrame | None:
        """The copy of the host's buffer that clients see; None while they see the QXL primary."""
        return self._frame

    # The QXL primary

    def primary_created(self, spec: SurfaceSpec, *, absolute: bool) -> None:
        """The guest made its primary surface."""
        self._primary = (spec, absolute)
        self._display.primary_created(spec)
        if self._frame is None:
            self._cursor.primary_created()
            self._push()
            self._changed(spec.width, spec.height, absolute)

    def primary_destroyed(self) -> None:
        self._primary = None
        self._display.primary_destroyed()
        if self._frame is None:
            self._nothing_seen()

    def _nothing_seen(self) -> None:
        self._cursor.reset()
        self._changed(0, 0, False)

    # The host's buffer

    def _on_scanout(self, message: m.GlScanout) -> None:
        self._drop_buffer()
        if not message.fds:
            self._off()
            return
        try:
            self._buffer = open_buffer(message, self._importer)
        except InterfaceError as error:
            message.fds.close()
            self._refused(str(error))
            return
        spec = self._buffer.spec
        self._fresh = True
        if self._frame is None or self._frame.spec != spec:
            log.info("scanout %dx%d, %s", spec.width, spec.height, self._buffer.how)
            was_visible = self.visible
            self._frame = ScanoutFrame(spec)
            self._display.scanout_on(spec, self._frame)
            if not was_visible:
                self._cursor.primary_created()
            self._changed(spec.width, spec.height, True)

    def _on_draw(self, message: m.GlDraw) -> None:
        if self._buffer is None or self._frame is None:
            return
        whole = Rect(0, 0, self._frame.spec.width, self._frame.spec.height)
        area = whole if self._fresh else message.rect.intersect(whole)
        if area.empty:
            return
        try:
            self._frame.copy(self._buffer, area)
        except InterfaceError as error:
            self._drop_buffer()
            self._refused(str(error))
            return
        self._fresh = False
        self._display.changed([area], self._clock())
        self._push()

    def _refused(self, reason: str) -> None:
        """A host hands over buffers at the rate of its frames: each reason is worth one warning."""
        level = logging.DEBUG if reason in self._refusals else logging.WARNING
        self._refusals.add(reason)
        log.log(level, "the host's scanout cannot be shown: %s", reason)

    def _off(self) -> None:
        if self._frame is None:
            return
        self._frame = None
        self._display.scanout_off()
        if self._primary is None:
            self._nothing_seen()
            return
        spec, absolute = self._primary
        self._push()
        self._changed(spec.width, spec.height, absolute)

    def _drop_buffer(self) -> None:
        if self._buffer is not None:
            self._buffer.close()
            self._buffer = None

    def close(self) -> None:
        """Give the host's buffer back."""
        self._drop_buffer()
