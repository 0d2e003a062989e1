"""The video streams of one display channel: begun, fed, moved and ended as the regions that play come and go."""

import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

from gspice.channels.base import LinkInfo, Sender
from gspice.geometry import Rect
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.pixels import Pixels
from gspice.stream.byte_window import ByteWindow
from gspice.stream.client_stream import ClientStream, Packed
from gspice.stream.client_view import ClientView
from gspice.stream.detect.video_detector import VideoRegion
from gspice.stream.encoder_choice import EncoderChoice, codec_order
from gspice.stream.statistics import DisplayStatistics
from gspice.stream.video_encoder import EncodedFrame, VideoCodec
from gspice.stream.video_rate import NO_DECODER
from gspice.wire.caps import DisplayCap
from gspice.wire.enums import StreamFlags
from gspice.wire.messages import display as wire
from gspice.wire.types import Clip, ClipNone, ClipRects

log = logging.getLogger(__name__)

MOST_STREAMS: Final = 8
"""Of one client at the same time; what else plays goes as images."""
NUMBERS: Final = 50
"""Of streams: clients take none above."""
REST_S: Final = 0.35
"""A picture that stands still for so long is sent again, exactly; its stream stays."""
RETRY_S: Final = 1 / 60
"""Until a newer picture is offered again that the rate did not take."""
REPORT_FRAMES, REPORT_MS = 5, 1000
"""How often clients say how a stream goes."""
MOST_REFUSED: Final = 64
"""Regions that are remembered not to be streams; of more, the oldest are tried again."""

_HALF, _MASK = 1 << 31, (1 << 32) - 1

Result = TypeVar("Result")


class VideoHub(Protocol):
    """What all display channels of one device share."""

    clock: Callable[[], float]
    """For those who pack, on any thread."""

    @property
    def encoder_choice(self) -> EncoderChoice:
        """Opens encoders."""

    @property
    def video_codecs(self) -> Sequence[tuple[str, str]]:
        """The operator's order."""

    @property
    def full_chroma(self) -> bool:
        """Whether video is to be 4:4:4."""

    def capture(self, rect: Rect) -> Pixels:
        """The newest look's pixels, once for all clients."""

    def planes(self, rect: Rect, spec: PlanesSpec) -> Planes | None:
        """The same as an encoder takes it, where the canvas makes it; None: capture it."""

    def pack(self, job: Callable[[], Result], done: Callable[[Result, float], None], now: float) -> None:
        """Run it in the encoder pool."""

    def wake_at(self, when: float) -> None:
        """Ask for a ``push`` at that time."""


