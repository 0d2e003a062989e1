"""A film of one device's screen, as clients would see it: a picture of each look, written by the encoder pool.

On the worker's thread, but for what ``_Reel`` does. One picture is on its way at a time, and the newest waits; whatever
goes wrong ends the film, and neither guest nor clients hear of it.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from math import ceil
from typing import Final, Protocol

from gspice.channels.cursor_state import Change, CursorState
from gspice.errors import EncoderError
from gspice.geometry import Point, Rect
from gspice.pixels import Pixels, SurfaceFormat
from gspice.qxl.ops import CursorShape
from gspice.server.film_files import FilmFile, FilmFiles
from gspice.stream.cursor_picture import with_cursor
from gspice.stream.encoders import Encoders
from gspice.stream.film_writer import FilmWriter
from gspice.stream.widening import widen
from gspice.vdi.core import CoreInterface

log = logging.getLogger(__name__)

FRAME_S: Final = 1 / 30
"""Between two pictures."""
EARLY_S: Final = 1 / 120
"""So much earlier a picture may come: looks are never quite on time."""
STILL_S: Final = 1.0
"""After which the last picture is written again, so that the file grows with the time."""
THREAD_PIXELS: Final = 1280 * 720
"""Of a picture, for each thread that encodes it; MOST_THREADS of them: films are not to take all of a machine."""
MOST_THREADS: Final = 4
END_S: Final = 5.0
"""How long the end of a worker waits for the last picture."""
FILMED: Final = (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32)
"""What screens' pixels are, of which films are made."""


class FilmedScreen(Protocol):
    """What of a screen is needed."""

    bounds: Rect

    def read(self, rect: Rect) -> Pixels:
        """The pixels of the last look."""


class Shown(Protocol):
    """What of a cursor channel is needed."""

    state: CursorState


class VideoRecorder:
    """Made by the host; ``start`` it and all else on the worker's thread. ``close`` it."""

    def __init__(self, files: FilmFiles) -> None:
        self._reel = _Reel(files)
        self._begun_at: float | None = None
        self._screen: FilmedScreen | None = None
        self._dirty = self._busy = self._ended = False
        self._written_at = 0.0
        self.frames = 0
        """Pictures written so far."""
        self.skipped = 0
        """Looks that no picture was made of: one was on its way, or had just been made."""

    def start(
        self, loop: CoreInterface, encoders: Encoders, cursor: Shown, clock: Callable[[], float]
    ) -> None:
        """``clock``: seconds that never go back."""
        self._loop, self._encoders, self._cursor, self._clock = loop, encoders, cursor, clock
        self._timer = loop.timer_add(self._on_timer)

    @property
    def wants_looks(self) -> bool:
        """False: whether the screen is looked at makes no difference to it."""
        return not self._ended

    def looked(self, screen: FilmedScreen, new: bool, now: float) -> None:
        """There was a look; ``new``: it found something. A screen's first look is new though it is black."""
        if not new and screen is self._screen:
            return
        self.skipped += self._dirty
        self._screen, self._dirty = screen, True
        self._take(now)

    def hidden(self) -> None:
        """There is no screen now: the film stands still until there is one again."""
        self._screen, self._dirty = None, False

    def changed(self, change: Change) -> None:
        """The cursor did."""
        if change and self._screen is not None:
            self._dirty = True
            self._take(self._clock())

    def close(self) -> None:
        """End the film; waits for the picture that is being written."""
        self._ended = True
        if self._begun_at is None:
            self._reel.close(None)
        else:
            self._reel.close(self._clock() - self._begun_at)

    def _on_timer(self) -> None:
        self._take(self._clock())

    def _take(self, now: float) -> None:
        """Have a picture made, if it is time for one, and plan the next."""
        if self._ended or self._busy or (self._screen is None and self._begun_at is None):
            return
        due = self._written_at + (FRAME_S - EARLY_S if self._dirty else STILL_S)
        if self._begun_at is not None and now < due:
            self._loop.timer_start(self._timer, max(1, ceil((due - now) * 1000)))
            return
        if self._begun_at is None:
            self._begun_at = now
        time = now - self._begun_at
        if self._dirty and self._screen is not None:
            pixels = self._screen.read(self._screen.bounds)
            state = self._cursor.state
            pointer = (state.shape, state.position) if state.visible and state.shape is not None else None
            self._submit(lambda: self._reel.write(pixels, pointer, time), now)
        else:
            self._submit(lambda: self._reel.again(time), now)

    def _submit(self, job: Callable[[], str], now: float) -> None:
        self._busy, self._written_at = True, now
        self.frames += self._dirty
        self._dirty = False

        def done(error: str, now: float) -> None:
            self._busy = False
            if error:
                self._ended = True
                log.error("%s: the recording of video ends here; all else goes on", error)
            else:
                self._take(now)

        self._encoders.submit(job, done, now)


