"""One client's display channel: its view of the screen, its images, and no more bytes under way than its link holds.

Sans-IO, on the worker's thread. Pixels are captured from the screen's newest look and packed in the encoder pool, one
frame of a client at a time. Until that frame is on its way nothing else is sent to the client, so that what it gets is
always in the order in which it was planned.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Protocol

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.channels.display_images import DisplayImages, Kept
from gspice.channels.display_messages import copy_bits, surface_copies, surface_create
from gspice.channels.display_packing import DisplayPacking
from gspice.channels.display_video import DisplayVideo, VideoHub
from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.pixels import SurfaceSpec
from gspice.stream.client_caches import ClientCaches
from gspice.stream.client_view import ClientView
from gspice.stream.compression import DisplaySettings, ImageSettings
from gspice.stream.detect.video_detector import VideoRegion
from gspice.stream.image_encoder import EncodedImage
from gspice.stream.pacing import Pacing
from gspice.stream.screen import Look, Screen
from gspice.stream.statistics import DisplayNumbers, DisplayStatistics
from gspice.stream.video_encoder import VideoCodec
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message
from gspice.wire.messages import display as wire
from gspice.wire.messages.base import Ping, Pong

log = logging.getLogger(__name__)

PRIMARY = 0
BACKDROP = 1
"""The first of the surfaces in which clients keep what was covered: the guest's own stay on the server."""
QUEUE_HIGH = 1 << 20
"""Bytes in a client's queue beyond which nothing more is captured for it."""
REST_S = 0.3
"""Without a change for so long, what was sent lossy is sent again, exactly."""


class Hub(VideoHub, Protocol):
    """What all display channels of one device share."""

    @property
    def settings(self) -> DisplaySettings:
        """What the operator wants now."""

    @property
    def screen(self) -> Screen | None:
        """What clients see; None: nothing."""

    def encode(
        self,
        rects: Sequence[Rect],
        settings: ImageSettings,
        done: Callable[[Sequence[EncodedImage], float], None],
        now: float,
        *,
        expected: int,
    ) -> None:
        """Capture the newest look there and pack it; ``done`` hears of the images, in the order of ``rects``.

        ``expected``: about how many bytes it will be.
        """

    def push(self, now: float) -> None:
        """Bring clients up to date."""

    def look(self, now: float) -> None:
        """Look at the screen now, if anything was declared."""

    def monitors_message(self) -> wire.DisplayMonitorsConfig:
        """How the monitors are placed."""

    def forget(self, client: "DisplayChannelClient") -> None:
        """The client is gone."""


