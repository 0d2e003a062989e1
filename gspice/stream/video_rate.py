"""How many bits and frames a second one video stream gets: latency comes first, then sharpness, then smoothness.

Nothing may queue: a frame that finds those before it late on their way is not encoded at all. What the link takes is
seen from answers, as in ``byte_window``: each frame goes between two marks, and the time between their answers is what
the link was busy with it. (The window's own rate is that of what there was to send, which for video is less than the
link's.) What the client's decoder takes is seen from its reports, what the encoder takes from its own time.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

from gspice.stream.video_encoder import BIT_RATES, MAX_FRAMES_PER_SECOND, VideoCodec

START_BIT_RATE: Final = 4_000_000.0
"""Bits a second while nothing is known of the link."""
UTILISATION: Final = 0.8
"""Part of the link that video may take: the rest is for frames larger than others, and for all else."""
MEMORY: Final = 0.6
"""Seconds, and so many frames at least, from which the link is judged."""
MEMORY_FRAMES: Final = 4
RAISE: Final = 1.2
"""How fast the rate may grow: by so much in RAISE_EVERY seconds, or two round trips."""
RAISE_EVERY: Final = 0.4
HOLD: Final = 2.0
"""Seconds without growth after the client was in trouble."""
LATE_FRAMES: Final = 1.5
"""Frames' times that an answer may be later than on an empty link before no frame is added."""
LATE_LEAST: Final = 0.040
"""The same, in seconds: less is what clients take to answer."""
UNKNOWN_ROUND_TRIP: Final = 0.25
"""Seconds before any answer came."""
TOO_LATE_MS: Final = -15
"""Of a report: a last frame that much behind its time is late, less may be the clock's."""
MANY_DROPS: Final = 0.1
ENCODER_SHARE: Final = 0.9
"""Part of a frame's time that its encoding may take."""
LEAST_FRAMES: Final = 8.0
"""Frames a second below which it is no video: before that they get worse instead."""
CHANGE: Final = 0.05
"""A smaller part is no new rate."""
NO_DECODER: Final = 0xFFFFFFFF
"""Drops, of no frames, in the report of a client that cannot show the stream."""

LEAST_BITS: Final = {
    VideoCodec.MJPEG: 0.30,
    VideoCodec.VP8: 0.035,
    VideoCodec.H264: 0.030,
    VideoCodec.VP9: 0.022,
    VideoCodec.H265: 0.022,
}
"""Bits a pixel of one frame: with less, fewer frames that are sharp are better."""
ENOUGH_BITS: Final = {
    VideoCodec.MJPEG: 2.0,
    VideoCodec.VP8: 0.30,
    VideoCodec.H264: 0.25,
    VideoCodec.VP9: 0.20,
    VideoCodec.H265: 0.18,
}
"""Bits a pixel of one frame: with more, it looks the same."""


class Rate(NamedTuple):
    """What ``VideoEncoder.set_rate`` takes."""

    bit_rate: int
    frames_per_second: float


@dataclass(slots=True)
class _UnderWay:
    size: int
    sent: float
    reached: float | None = None
    """When the mark before it was answered."""


class _Answer(NamedTuple):
    at: float
    bits: int
    busy: float
    """Seconds that the link had to do with it."""


