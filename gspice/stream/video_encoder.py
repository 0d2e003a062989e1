"""What every video encoder is: pixels of one frame in, one packet out, at once.

An encoder belongs to one stream of one client. Its calls take milliseconds and belong into the encoder pool, one at a
time. Nothing here knows a clock: frames bring their time.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gspice.errors import EncoderError
from gspice.geometry import Rect
from gspice.gpu.planes import Planes, PlanesSpec

MAX_SIDE: Final = 16384
"""Pixels of a row or a column: what H.264 and VP8 can say."""
BIT_RATES: Final = range(16_000, 1_000_000_000)
"""Bits a second."""
MAX_FRAMES_PER_SECOND: Final = 240.0
MAX_THREADS: Final = 16


class VideoCodec(IntEnum):
    """SPICE_VIDEO_CODEC_TYPE_*: what a stream's data are."""

    MJPEG = 1
    VP8 = 2
    H264 = 3
    VP9 = 4
    H265 = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """What is encoded, and into how much. EncoderError: a value out of range."""

    codec: VideoCodec
    width: int
    """Pixels of the picture that clients see."""
    height: int
    frames_per_second: float
    bit_rate: int
    """Bits a second. One frame gets about ``bit_rate / frames_per_second``, whenever it comes."""
    full_chroma: bool = False
    """4:4:4 instead of 4:2:0, for those whose clients can and whose encoder can: see ``EncoderSpec``."""
    threads: int = 1
    """Parts of one frame that are encoded side by side; never several frames, which would delay them."""

    def __post_init__(self) -> None:
        if not (0 < self.width <= MAX_SIDE and 0 < self.height <= MAX_SIDE):
            raise EncoderError(f"video of {self.width}x{self.height}: sides go from 1 to {MAX_SIDE} pixels")
        if not 1 <= self.threads <= MAX_THREADS:
            raise EncoderError(f"{self.threads} threads for a video encoder: 1 to {MAX_THREADS} can be had")
        check_rate(self.bit_rate, self.frames_per_second)


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """What the client's decoder takes for one frame: one message of STREAM_DATA."""

    data: bytes
    key: bool
    """It stands alone; the frames after it need nothing from before it."""
    time_ms: int
    """As it came."""
    width: int
    """Of what a decoder gives: the picture, and to its right and below what its codec needs to fill up."""
    height: int


def check_rate(bit_rate: int, frames_per_second: float) -> None:
    """EncoderError: a rate out of range."""
    if bit_rate not in BIT_RATES:
        raise EncoderError(
            f"{bit_rate} bits a second: video takes {BIT_RATES.start} to {BIT_RATES.stop - 1} of them"
        )
    if not 1.0 <= frames_per_second <= MAX_FRAMES_PER_SECOND:
        raise EncoderError(f"{frames_per_second} frames a second: 1 to {MAX_FRAMES_PER_SECOND:g} can be had")


class VideoEncoder(ABC):
    """Open when it is made; ``close`` it. Every call may raise EncoderError: close it then, and take another one."""

    name: str
    """As logs and statistics show it: FFmpeg's name of the encoder, or the library's."""
    settings: EncoderSettings
    """As they are now: ``set_rate`` changes them."""

    @abstractmethod
    def encode(
        self,
        pixels: bytes | bytearray | memoryview,
        stride: int,
        *,
        time_ms: int,
        key: bool = False,
        rect: Rect | None = None,
    ) -> EncodedFrame:
        """The one packet of this frame: rows of B, G, R, X, top-down, which must not change meanwhile.

        ``rect`` is what of them is shown, the left top by default; where it has twice the size of the video, the mean
        of 2x2 pixels is. ``key`` asks for a key frame; an encoder gives one by itself when it begins, and where
        ``set_rate`` says so.
        """

    @property
    def takes(self) -> PlanesSpec | None:
        """What ``encode_planes`` takes, from whoever has planes at hand; None: this one takes pixels alone."""
        return None

    def encode_planes(self, planes: Planes, *, time_ms: int, key: bool = False) -> EncodedFrame:
        """As ``encode``, for what ``takes`` says."""
        raise EncoderError(f"{self.name} takes pixels, and no planes")

    @abstractmethod
    def set_rate(self, bit_rate: int, frames_per_second: float) -> None:
        """From the next frame on."""

    @abstractmethod
    def close(self) -> None:
        """Free what it holds; again does nothing. A frame that is asked for later is an EncoderError."""

    def _shown(self, rect: Rect | None) -> tuple[Rect, bool]:
        """What of the pixels is encoded, and whether at half its size."""
        size = self.settings.width, self.settings.height
        if rect is None:
            return Rect(0, 0, *size), False
        if (rect.width, rect.height) == size:
            return rect, False
        if ((rect.width + 1) // 2, (rect.height + 1) // 2) == size:
            return rect, True
        raise EncoderError(f"{rect.width}x{rect.height} pixels into video of {size[0]}x{size[1]}")