class DisplayChannelClient(ChannelClient):
    """One client's display channel."""

    TYPE = ChannelType.DISPLAY
    CAPS = CapSet.of(
        DisplayCap.MONITORS_CONFIG,
        DisplayCap.PREF_COMPRESSION,
        DisplayCap.STREAM_REPORT,
        DisplayCap.PREF_VIDEO_CODEC_TYPE,
    )
    # Frames are paced by their pings: this is for clients that stop altogether. Smaller windows would hold a frame
    # of many images for a round trip.
    ACK_WINDOW = 128

    def __init__(self, link: LinkInfo, sender: Sender, hub: Hub) -> None:
        super().__init__(link, sender)
        self.statistics = DisplayStatistics()
        self._hub = hub
        self._ready = False
        self._view: ClientView | None = None
        self._backdrops: set[int] = set()
        """Surfaces that the client has for its backdrop."""
        self._encoding = False
        """A frame of this client is in the pool."""
        self._ahead: list[Message] = []
        """What the client copies from what it has, before that frame's images."""
        self._later: list[Message] = []
        """What is to follow that frame."""
        self._caches = link.caches or ClientCaches()
        self._packing = DisplayPacking(self._caches, link)
        self._images = DisplayImages(sender, PRIMARY)
        self._pacing = Pacing()
        self._lossy_at = 0.0
        self._video = DisplayVideo(
            sender,
            link,
            PRIMARY,
            hub,
            self._queue_ahead,
            self._mark,
            self._pacing.window,
            self.statistics,
        )

    # From the client

    def receive(self, message: Message, now: float) -> None:
        handler = self._HANDLERS.get(type(message))
        if handler is None:
            raise ProtocolError(f"{message.NAME} is not expected on the display channel")
        handler(self, message, now)

    def _on_init(self, message: wire.DisplayInit, now: float) -> None:
        if self._ready:
            raise ProtocolError("a second INIT on the display channel")
        self._ready = True
        self._packing.use(message)
        self.sender.send(wire.DisplayInvalAllPalettes())
        self._images.use(self._caches, message, self.link)
        self._video.browser = not self._images.complete
        screen = self._hub.screen
        if screen is not None:
            self._create_surface(screen.spec)
            self._hub.look(now)
            self.statistics.forgiven()  # it cannot be late with what was drawn before it came
            # In one piece, as clients that only want a screenshot take the first drawing for all of it.
            self._send_frame([screen.bounds], now)
            self._show()

    def _on_preferred_compression(self, message: wire.DisplayPreferredCompression, now: float) -> None:
        self._packing.prefer(message.image_compression, self._hub.settings.compression)

    def _on_pong(self, message: Pong, now: float) -> None:
        if self._pacing.window.answered(message.id, now):
            self.statistics.answered(message.id, now)
            self._images.answered(message.id)
            self._video.answered(message.id, now)
            self._hub.push(now)

    def _on_preferred_codecs(self, message: wire.DisplayPreferredVideoCodecType, now: float) -> None:
        self._video.prefer(message.codecs)

    def _on_stream_report(self, message: wire.DisplayStreamReport, now: float) -> None:
        self._video.reported(message, now)

    def _on_ignored(self, message: Message, now: float) -> None:
        log.debug("%s: %s ignored", self.link.peer, message.NAME)

    _HANDLERS: ClassVar[dict[type[Message], Callable[..., None]]] = {
        wire.DisplayInit: _on_init,
        wire.DisplayPreferredCompression: _on_preferred_compression,
        wire.DisplayPreferredVideoCodecType: _on_preferred_codecs,
        wire.DisplayStreamReport: _on_stream_report,
        Pong: _on_pong,
    }

    def drained(self, now: float) -> None:
        self._hub.push(now)

    def disconnected(self, now: float) -> None:
        super().disconnected(now)
        self._caches.channel_lost()
        self._images.leave()
        self._video.stop()
        self._hub.forget(self)

    # From the hub

    def primary_created(self, spec: SurfaceSpec) -> None:
        if self._ready:
            self._create_surface(spec)
            self._show()

    def primary_destroyed(self) -> None:
        if self._view is not None:
            self._view = None
            self._video.stop()
            self.statistics.forgiven()
            for surface_id in (*self._backdrops, PRIMARY):
                self._send(wire.DisplaySurfaceDestroy(surface_id=surface_id))
            self._backdrops.clear()

    def send_monitors(self) -> None:
        if self._view is not None and self.link.channel_caps.has(DisplayCap.MONITORS_CONFIG):
            self._send(self._hub.monitors_message())

    def can_take(self, now: float) -> bool:
        """Whether a frame for it would be on its way at once."""
        return (
            self._view is not None
            and not self._encoding
            and not self.sender.blocked
            and self.sender.queued_bytes <= QUEUE_HIGH
            and self._pacing.has_room(now)
        )

    def waits_until(self) -> float | None:
        """When it could take more without an answer; None: only its answer, or its socket, makes room."""
        return None if self._view is None or self._encoding else self._pacing.window.deadline()

    @property
    def lags(self) -> bool:
        """Whether its picture is not the newest look's, or not exactly."""
        view = self._view
        return self._encoding or (view is not None and bool(view.stale or view.lossy)) or self._video.playing

    def looked(self, look: Look, *, takes_moves: bool) -> None:
        """The screen has a new frame. ``takes_moves``: the client can take what moved in it: ``push`` is next."""
        view = self._view
        if view is None:
            return
        if look.changed or look.moves:
            self.statistics.damaged(look.since)
            self._images.looked([*look.changed, *[move.rect for move in look.moves]])
        if not takes_moves:
            for kept in look.kept:
                view.lose(kept)
            view.changed([move.rect for move in look.moves])
            view.changed(look.changed)
            return
        for kept in look.kept:
            self._copy(view.keep(kept), PRIMARY, BACKDROP + kept.layer)
        for move in look.moves:
            if view.move(move):
                self._ahead.append(copy_bits(PRIMARY, move))
                self.statistics.moves += 1
        view.changed(look.changed)
        for uncovered in look.uncovered:
            self._copy(view.uncover(uncovered), BACKDROP + uncovered.layer, PRIMARY)

    def _copy(self, rects: Sequence[Rect], source: int, target: int) -> None:
        """Let the client copy pixels from surface to surface."""
        if not rects:
            return
        if target != PRIMARY and target not in self._backdrops:
            self._backdrops.add(target)
            screen = self._hub.screen
            assert screen is not None
            self._ahead.append(surface_create(target, screen.spec))
        self._ahead += surface_copies(source, target, rects, clipped=self._images.complete)
        self.statistics.backdrop_copies += len(rects)

    def play(self, regions: Sequence[VideoRegion], changed: Sequence[Rect], now: float) -> None:
        """What plays on the screen's newest frame, which ``looked`` was told of."""
        if self._view is not None:
            self._video.looked(regions, changed, self._view, now)

    def video_codecs(self) -> tuple[VideoCodec, ...]:
        """What its streams would be, best first."""
        return self._video.codecs() if self._view is not None else ()

    @property
    def most_frames(self) -> float:
        """Frames of video a second that it could take; 0: nothing plays."""
        return self._video.most_frames

    def expire(self, regions: Sequence[VideoRegion]) -> None:
        """Only these play on."""
        if self._view is not None:
            self._video.expired(regions, self._view)

    def push_video(self, now: float) -> None:
        """Send what plays, as far as it can be taken."""
        if not self._later and not self.sender.blocked and self.sender.queued_bytes <= QUEUE_HIGH:
            self._video.push(now)

    def push(self, now: float) -> None:
        """Send some of what is stale. Call it only if it ``can_take``."""
        view = self._view
        if view is None:
            return
        self._recall(view, now)
        lossless = False
        if not view.stale and view.lossy and not self._ahead:
            if now < self._lossy_at + REST_S:
                self._hub.wake_at(self._lossy_at + REST_S)
                return
            view.rest(self._pacing.budget(now))
            lossless = True
        if view.stale:
            rest = view.take(self._pacing.budget(now))
            first = () if lossless else self._pacing.first_of(rest)
            if first:
                rest = rest[len(first) :]
                self.statistics.taken(whole=False)
                self._send_frame(first, now, lossless=lossless, whole=False)
                if self._encoding:  # not packed on the spot: the rest may be newer by then
                    view.changed(rest)
                    return
            self.statistics.taken(whole=not view.stale)
            self._send_frame(rest, now, lossless=lossless)
        elif self._ahead:
            self.statistics.taken(whole=True)
            self._deliver(view, (), now)

    def _recall(self, view: ClientView, now: float) -> None:
        """Have the client draw what it keeps of what is stale: that goes ahead of all that must be packed."""
        before = self.sender.queued_bytes
        exact = not self._image_settings(lossless=False).jpeg_quality
        recalled = self._images.recall(view, self._ahead, exact=exact)
        if not recalled:
            return
        self.statistics.recalled([each.rect.area for each in recalled], whole=not view.stale)
        if any(each.image.lossy for each in recalled):
            self._lossy_at = now
        self._mark(self.sender.queued_bytes - before, now)
        self.sender.flush(more=self.lags)

    def _send_frame(
        self, rects: Sequence[Rect], now: float, *, lossless: bool = False, whole: bool = True
    ) -> None:
        """``whole``: not only what goes ahead of the rest of its frame."""
        view = self._view
        assert view is not None
        for rect in rects:
            view.stale.subtract(rect)
        kept = self._images.captured(rects)
        self._encoding = True

        def done(images: Sequence[EncodedImage], now: float) -> None:
            self._encoding = False
            if self.closed:
                self._caches.channel_lost()  # these images came after it was told
            else:
                self._deliver(view, list(zip(rects, images, kept, strict=True)), now, whole=whole)

        settings = self._image_settings(lossless=lossless)
        self._hub.encode(rects, settings, done, now, expected=self._pacing.expected(rects))

    def _deliver(
        self,
        view: ClientView,
        images: Sequence[tuple[Rect, EncodedImage, Kept]],
        now: float,
        *,
        whole: bool = True,
    ) -> None:
        before = self.sender.queued_bytes
        self._queue_ahead()
        pixels = 0
        self._images.send(images)
        for rect, image, _ in images:
            self.statistics.image(image)
            pixels += rect.area
            if image.lossy:
                view.lossy.add(rect)
                self._lossy_at = now
        sent = self.sender.queued_bytes - before
        if whole:
            self.statistics.frames += 1
            self._pacing.framed(sent, pixels)
        self._mark(sent, now)
        later, self._later = self._later, []
        for message in later:
            self.sender.queue(message)
        self.sender.flush(more=self.lags)

    def _queue_ahead(self) -> None:
        ahead, self._ahead = self._ahead, []
        for message in ahead:
            self.sender.queue(message)

    def _mark(self, sent: int, now: float) -> int:
        """Close a frame with a ping: its answer says that the client has taken all of it."""
        mark = self._pacing.window.sent(sent, now)
        self.statistics.sent(mark)
        self.sender.queue(Ping(id=mark, timestamp=int(now * 1e9)))
        self._images.marked(mark)
        return mark

    def numbers(self) -> DisplayNumbers:
        """What was sent, and how far the client is behind: a copy."""
        view, window = self._view, self._pacing.window
        return replace(
            self.statistics.numbers(),
            stale_pixels=view.stale.area if view is not None else 0,
            lossy_pixels=view.lossy.area if view is not None else 0,
            round_trip=window.round_trip,
            rate=window.rate,
            window=window.window,
            under_way=window.under_way,
        )

    def _image_settings(self, *, lossless: bool) -> ImageSettings:
        return self._packing.settings(
            self._hub.settings,
            may_be_lossy=not lossless and self._images.complete,
            slow_link=self._pacing.slow_link,
        )

    def _send(self, message: Message) -> None:
        """Send a message that has to come behind the frame that is in the pool, if one is."""
        if self._encoding:
            self._later.append(message)
        else:
            self.sender.send(message)

    def _create_surface(self, spec: SurfaceSpec) -> None:
        self._view = ClientView(Rect(0, 0, spec.width, spec.height))
        self._images.surface(self._hub.screen)
        self._send(surface_create(PRIMARY, spec, primary=True))

    def _show(self) -> None:
        self.send_monitors()
        self._send(wire.DisplayMark())
