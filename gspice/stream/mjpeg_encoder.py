"""MJPEG: every frame a JPEG file of its own, which every client can show.

libjpeg makes them, as it makes JPEG images: FFmpeg's encoder cannot be told of another quality while it runs.
"""

import math
from dataclasses import replace
from typing import Final

from gspice.codec import jpeg_encode
from gspice.errors import ConfigError, EncoderError
from gspice.geometry import Rect
from gspice.stream import rgb_to_yuv
from gspice.stream.video_encoder import EncodedFrame, EncoderSettings, VideoCodec, VideoEncoder, check_rate

QUALITIES: Final = range(10, 96)
"""Below, blocks are all one sees; above, files grow and pictures do not get better."""
FIRST_BITS: Final = {10: 0.25, 30: 0.5, 50: 0.75, 70: 1.1, 85: 1.7, 95: 3.2}
"""Bits a pixel of common video by quality: what the first frame is judged by."""
SIZE_EXPONENT: Final = 0.65
"""A file's size goes about with its quantisers to the power of minus that."""
DEBT_FRAMES: Final = 8
"""What frames took too much, or too little, is made good within so many."""
DEBT_SHARES: Final = 2.0
"""Frames' shares that are remembered at most, either way."""
PIXEL: Final = 4
"""Bytes."""


class MjpegEncoder(VideoEncoder):
    """Takes any size and any rate while it runs; all its frames are key frames."""

    name = "libjpeg"

    def __init__(self, settings: EncoderSettings) -> None:
        if settings.codec is not VideoCodec.MJPEG:
            raise EncoderError(f"{self.name} makes MJPEG, not {settings.codec.name}")
        try:
            jpeg_encode.load()
        except ConfigError as error:
            raise EncoderError(str(error)) from error
        self.settings = settings
        self._scale = _scale(_first_quality(self._share / (settings.width * settings.height)))
        self._debt = 0.0
        """Bits that frames took beyond their share."""
        self._closed = False

    @property
    def quality(self) -> int:
        """Of the next frame, as libjpeg counts it."""
        return min(max(_quality(self._scale), QUALITIES.start), QUALITIES.stop - 1)

    def encode(
        self,
        pixels: bytes | bytearray | memoryview,
        stride: int,
        *,
        time_ms: int,
        key: bool = False,
        rect: Rect | None = None,
    ) -> EncodedFrame:
        if self._closed:
            raise EncoderError(f"{self.name} is closed")
        shown, halve = self._shown(rect)
        width, height = self.settings.width, self.settings.height
        full_chroma = self.settings.full_chroma
        try:
            data = memoryview(pixels).cast("B")
            if shown.left < 0 or shown.top < 0 or PIXEL * shown.right > stride:
                raise ValueError(f"{shown} of rows {stride} bytes apart")
            if halve:
                data = memoryview(rgb_to_yuv.halve(data, stride, shown))
                stride, shown = PIXEL * width, Rect(0, 0, width, height)
            first = stride * shown.top + PIXEL * shown.left
            file = jpeg_encode.encode(
                data[first:], width, height, stride, self.quality, full_chroma=full_chroma
            )
        except (ConfigError, OSError, ValueError, TypeError, MemoryError) as error:
            raise EncoderError(f"{self.name} fails: {error}") from error
        self._learn(8 * len(file))
        return EncodedFrame(file, True, time_ms, width, height)

    def set_rate(self, bit_rate: int, frames_per_second: float) -> None:
        check_rate(bit_rate, frames_per_second)
        if self._closed:
            raise EncoderError(f"{self.name} is closed")
        before = self._share
        self.settings = replace(self.settings, bit_rate=bit_rate, frames_per_second=frames_per_second)
        self._scale *= (before / self._share) ** (1 / SIZE_EXPONENT)
        self._debt *= self._share / before

    def close(self) -> None:
        self._closed = True

    @property
    def _share(self) -> float:
        """Bits of one frame."""
        return self.settings.bit_rate / self.settings.frames_per_second

    def _learn(self, bits: int) -> None:
        """Choose the next frame's quantisers by what this one took."""
        share = self._share
        used = _scale(self.quality)
        self._debt = min(max(self._debt + bits - share, -DEBT_SHARES * share), DEBT_SHARES * share)
        wanted = share - self._debt / DEBT_FRAMES
        scale = used * (bits / wanted) ** (1 / SIZE_EXPONENT)
        self._scale = min(max(scale, _scale(QUALITIES.stop - 1)), _scale(QUALITIES.start))


def _first_quality(bits_per_pixel: float) -> int:
    return max(
        [quality for quality, bits in FIRST_BITS.items() if bits <= bits_per_pixel], default=QUALITIES.start
    )


def _scale(quality: int) -> float:
    """Percent that libjpeg makes of its quantisers at 50."""
    return 5000 / quality if quality < 50 else 200.0 - 2 * quality


def _quality(scale: float) -> int:
    """The one whose files are no larger than at that scale."""
    return math.floor(5000 / scale if scale > 100 else (200 - scale) / 2)