class VideoRate:
    """Of one stream. Times are seconds of one steady clock, sizes bytes.

    For each frame that the screen has: ``offer`` it; if taken, encode it with ``rate``, tell that it is ``encoded``
    and send it between two marks, and tell when their answers come: of the first, ``reached``, of the other one,
    ``delivered``.
    """

    def __init__(
        self,
        codec: VideoCodec,
        width: int,
        height: int,
        frames_per_second: float,
        *,
        link_rate: float | None = None,
    ) -> None:
        """``link_rate`` is the byte window's, where it has one."""
        self._pixels = width * height
        self._least_bits = self._pixels * LEAST_BITS[codec]
        self._enough_bits = self._pixels * ENOUGH_BITS[codec]
        self._source = min(max(frames_per_second, 1.0), MAX_FRAMES_PER_SECOND)
        """Frames a second that are offered, about."""
        self._bits = min(8 * link_rate * UTILISATION / 2 if link_rate else START_BIT_RATE, self._most)
        self._given = Rate(0, 0.0)
        self._encoding = False
        self._encode_seconds = 0.0
        self._under_way: deque[_UnderWay] = deque()
        self._answers: deque[_Answer] = deque()
        self._answered_at = 0.0
        self._round_trip: float | None = None
        self._offered_at: float | None = None
        self._due = 0.0
        self._raise_at = 0.0
        self._delay = 0.0
        self._troubled = False
        """The last report told of frames that came too late."""
        self.frames = 0
        """Taken so far."""
        self.dropped = 0
        """Offered, and not taken."""
        self.refused = False
        """The client cannot show the stream: end it, and send images."""

    @property
    def rate(self) -> Rate:
        """What the encoder should work with now; the same as before while nothing of weight has changed."""
        frames = self._frames_per_second
        # Fewer frames are no better ones: those that are hard to encode would get harder still.
        bits = min(self._bits, self._enough_bits * frames)
        bit_rate = int(min(max(bits, BIT_RATES.start), BIT_RATES.stop - 1))
        near = abs(bit_rate / (self._given.bit_rate or 1) - 1) < CHANGE
        if not near or abs(frames - self._given.frames_per_second) > CHANGE * frames:
            self._given = Rate(bit_rate, frames)
        return self._given

    @property
    def most_frames(self) -> float:
        """Frames a second that link and encoder would take, whatever there is to see."""
        sharp = max(self._bits / self._least_bits, LEAST_FRAMES)
        encoder = ENCODER_SHARE / self._encode_seconds if self._encode_seconds else MAX_FRAMES_PER_SECOND
        return min(sharp, encoder)

    @property
    def needed_delay(self) -> float:
        """Seconds that the slowest frame took to the client: time stamps should be no earlier than that."""
        return self._delay

    def offer(self, now: float, *, again: bool = False) -> bool:
        """Whether a frame that there is now is to be encoded; if not, wait for the next one.

        ``again``: it is the one that was offered last.
        """
        if not again:
            self._note_source(now)
        interval = 1.0 / self._frames_per_second
        if self._encoding or self._behind(now, interval) or now < self._due - interval / 8:
            self.dropped += not again
            return False
        self._due = max(self._due + interval, now + interval / 2)
        self._encoding = True
        self.frames += 1
        return True

    def encoded(self, size: int, seconds: float, now: float) -> None:
        """The frame that was taken has that many bytes, took so long, and goes out now. 0 bytes: it was given up."""
        self._encoding = False
        # A slow one counts at once: what encoders take varies less than what they compete with.
        weight = 0.5 if seconds > self._encode_seconds else 0.1
        self._encode_seconds += weight * (seconds - self._encode_seconds)
        if size:
            self._under_way.append(_UnderWay(size, now))

    def reached(self, now: float) -> None:
        """The mark before the oldest frame that is not known to have reached the client was answered."""
        for frame in self._under_way:
            if frame.reached is None:
                frame.reached = now
                return

    def delivered(self, now: float, round_trip: float | None) -> None:
        """The mark behind the oldest frame under way was answered; the byte window's round trip, where it has one."""
        if not self._under_way:
            return
        frame = self._under_way.popleft()
        took = now - frame.sent
        if round_trip is None:
            round_trip = min(took, self._round_trip or took)
        self._round_trip = round_trip
        begun = min(frame.sent + round_trip, now) if frame.reached is None else frame.reached
        self._answers.append(_Answer(now, 8 * frame.size, now - max(begun, self._answered_at)))
        self._answered_at = now
        while len(self._answers) > MEMORY_FRAMES and self._answers[0].at < now - MEMORY:
            self._answers.popleft()
        self._delay = max(self._delay, took - round_trip / 2 + self._encode_seconds)
        self._follow(now)

    def reported(self, frames: int, drops: int, last_delay_ms: int, now: float) -> None:
        """A STREAM_REPORT: of the frames since the one before, how many were dropped, and how early the last came."""
        if not frames:
            self.refused |= drops == NO_DECODER
            return
        troubled = bool(drops) or last_delay_ms < TOO_LATE_MS
        lasting, self._troubled = troubled and self._troubled, troubled
        # Where frames only come later than they were stamped for, the next ones are stamped later.
        if lasting and drops:
            self._cut(0.5 if drops >= MANY_DROPS * frames else 0.8, now)
        elif lasting:
            self._cut(0.85, now)

    # What follows from it

    @property
    def _most(self) -> float:
        return self._enough_bits * self._source

    @property
    def _frames_per_second(self) -> float:
        return max(min(self._source, self.most_frames), 1.0)

    def _note_source(self, now: float) -> None:
        """Learn how often frames are offered."""
        if self._offered_at is not None:
            gap = min(max(now - self._offered_at, 1 / MAX_FRAMES_PER_SECOND), 1.0)
            self._source += (1 / gap - self._source) / 16
        self._offered_at = now

    def _behind(self, now: float, interval: float) -> bool:
        """Whether what is under way is later than on an empty link, or will be."""
        if not self._under_way:
            return False
        late = max(LATE_FRAMES * interval, LATE_LEAST)
        trip = UNKNOWN_ROUND_TRIP if self._round_trip is None else self._round_trip
        if now - self._under_way[0].sent > trip + late:
            return True
        link = self._link()
        under_way = 8 * sum([frame.size for frame in self._under_way])
        return link is not None and under_way > link * (trip + late)

    def _link(self) -> float | None:
        """Bits a second that it takes; None: not known yet, or too many to be seen."""
        busy = sum([answer.busy for answer in self._answers])
        if len(self._answers) < 2 or busy <= 0:
            return None
        return sum([answer.bits for answer in self._answers]) / busy

    def _follow(self, now: float) -> None:
        """Down at once to what the link takes, up by and by."""
        link = self._link()
        limit = self._most if link is None else min(link * UTILISATION, self._most)
        if self._bits > limit:
            self._bits = limit
            self._raise_at = max(self._raise_at, now + RAISE_EVERY)
        elif now >= self._raise_at:
            self._bits = min(self._bits * RAISE, limit)
            self._raise_at = now + max(RAISE_EVERY, 2 * (self._round_trip or 0.0))

    def _cut(self, part: float, now: float) -> None:
        self._bits = max(self._bits * part, float(BIT_RATES.start))
        self._raise_at = max(self._raise_at, now + HOLD)
