"""One video stream of one client: its encoder, its rate, and where it stands between two frames.

On the worker's thread, but for ``job``. The encoder is opened with the first frame, in the pool, and only one frame of
a stream is there at a time: a newer one than what is being packed waits, and is dropped for a still newer one.
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gspice.errors import EncoderError
from gspice.geometry import Rect
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.pixels import Pixels
from gspice.region import Region
from gspice.stream.detect.video_detector import VideoRegion
from gspice.stream.encoder_choice import EncoderChoice
from gspice.stream.presentation import Presentation, multimedia_time
from gspice.stream.video_encoder import MAX_THREADS, EncodedFrame, EncoderSettings, VideoCodec, VideoEncoder
from gspice.stream.video_rate import Rate, VideoRate

log = logging.getLogger(__name__)

THREAD_PIXELS: Final = 640 * 480
"""Of a frame, for each thread that packs it: smaller parts pack worse, and gain nothing."""
OPENING_FRAMES: Final = 30.0
"""Frames a second, where nobody knows yet."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What the pool made of one frame."""

    encoder: VideoEncoder | None
    """None: there is none."""
    frame: EncodedFrame | None
    error: str
    """Why there is no frame."""
    seconds: float


class ClientStream:
    """``number`` is what the client knows it by. ``end`` it."""

    def __init__(
        self,
        number: int,
        region: VideoRegion,
        codecs: Sequence[VideoCodec],
        choice: EncoderChoice,
        *,
        link_rate: float | None,
        full_chroma: bool = False,
    ) -> None:
        """``codecs`` that the client can show, best first; ``link_rate``: bytes a second that it takes.

        ``full_chroma``: 4:4:4 where the encoder can.
        """
        self.number = number
        self.region = region
        self.dirty = True
        """There is a newer picture than the one that was sent last."""
        self.offered = False
        """That picture was offered to the rate, which did not take it."""
        self.changed_at = region.changed_at
        """When the picture last changed."""
        self.under_way = 0
        """Frames that the client is not known to have taken."""
        self.taken_at = region.changed_at
        """When it took the last."""
        self.busy = False
        """A frame is being packed."""
        self.resting = False
        """The picture stands still: it is shown by images."""
        self.shown_at: Rect | None = None
        """Where the client was told to show it, with what its codec fills up; None: it does not know of the stream."""
        self.clip: tuple[Rect, ...] | None = None
        """What the client was told to show of it; None: all."""
        self.report_id: int | None = None
        """What the client's reports of it bear; None: it was asked for none."""
        self.presentation = Presentation()
        self._codecs = tuple(codecs)
        self._choice = choice
        self._link_rate = link_rate
        self._wants_full_chroma = full_chroma
        self._encoder: VideoEncoder | None = None
        self._ended = False
        self._given: Rate | None = None
        """What the encoder was told last."""
        self.rate = self._rate_of(self._codecs[0])

    @property
    def rect(self) -> Rect:
        return self.region.rect

    @property
    def shown(self) -> Region:
        """What of its rectangle it shows: the rest is covered by something else."""
        shown = Region([self.region.rect])
        for rect in self.region.covered:
            shown.subtract(rect)
        return shown

    @property
    def begun_with(self) -> VideoCodec:
        """What was hoped for."""
        return self._codecs[0]

    @property
    def codec(self) -> VideoCodec:
        """What its frames are; known once the first is packed."""
        return self._codecs[0] if self._encoder is None else self._encoder.settings.codec

    @property
    def full_chroma(self) -> bool:
        """Whether its frames are 4:4:4; known as the codec is."""
        return self._encoder is not None and self._encoder.settings.full_chroma

    @property
    def encoder_name(self) -> str:
        """As logs and statistics show it; empty: not known yet."""
        return "" if self._encoder is None else self._encoder.name

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def takes(self) -> PlanesSpec | None:
        """What its encoder takes in place of pixels; None: not known yet, or nothing. Not while it is busy."""
        return None if self._encoder is None else self._encoder.takes

    def job(self, picture: Pixels | Planes, now: float, clock: Callable[[], float]) -> Callable[[], Packed]:
        """What the pool does for the picture as it is now; ``packed`` hears of it.

        ``clock``: what ``now`` is of, on any thread.
        """
        self.busy, self.dirty, self.offered = True, False, False
        encoder, choice, codecs = self._encoder, self._choice, self._codecs
        rate = self.rate.rate
        changed = rate != self._given
        self._given = rate
        settings = EncoderSettings(
            codec=codecs[0],
            width=self.rect.width,
            height=self.rect.height,
            frames_per_second=rate.frames_per_second
            if encoder
            else max(rate.frames_per_second, OPENING_FRAMES),
            bit_rate=rate.bit_rate,
            full_chroma=self._wants_full_chroma,
            threads=_threads(self.rect.area),
        )
        time_ms = multimedia_time(now)

        def run() -> Packed:
            begun = clock()
            used = encoder
            try:
                if used is None:
                    used = choice.open(codecs, settings)
                    begun = clock()  # what the first frame waits for is not what the others will
                elif changed:
                    used.set_rate(rate.bit_rate, rate.frames_per_second)
                if isinstance(picture, Planes):
                    frame = used.encode_planes(picture, time_ms=time_ms)
                else:
                    frame = used.encode(picture.data, picture.stride, time_ms=time_ms)
            except EncoderError as error:
                return Packed(used, None, str(error), 0.0)
            return Packed(used, frame, "", clock() - begun)

        return run

    def packed(self, packed: Packed, now: float) -> EncodedFrame | None:
        """The frame to be sent; None: the stream was ended meanwhile, or cannot go on, which ``ended`` then tells."""
        self.busy = False
        if self._ended:
            _close(packed.encoder)
            return None
        first = self._encoder is None
        self._encoder = packed.encoder
        if packed.frame is None:
            log.warning("a video stream ends, and images show what it showed: %s", packed.error)
            self.end()
            return None
        if first and packed.encoder is not None:
            chroma = "4:4:4" if self.full_chroma else "4:2:0"
            log.info(
                "video of %dx%d as %s by %s, %s", *self._size, self.codec.name, packed.encoder.name, chroma
            )
            if self.codec is not self._codecs[0]:
                self.rate = self._rate_of(self.codec)
                self.rate.offer(now)
        self.rate.encoded(len(packed.frame.data), packed.seconds, now)
        return packed.frame

    def end(self) -> None:
        """No more frames. The encoder goes at once, or when it is done with the last."""
        self._ended = True
        if not self.busy:
            _close(self._encoder)
            self._encoder = None

    @property
    def _size(self) -> tuple[int, int]:
        return self.rect.width, self.rect.height

    def _rate_of(self, codec: VideoCodec) -> VideoRate:
        frames = self.region.frames_per_second or OPENING_FRAMES
        return VideoRate(codec, *self._size, frames, link_rate=self._link_rate)


def _threads(pixels: int) -> int:
    return max(1, min(pixels // THREAD_PIXELS, os.cpu_count() or 1, MAX_THREADS))


def _close(encoder: VideoEncoder | None) -> None:
    if encoder is not None:
        encoder.close()
