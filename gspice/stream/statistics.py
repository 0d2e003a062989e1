"""What was sent to one display client, and as what; and what of the declared damage was true.

Plain numbers of the worker's thread. ``DisplayNumbers`` and ``DamageNumbers`` are copies for others to read.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gspice.stream.image_encoder import Coder, EncodedImage
from gspice.stream.video_encoder import VideoCodec

LATENCIES = 256
"""Frames whose latency is remembered."""
MOST_MARKS = 1024
"""Frames under way whose damage time is remembered; of more, the oldest count for nothing."""
_HALF = 1 << 31
_MASK = (1 << 32) - 1


@dataclass(slots=True)
class CoderStatistics:
    """Images of one coder."""

    images: int = 0
    pixels: int = 0
    raw_bytes: int = 0
    """What their pixels take unpacked."""
    sent_bytes: int = 0


@dataclass(slots=True)
class CodecStatistics:
    """Frames of video streams of one codec."""

    frames: int = 0
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayNumbers:
    """One display channel as it stood at some time; sizes in bytes and pixels, times in seconds."""

    frames: int = 0
    moves: int = 0
    backdrop_copies: int = 0
    coders: Mapping[str, CoderStatistics] = field(default_factory=dict)
    """By the coder's name; nobody writes to them any more."""
    codecs: Mapping[str, CodecStatistics] = field(default_factory=dict)
    """The same of video streams, by the codec's name."""
    streams: int = 0
    """Video streams that were begun."""
    latency_p50: float | None = None
    latency_p95: float | None = None
    """From damage to the client's answer, of the last frames; None: there was none yet."""
    latency_count: int = 0
    latency_sum: float = 0.0
    stale_pixels: int = 0
    """Where the client's picture lags behind."""
    lossy_pixels: int = 0
    """Where it is only about right, and will be sent again."""
    round_trip: float | None = None
    """The shortest of late, without what waits in queues."""
    rate: float | None = None
    """Bytes a second that the client is thought to take."""
    window: int = 0
    """Bytes that may be under way to it."""
    under_way: int = 0


@dataclass(slots=True)
class DisplayStatistics:
    """One display channel of one client; owned by the worker's thread.

    For the latency of a frame call ``damaged``, ``taken``, ``sent`` and ``answered``, in this order.
    """

    frames: int = 0
    moves: int = 0
    """Copy-bits commands."""
    backdrop_copies: int = 0
    """Rectangles that were kept, or uncovered, on the client."""
    coders: dict[Coder, CoderStatistics] = field(default_factory=dict)
    codecs: dict[VideoCodec, CodecStatistics] = field(default_factory=dict)
    streams: int = 0
    """Video streams that were begun."""
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES))
    """Seconds from damage to the client's answer that it shows it, of the last frames."""
    latency_count: int = 0
    latency_sum: float = 0.0
    _damaged_at: float | None = None
    """Since when the client lags behind what it could have; None: it does not."""
    _taken: float | None = None
    """The same of what the next ``sent`` carries."""
    _under_way: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=MOST_MARKS))
    """Marks that close frames, and when the oldest damage in each was declared."""

    def image(self, image: EncodedImage) -> None:
        """An image was sent."""
        entry = self.coders.setdefault(image.coder, CoderStatistics())
        entry.images += 1
        entry.pixels += image.width * image.height
        entry.raw_bytes += image.width * image.height * (image.format.bits_per_pixel // 8)
        entry.sent_bytes += len(image.data)

    def video(self, codec: VideoCodec, size: int) -> None:
        """A frame of a stream was sent."""
        entry = self.codecs.setdefault(codec, CodecStatistics())
        entry.frames += 1
        entry.sent_bytes += size

    def recalled(self, pixels: Sequence[int], *, whole: bool) -> None:
        """The client drew parts of so many pixels each from its cache; ``whole`` as with ``taken``."""
        entry = self.coders.setdefault(Coder.CACHED, CoderStatistics())
        entry.images += len(pixels)
        entry.pixels += sum(pixels)
        self.taken(whole=whole)
        self.frames += whole

    def damaged(self, since: float) -> None:
        """The client's picture is behind; ``since``: when the oldest of that damage was declared."""
        if self._damaged_at is None:
            self._damaged_at = since

    def taken(self, *, whole: bool) -> None:
        """A frame was captured; ``whole``: with it, nothing is stale any more."""
        self._taken = self._damaged_at
        if whole:
            self._damaged_at = None

    def sent(self, mark: int) -> None:
        """That frame went, closed by this mark; marks count up and wrap at 32 bits."""
        if self._taken is not None:
            self._under_way.append((mark, self._taken))
            self._taken = None

    def answered(self, mark: int, now: float) -> None:
        """The client has handled all up to this mark."""
        waiting = self._under_way
        while waiting and (mark - waiting[0][0]) & _MASK < _HALF:
            latency = now - waiting.popleft()[1]
            self.latencies.append(latency)
            self.latency_count += 1
            self.latency_sum += latency

    def forgiven(self) -> None:
        """What the client is behind with now is nobody's latency."""
        self._damaged_at = None

    def numbers(self) -> DisplayNumbers:
        """A copy of what is counted here."""
        ordered = sorted(self.latencies)
        return DisplayNumbers(
            frames=self.frames,
            moves=self.moves,
            backdrop_copies=self.backdrop_copies,
            coders={coder.name.lower(): replace(entry) for coder, entry in self.coders.items()},
            codecs={codec.name.lower(): replace(entry) for codec, entry in self.codecs.items()},
            streams=self.streams,
            latency_p50=_quantile(ordered, 0.5),
            latency_p95=_quantile(ordered, 0.95),
            latency_count=self.latency_count,
            latency_sum=self.latency_sum,
        )


def _quantile(ordered: list[float], part: float) -> float | None:
    """The smallest value that so large a part does not exceed."""
    if not ordered:
        return None
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


@dataclass(frozen=True, slots=True)
class DamageNumbers:
    """What hosts and guests declared as changed, in pixels, and what of it was."""

    looks: int = 0
    declared: int = 0
    """Declared between two looks; what was declared twice counts once."""
    changed: int = 0
    """Truly others, once all has moved."""
    moved: int = 0
    """Found to be copies of what was elsewhere before."""


@dataclass(slots=True)
class DamageStatistics:
    """The looks at the screens of one device; owned by the worker's thread."""

    looks: int = 0
    declared: int = 0
    changed: int = 0
    moved: int = 0

    def numbers(self) -> DamageNumbers:
        """A copy."""
        return DamageNumbers(self.looks, self.declared, self.changed, self.moved)