class _Reel:
    """The files, one after the other; each call on any thread, one at a time. They tell errors as text."""

    def __init__(self, files: FilmFiles) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._file: FilmFile | None = None
        self._film: FilmWriter | None = None
        self._begun_at = 0.0
        self._closed = False

    def write(self, pixels: Pixels, pointer: tuple[CursorShape, Point] | None, time: float) -> str:
        if pixels.format is SurfaceFormat.RGB555:
            pixels = widen(pixels)
        if pixels.format not in FILMED:
            return f"a screen of {pixels.format.name} pixels cannot be filmed: give the guest colours"
        rows = with_cursor(pixels, *pointer) if pointer else pixels.data
        with self._lock:
            if self._closed:
                return ""
            try:
                film = self._film
                if film is None or film.size != (pixels.width, pixels.height):
                    self._end(time)
                    film = self._begin(pixels, time)
                film.write(rows, pixels.stride, time - self._begun_at)
                assert self._file is not None
                self._file.place()
            except (EncoderError, OSError) as error:
                return self._failed(error)
        return ""

    def again(self, time: float) -> str:
        with self._lock:
            try:
                if self._film is not None:
                    self._film.again(time - self._begun_at)
            except (EncoderError, OSError) as error:
                return self._failed(error)
        return ""

    def close(self, time: float | None) -> None:
        """On the thread that ends; ``time`` as of the others."""
        if not self._lock.acquire(timeout=END_S):
            log.error("the last picture of a film takes too long: what was written of it stays")
            return
        try:
            self._closed = True
            self._end(time)
        except (EncoderError, OSError) as error:
            log.error("%s", self._failed(error))
        finally:
            self._files.close()
            self._lock.release()

    def _begin(self, pixels: Pixels, time: float) -> FilmWriter:
        self._file = self._files.next()
        threads = max(
            1, min(pixels.width * pixels.height // THREAD_PIXELS, os.cpu_count() or 1, MOST_THREADS)
        )
        size = pixels.width, pixels.height
        self._film = FilmWriter(self._file.file, self._files.container, *size, threads=threads)
        self._begun_at = time
        log.info(
            "%s: video of %dx%d is recorded by %s",
            self._file.path,
            pixels.width,
            pixels.height,
            self._film.codec,
        )
        return self._film

    def _end(self, time: float | None) -> None:
        film, self._film = self._film, None
        file, self._file = self._file, None
        try:
            if film is not None:
                film.close(None if time is None else time - self._begun_at)
        finally:
            if file is not None:
                file.close()

    def _failed(self, error: Exception) -> str:
        """What to say of it; the file is closed, with all that it has."""
        path = self._file.path if self._file is not None else None
        self._closed = True
        with contextlib.suppress(EncoderError, OSError):  # it failed already
            self._end(None)
        said = getattr(error, "strerror", None) or str(error)
        return f"{path}: {said}" if path is not None else said