class DisplayVideo:
    """One display channel's streams, on the worker's thread.

    Call ``looked`` after each look, ``push`` as often as possible, ``answered`` and ``reported`` with what the client
    says, and ``stop`` when there is no screen any more.
    """

    def __init__(
        self,
        sender: Sender,
        link: LinkInfo,
        surface_id: int,
        hub: VideoHub,
        ahead: Callable[[], None],
        mark: Callable[[int, float], int],
        window: ByteWindow,
        statistics: DisplayStatistics,
    ) -> None:
        """``ahead``: queues what the client is to copy before anything else.

        ``mark``: closes so many bytes with a ping, and gives its number.
        """
        self._sender = sender
        self._ahead = ahead
        self._mark = mark
        self._window = window
        self._caps = link.channel_caps
        self._surface_id = surface_id
        self._hub = hub
        self._statistics = statistics
        self.browser = False
        """The client is one in a browser: it shows MJPEG as images, all of each, and other codecs in an element over
        its canvas, which hides what else is drawn there."""
        self._preferred: Sequence[int] = ()
        self._streams: dict[int, ClientStream] = {}
        """By the region's id."""
        self._refused: dict[int, None] = {}
        """Regions that are no streams, for this client; the newest last."""
        self._failed: set[VideoCodec] = set()
        """What the client has said it cannot show after all."""
        self._failed_full: set[VideoCodec] = set()
        """The same with 4:4:4: what decodes in hardware often cannot, and no capability tells."""
        self._marks: dict[int, tuple[ClientStream, bool]] = {}
        """Pings under way around frames, and whether behind the frame: the time between both is what it took."""
        self._reports = 0
        self._number = -1
        """Of the last stream. None comes again soon: clients may still speak of the one before."""
        self._view: ClientView | None = None

    @property
    def playing(self) -> bool:
        """Whether a stream has a picture that the client has not."""
        return any(stream.dirty or stream.busy or not stream.resting for stream in self._streams.values())

    @property
    def most_frames(self) -> float:
        """Frames a second that the fastest of its streams could take; 0: none plays."""
        return max(
            [stream.rate.most_frames for stream in self._streams.values() if not stream.resting], default=0.0
        )

    def prefer(self, codecs: Sequence[int]) -> None:
        """The client's own order. Streams that would be of another codec now begin anew."""
        self._preferred = codecs
        best = self.codecs()[:1]
        for id, stream in list(self._streams.items()):
            if stream.begun_with not in best and self._view is not None:
                self._end(id, stream, self._view)

    def codecs(self) -> tuple[VideoCodec, ...]:
        """What can be tried, best first."""
        order = codec_order(self._hub.video_codecs, self._caps, self._preferred)
        if self.browser:
            order = tuple(codec for codec in order if codec is VideoCodec.MJPEG)
        return tuple(codec for codec in order if codec not in self._failed)

    # What plays

    def looked(
        self, regions: Sequence[VideoRegion], changed: Sequence[Rect], view: ClientView, now: float
    ) -> None:
        """What plays after the newest look, which found that ``changed``."""
        self._view = view
        if self.browser:
            regions = [region._replace(covered=()) for region in regions]
        playing = {region.id: region for region in regions}
        for id, stream in list(self._streams.items()):
            region = playing.get(id)
            if region is None or not self._follows(stream, region):
                self._end(id, stream, view)
        for region in regions:
            known = self._streams.get(region.id)
            if known is None:
                if any([not rect.intersect(region.rect).empty for rect in changed]):
                    self._begin(region, view)
            elif known.rect != region.rect:
                self._move(known, region, view)
            elif known.region.covered != region.covered:
                self._cover(known, region, view)
        for stream in self._streams.values():
            shown = stream.shown
            if any([shown.overlaps(rect) for rect in changed]):
                stream.dirty, stream.offered, stream.changed_at = True, False, now
                if stream.resting:
                    stream.resting = False
                    view.play(shown.rects())

    def expired(self, regions: Sequence[VideoRegion], view: ClientView) -> None:
        """Only these play on."""
        playing = {region.id for region in regions}
        for id, stream in list(self._streams.items()):
            if id not in playing:
                self._end(id, stream, view)

    def stop(self) -> None:
        """End all streams: what they showed is gone."""
        for stream in self._streams.values():
            self._tell_end(stream)
            stream.end()
        self._streams.clear()
        self._view = None

    def _follows(self, stream: ClientStream, region: VideoRegion) -> bool:
        """Whether the stream can go on with what has become of its region."""
        old, new = stream.rect, region.rect
        same_size = (old.width, old.height) == (new.width, new.height)
        return old == new or (same_size and self._caps.has(DisplayCap.SIZED_STREAM))

    def _begin(self, region: VideoRegion, view: ClientView) -> None:
        if region.id in self._refused or len(self._streams) >= MOST_STREAMS:
            return
        codecs = self.codecs()
        if not codecs:
            return
        used = {stream.number for stream in self._streams.values()}
        self._number = next(
            number
            for number in map(lambda step: (self._number + step) % NUMBERS, itertools.count(1))
            if number not in used
        )
        self._streams[region.id] = ClientStream(
            self._number,
            region,
            codecs,
            self._hub.encoder_choice,
            link_rate=self._window.rate,
            full_chroma=self._hub.full_chroma and codecs[0] not in self._failed_full,
        )
        self._play_on(view)

    def _move(self, stream: ClientStream, region: VideoRegion, view: ClientView) -> None:
        if not stream.resting:
            view.stop(stream.shown.rects())
        stream.region = region
        stream.dirty, stream.resting = True, False
        self._play_on(view)

    def _cover(self, stream: ClientStream, region: VideoRegion, view: ClientView) -> None:
        """Something else lies over it now: what that is is sent as all else is."""
        if not stream.resting:
            view.stop(stream.shown.rects())
        stream.region = region
        stream.dirty |= not stream.resting
        self._play_on(view)
        if stream.shown_at is not None and stream.clip != (clip := _clip(stream.shown_at, stream)):
            stream.clip = clip
            self._sender.send(wire.DisplayStreamClip(id=stream.number, clip=_wire_clip(clip)))

    def _end(self, id: int, stream: ClientStream, view: ClientView) -> None:
        del self._streams[id]
        self._tell_end(stream)
        # Clients show frames when they like: the last may have come over what was sent since.
        view.stop(stream.shown.rects())
        stream.end()
        self._play_on(view)

    def _play_on(self, view: ClientView) -> None:
        """Another stream has gone, or rests: where they overlap, frames still come."""
        for stream in self._streams.values():
            if not stream.resting:
                view.play(stream.shown.rects())

    def _tell_end(self, stream: ClientStream) -> None:
        if stream.shown_at is not None:
            stream.shown_at = None
            self._sender.send(wire.DisplayStreamDestroy(id=stream.number))

    def _refuse(self, id: int, stream: ClientStream, view: ClientView) -> None:
        self._refused[id] = None
        if len(self._refused) > MOST_REFUSED:
            del self._refused[next(iter(self._refused))]
        self._end(id, stream, view)

    # Frames

    def push(self, now: float) -> None:
        """Have newer pictures packed, and let those rest that stand still."""
        view = self._view
        if view is None:
            return
        for id, stream in list(self._streams.items()):
            if stream.busy or stream.resting:
                continue
            if stream.dirty:
                if stream.rate.offer(now, again=stream.offered):
                    self._pack(id, stream, view, now)
                else:
                    stream.offered = True
                    self._hub.wake_at(now + RETRY_S)
            elif not stream.under_way:
                # Clients may show a frame a while after they took it: what is exact must not come before.
                rests_at = max(stream.changed_at, stream.taken_at) + REST_S
                if now < rests_at:
                    self._hub.wake_at(rests_at)
                else:
                    self._rest(id, stream, view)

    def _rest(self, id: int, stream: ClientStream, view: ClientView) -> None:
        """It stands still, and the client shows it, about."""
        if self.browser:
            self._end(id, stream, view)
            return
        stream.resting = True
        view.rest_video(stream.shown.rects())
        self._play_on(view)

    def _pack(self, id: int, stream: ClientStream, view: ClientView, now: float) -> None:
        def done(packed: Packed, now: float) -> None:
            frame = stream.packed(packed, now)
            if frame is not None:
                self._send(stream, frame, now)
            elif self._streams.get(id) is stream:
                self._refuse(id, stream, view)

        takes = stream.takes
        planes = self._hub.planes(stream.rect, takes) if takes is not None else None
        picture = self._hub.capture(stream.rect) if planes is None else planes
        job = stream.job(picture, now, self._hub.clock)
        self._hub.pack(job, done, now)

    def _send(self, stream: ClientStream, frame: EncodedFrame, now: float) -> None:
        sender, before = self._sender, self._sender.queued_bytes
        # What a client is to copy must not be covered before.
        self._ahead()
        # Where it is now: where it was when it was captured, other pixels may have been sent.
        rect = stream.rect
        # What the codec filled up is cut off, as clients would squeeze it into the picture.
        dest = Rect.sized(rect.left, rect.top, frame.width, frame.height)
        clip = _clip(dest, stream)
        if stream.shown_at is None:
            self._tell_begin(stream, dest, clip)
        elif stream.clip != clip:
            sender.queue(wire.DisplayStreamClip(id=stream.number, clip=_wire_clip(clip)))
        stream.clip = clip
        self._marks[self._mark(sender.queued_bytes - before, now)] = stream, False
        before = sender.queued_bytes
        stamp = stream.presentation.stamp(now)
        if dest == stream.shown_at:
            sender.queue(wire.DisplayStreamData(id=stream.number, mm_time=stamp, data=frame.data))
        else:
            sender.queue(
                wire.DisplayStreamDataSized(
                    id=stream.number,
                    mm_time=stamp,
                    width=frame.width,
                    height=frame.height,
                    dest=dest,
                    data=frame.data,
                )
            )
        self._statistics.video(stream.codec, len(frame.data))
        self._marks[self._mark(sender.queued_bytes - before, now)] = stream, True
        stream.under_way += 1
        sender.flush(more=True)

    def _tell_begin(self, stream: ClientStream, dest: Rect, clip: tuple[Rect, ...] | None) -> None:
        stream.shown_at = dest
        self._statistics.streams += 1
        self._sender.queue(
            wire.DisplayStreamCreate(
                surface_id=self._surface_id,
                id=stream.number,
                flags=StreamFlags.TOP_DOWN,
                codec=stream.codec,
                stream_width=dest.width,
                stream_height=dest.height,
                src_width=dest.width,
                src_height=dest.height,
                dest=dest,
                clip=_wire_clip(clip),
            )
        )
        if self._caps.has(DisplayCap.STREAM_REPORT):
            self._reports += 1
            stream.report_id = self._reports
            self._sender.queue(
                wire.DisplayStreamActivateReport(
                    stream_id=stream.number,
                    unique_id=self._reports,
                    max_window_size=REPORT_FRAMES,
                    timeout_ms=REPORT_MS,
                )
            )

    # What the client says

    def answered(self, mark: int, now: float) -> None:
        """The client has handled all up to the ping of that number; those before may never be answered."""
        while self._marks and (mark - next(iter(self._marks))) & _MASK < _HALF:
            self._mark_answered(*self._marks.pop(next(iter(self._marks))), now)

    def _mark_answered(self, stream: ClientStream, behind: bool, now: float) -> None:
        if stream.ended:
            return
        if behind:
            stream.under_way -= 1
            stream.taken_at = now
            stream.rate.delivered(now, self._window.round_trip)
        else:
            stream.rate.reached(now)

    def reported(self, report: wire.DisplayStreamReport, now: float) -> None:
        """How one of the streams goes, as the client sees it; that of another than it knows is passed over."""
        cannot = not report.num_frames and report.num_drops == NO_DECODER
        for id, stream in self._streams.items():
            # What a client cannot show it may call 0.
            if stream.number == report.stream_id and (cannot or stream.report_id == report.unique_id):
                stream.rate.reported(report.num_frames, report.num_drops, report.last_frame_delay, now)
                if report.num_frames:
                    stream.presentation.reported(report.last_frame_delay)
                if stream.rate.refused and self._view is not None:
                    self._cannot_show(stream)
                    self._end(id, stream, self._view)
                return

    def _cannot_show(self, stream: ClientStream) -> None:
        if stream.full_chroma:
            log.warning("the client cannot show %s with 4:4:4: it gets 4:2:0", stream.codec.name)
            self._failed_full.add(stream.codec)
        else:
            log.warning("the client cannot show %s: it is not sent to it again", stream.codec.name)
            self._failed.add(stream.codec)


def _clip(dest: Rect, stream: ClientStream) -> tuple[Rect, ...] | None:
    """What is to be shown of frames that take ``dest``; None: all of it."""
    shown = stream.shown.rects()
    return None if shown == [dest] else tuple(shown)


def _wire_clip(clip: tuple[Rect, ...] | None) -> Clip:
    return ClipNone() if clip is None else ClipRects(rects=clip)
