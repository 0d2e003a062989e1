"""A video file, decoded by PyAV at its own pace and played over and over."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gspice.errors import ConfigError
from gspice.hosts.desktop.screen import Raster

_BUDGET = 0.012
"""Seconds of one tick that decoding may take; the rest of a backlog waits for the next tick."""

_HOPELESS = 0.5
"""Seconds of delay at which the film slows down instead of being chased."""

_DEFAULT_RATE = 25.0


class Film:
    """Footage from a file. Pictures that come too late are left out."""

    def __init__(self, path: Path) -> None:
        """Open the file; ConfigError where it cannot be played."""
        try:
            import av  # noqa: PLC0415  only those who play files need it
        except ImportError as error:
            raise ConfigError("playing a video file needs PyAV: install gspice[desktop]") from error
        self._error: type[Exception] = av.FFmpegError
        try:
            self._container: Any = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            raise ConfigError(f"cannot open the video file {path}: {error}") from error
        if not self._container.streams.video:
            raise ConfigError(f"the file {path} has no video in it")
        self._stream: Any = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self.size: tuple[int, int] = (self._stream.width, self._stream.height)
        if min(self.size) < 1:
            raise ConfigError(f"the video in {path} has no size")
        self._interval = 1 / float(self._stream.average_rate or _DEFAULT_RATE)
        self._frames: Iterator[Any] = self._container.decode(self._stream)
        self._began: float | None = None
        """The monotonic time that stands for the film's beginning."""
        self._next: Any = None
        """Decoded, but not due yet."""
        self._next_due = 0.0
        self._last_due = 0.0
        self._first_time: float | None = None
        self._over = False
        """No picture can be had from it any more."""

    def deadline(self) -> float:
        return float("inf") if self._over else self._next_due

    def frame(self, now: float, width: int, height: int) -> Raster | None:
        if self._began is None:
            self._began = self._last_due = self._next_due = now
        current: Any = None
        stop = time.perf_counter() + _BUDGET
        while not self._over:
            if self._next is None:
                self._decode_next(now)
            if self._next is None or self._next_due > now:
                break
            current, self._next = self._next, None
            self._last_due = self._next_due
            if time.perf_counter() > stop:
                self._next_due = now
                if now - self._last_due > _HOPELESS:
                    self._began += now - self._last_due
                break
        return None if current is None else _pixels(current, width, height)

    def _decode_next(self, now: float) -> None:
        """Decode one picture; at the end begin again."""
        for _ in range(2):
            try:
                self._next = next(self._frames, None)
            except self._error:
                # What follows a broken packet is of no use; what came before it plays again.
                self._next = None
            if self._next is not None:
                self._next_due = self._due(self._next)
                return
            self._rewind(now)
        self._over = True

    def _due(self, frame: Any) -> float:
        assert self._began is not None
        if frame.time is None:
            return self._last_due + self._interval
        if self._first_time is None:
            self._first_time = float(frame.time)
        return self._began + float(frame.time) - self._first_time

    def _rewind(self, now: float) -> None:
        try:
            self._container.seek(self._stream.start_time or 0, stream=self._stream)
        except self._error:
            return
        self._frames = self._container.decode(self._stream)
        self._first_time = None
        self._began = max(now, self._last_due + self._interval)


def _pixels(frame: Any, width: int, height: int) -> Raster:
    pixels: Raster = frame.reformat(width=width, height=height, format="bgra").to_ndarray()
    pixels = np.ascontiguousarray(pixels)
    pixels[:, :, 3] = 0
    return pixels
