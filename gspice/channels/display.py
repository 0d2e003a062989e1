"""The display channels of one QXL device: what is seen, when it is looked at, and who shares what was packed.

Sans-IO, on the worker's thread. Drawing only declares damage. A look at the screen finds what truly changed and what
moved, as often as clients can take it; each client is then served from that look at its own pace.
"""

import itertools
import logging
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Any, Protocol

from gspice.channels.base import LinkInfo, Sender
from gspice.channels.display_client import PRIMARY, DisplayChannelClient
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import CopyBits, Drawable
from gspice.stream.compression import DisplaySettings, ImageSettings
from gspice.stream.detect.video_detector import VideoDetector, VideoMode
from gspice.stream.encoder_choice import EncoderChoice
from gspice.stream.encoders import EncodeHere, Encoders, Result
from gspice.stream.image_encoder import EncodedImage, encode
from gspice.stream.screen import PixelSource, Screen
from gspice.stream.statistics import DamageStatistics
from gspice.stream.video_encoder import VideoCodec
from gspice.vdi.qxl import Head, MonitorsConfig
from gspice.wire.caps import DisplayCap
from gspice.wire.messages import display as wire
from gspice.wire.types import Head as WireHead

log = logging.getLogger(__name__)

CAPS_BYTES = 58
"""Size of the capability set that a QXL device holds for its guest."""
FRAME_S = 1 / 30
"""Between two looks, while there is always something new. The first after a pause is at once."""
FAST_FRAME_S = 1 / 60
"""The same while a person acts: what a key or a hand does is to be seen sooner than what the guest does by itself.
And while a video has a new picture in every look, and some client can take more of them."""
FAST_VIDEO, FAST_CLIENT = 28.0, 40.0
"""Frames a second from which on a video, and what a client takes, are worth it."""
ACTED_S = 0.5
"""For so long after each input."""
HERE_PIXELS = 64 << 10
HERE_BYTES = 8 << 10
"""A frame of so few pixels, and expected to pack to so little, is packed sooner than another thread is woken."""

_FILMED = (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32)
"""Surfaces whose pixels video encoders take."""

Drawn = tuple[Drawable, Sequence[Rect]]
"""A drawable, and the pixels that it may have changed (``DrawOutcome.rects``)."""
Done = Callable[[Sequence[EncodedImage], float], None]


class Onlooker(Protocol):
    """Sees the screen as clients do, without being one: what makes a film of it."""

    @property
    def wants_looks(self) -> bool:
        """Whether the screen is to be looked at though no client can take more."""

    def looked(self, screen: Screen, new: bool, now: float) -> None:
        """There was a look; ``new``: it found something."""

    def hidden(self) -> None:
        """There is no screen any more."""


class DisplayChannel:
    """The display channels of one QXL device; owned by its worker."""

    def __init__(
        self,
        canvas: Canvas,
        settings: DisplaySettings | None = None,
        encoders: Encoders | None = None,
        wake_at: Callable[[float], None] = lambda when: None,
        acted_at: Callable[[], float] = lambda: -inf,
        encoder_choice: EncoderChoice | None = None,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """``wake_at``: asks for a ``push`` at that time; ``acted_at``: when a client last had a key or its pointer.

        ``clock``: by which the pool's threads tell how long video takes them.
        """
        self.canvas = canvas
        self._settings = settings or DisplaySettings()
        self.screen: Screen | None = None
        self.pixels: PixelSource = canvas
        """Where clients' pixels are captured."""
        self.primary: SurfaceSpec | None = None
        """The surface that clients see as the primary one; None: they see nothing."""
        self.wake_at = wake_at
        self.onlooker: Onlooker | None = None
        self.damage = DamageStatistics()
        self.clock = clock
        self.encoder_choice = encoder_choice or EncoderChoice()
        self._detector: VideoDetector | None = None
        """None: nothing is looked for."""
        self._warmed: set[tuple[VideoCodec, ...]] = set()
        """For which of clients' codecs encoders have been tried."""
        self._captures: dict[Rect, Pixels] = {}
        """Of the newest look, for several clients."""
        self._planes: dict[tuple[Rect, PlanesSpec], Planes | None] = {}
        """The same."""
        self._encoders = encoders or EncodeHere()
        self._here = EncodeHere()
        self._acted_at = acted_at
        self._looked_at = -inf
        self._plays_fast = False
        """A video has more pictures than the usual looks see."""
        self._looks = itertools.count(1)
        self._look = 0
        """The number of the newest look."""
        self._jobs: dict[object, list[Done]] = {}
        """Frames in the pool that several clients wait for, by what they are."""
        self._qxl_primary: SurfaceSpec | None = None
        self._clients: list[DisplayChannelClient] = []
        self._guest_monitors: MonitorsConfig | None = None
        self._max_monitors: int | None = None

    @property
    def settings(self) -> DisplaySettings:
        """What the operator wants now."""
        return self._settings

    @settings.setter
    def settings(self, settings: DisplaySettings) -> None:
        looks_anew = settings.video is not self._settings.video
        self._settings = settings
        if looks_anew:
            self._detector = self._new_detector()
            for client in self._clients:
                client.expire(())

    def connect(self, link: LinkInfo, sender: Sender) -> DisplayChannelClient:
        """A new client; it gets nothing before its INIT."""
        client = DisplayChannelClient(link, sender, self)
        self._clients.append(client)
        return client

    def forget(self, client: DisplayChannelClient) -> None:
        if client in self._clients:
            self._clients.remove(client)

    # What clients see

    def primary_created(self, spec: SurfaceSpec) -> None:
        """The guest made its primary surface; it is seen unless a scanout is."""
        self._qxl_primary = spec
        if not self.scanout:
            self._show(spec, self.canvas)

    def primary_destroyed(self) -> None:
        self._qxl_primary = None
        if not self.scanout:
            self._hide()

    @property
    def scanout(self) -> bool:
        """Whether a host's scanout is seen in place of the guest's primary surface."""
        return self.pixels is not self.canvas

    def scanout_on(self, spec: SurfaceSpec, pixels: PixelSource) -> None:
        """Show these pixels as the primary surface, whatever the guest draws meanwhile."""
        self._hide()
        self._show(spec, pixels)

    def scanout_off(self) -> None:
        """Show the guest's primary surface again, if it has one."""
        self._hide()
        self.pixels = self.canvas
        if self._qxl_primary is not None:
            self._show(self._qxl_primary, self.canvas)

    def _show(self, spec: SurfaceSpec, pixels: PixelSource) -> None:
        self.pixels = pixels
        self.primary = spec
        self.screen = Screen(spec, pixels)
        self._detector = self._new_detector()
        self._looked_at = -inf  # nothing may be captured from a screen that was never looked at
        for client in self._clients:
            client.primary_created(spec)

    def _hide(self) -> None:
        self.primary = self.screen = self._detector = None
        self._captures.clear()
        self._planes.clear()
        if self.onlooker is not None:
            self.onlooker.hidden()
        for client in self._clients:
            client.primary_destroyed()

    # Frames

    def changed(self, rects: Sequence[Rect], now: float | None = None) -> None:
        """The scanout's pixels are new there."""
        if self.screen is not None:
            self.screen.declare(rects, now)

    def note(self, drawn: Sequence[Drawn], now: float | None = None) -> None:
        """The canvas has drawn these on the guest's primary surface; each drawable once, in order."""
        screen = self.screen
        if screen is None or self.scanout:
            return
        damage: list[Rect] = []
        for drawable, rects in drawn:
            damage += rects
            if type(drawable.op) is CopyBits:
                box, src = drawable.bbox, drawable.op.src
                screen.hint(box.left - src.x, box.top - src.y)
        screen.declare(damage, now)

    def forget_pixels(self) -> None:
        """Nobody knows what the canvas has drawn lately: all of it must be looked at anew."""
        if self.screen is not None:
            self.screen.declare([self.screen.bounds])

    @property
    def _look_at(self) -> float:
        """When the screen may be looked at next."""
        fast = self._plays_fast or self._acted_at() > self._looked_at - ACTED_S
        return self._looked_at + (FAST_FRAME_S if fast else FRAME_S)

    def push(self, now: float) -> None:
        """Bring clients up to date, each as far as it can take it. Call between batches only."""
        if self._detector is not None and (ends := self._detector.deadline()) is not None:
            if now >= ends:
                playing = self._detector.expire(now)
                self._plays_fast = self._plays_fast and bool(playing)
                for client in self._clients:
                    client.expire(playing)
            else:
                self.wake_at(ends)
        if now < self._look_at and not any([client.lags for client in self._clients]):
            # Most calls end here: a guest draws far more often than anybody looks.
            if self._dirty:
                self.wake_at(self._look_at)
            return
        takers = []
        for client in self._clients:
            if client.can_take(now):
                takers.append(client)
            elif (self._dirty or client.lags) and (when := client.waits_until()) is not None:
                self.wake_at(when)
        if self.screen is None:
            return
        if self.screen.dirty and (takers or self._watched):
            if now >= self._look_at:
                self.look(now, takers)
            else:
                self.wake_at(self._look_at)
        for client in self._clients:
            client.push_video(now)
        for client in takers:
            client.push(now)

    @property
    def _watched(self) -> bool:
        """Whether looks are due that no client can take: what is a video is seen by looks, and goes by another way."""
        hurries = self._detector is not None and self._detector.hurries and bool(self._clients)
        return hurries or (self.onlooker is not None and self.onlooker.wants_looks)

    def look_soon(self) -> None:
        """Ask for a ``push`` as soon as the screen may be looked at, if there is anything to see."""
        if self._dirty and (self._clients or self._watched):
            self.wake_at(self._look_at)

    @property
    def _dirty(self) -> bool:
        return self.screen is not None and self.screen.dirty

    def look(self, now: float, takers: Sequence[DisplayChannelClient] = ()) -> None:
        """Look at the screen, if anything was declared. ``takers``: whoever can take what moved at once."""
        screen = self.screen
        if screen is None or not screen.dirty:
            return
        damage = self.damage
        damage.declared += screen.declared_pixels
        look = screen.look(now)
        damage.looks += 1
        damage.changed += sum([rect.area for rect in look.changed])
        damage.moved += sum([move.rect.area for move in look.moves])
        self._look = next(self._looks)
        self._looked_at = now
        self._captures.clear()
        self._planes.clear()
        for client in self._clients:
            client.looked(look, takes_moves=client in takers)
        if self._detector is not None:
            playing = self._detector.looked(look, now)
            self._plays_fast = any([region.frames_per_second > FAST_VIDEO for region in playing]) and any(
                [client.most_frames > FAST_CLIENT for client in self._clients]
            )
            screen.play([region.rect for region in playing])
            if self._detector.suspects and not playing:
                self._warm_encoders(now)
            for client in self._clients:
                client.play(playing, look.changed, now)
        if self.onlooker is not None:
            self.onlooker.looked(screen, bool(look.changed or look.moves), now)

    def _warm_encoders(self, now: float) -> None:
        """Have ready what clients' streams would need, should any begin."""
        wanted = {codecs for client in self._clients if (codecs := client.video_codecs())} - self._warmed
        for codecs in wanted:
            self._warmed.add(codecs)
            self.pack(partial(self.encoder_choice.warm, codecs), lambda result, now: None, now)

    def _new_detector(self) -> VideoDetector | None:
        self._plays_fast = False
        screen, mode = self.screen, self.settings.video
        if screen is None or mode is VideoMode.OFF or screen.spec.format not in _FILMED:
            return None
        return VideoDetector(screen, mode)

    @property
    def video_codecs(self) -> Sequence[tuple[str, str]]:
        """The operator's order."""
        return self.settings.video_codecs

    @property
    def full_chroma(self) -> bool:
        """Whether video is to be 4:4:4."""
        return self.settings.full_chroma

    def capture(self, rect: Rect) -> Pixels:
        """The newest look's pixels, once for all clients."""
        screen = self.screen
        assert screen is not None
        pixels = self._captures.get(rect)
        if pixels is None:
            pixels = self._captures[rect] = screen.read(rect)
        return pixels

    def planes(self, rect: Rect, spec: PlanesSpec) -> Planes | None:
        """The same as an encoder takes it, made on a GPU and once for all clients; None: capture it."""
        screen = self.screen
        assert screen is not None
        key = (rect, spec)
        if key not in self._planes:
            self._planes[key] = screen.planes(rect, spec)
        return self._planes[key]

    def pack(self, job: Callable[[], Result], done: Callable[[Result, float], None], now: float) -> None:
        """Run it in the encoder pool."""
        self._encoders.submit(job, done, now)

    def encode(
        self, rects: Sequence[Rect], settings: ImageSettings, done: Done, now: float, *, expected: int
    ) -> None:
        """Capture the newest look there and pack it, once for all clients that can have the same images."""
        key = (self._look, tuple(rects), settings) if settings.shared else None
        if key in self._jobs:
            self._jobs[key].append(done)
            return
        screen = self.screen
        assert screen is not None
        captures = [screen.read(rect) for rect in rects]
        solid = screen.spec.format is SurfaceFormat.XRGB32
        small = expected <= HERE_BYTES and sum([rect.area for rect in rects]) <= HERE_PIXELS
        waiting = [done]
        if key is not None and not small:
            self._jobs[key] = waiting

        def all_done(images: Sequence[EncodedImage], now: float) -> None:
            self._jobs.pop(key, None)
            for each in waiting:
                each(images, now)

        encoders = self._here if small else self._encoders
        encoders.submit(lambda: _encode_all(captures, settings, solid), all_done, now)

    # Monitors

    def guest_monitors(self, config: MonitorsConfig | None) -> None:
        """The guest's driver placed its monitors; None: the driver has gone. A config without heads is ignored."""
        if config is not None and not config.heads:
            return
        self._guest_monitors = config
        for client in self._clients:
            client.send_monitors()

    def set_max_monitors(self, count: int) -> None:
        """Tell clients of no more monitors than this from now on, whatever the guest allows."""
        self._max_monitors = count
        for client in self._clients:
            client.send_monitors()

    def monitors_message(self) -> wire.DisplayMonitorsConfig:
        """The guest's own placement, or one monitor as large as what is seen."""
        config = self._guest_monitors
        if config is None:
            width, height = (self.primary.width, self.primary.height) if self.primary else (0, 0)
            config = MonitorsConfig(1, (Head(0, PRIMARY, 0, 0, width, height),))
        heads = config.heads[: self._max_monitors]
        # Drivers that give no number get as many as they use: clients complain about 0.
        allowed = max(config.max_allowed, len(heads))
        return wire.DisplayMonitorsConfig(
            max_allowed=min(allowed, self._max_monitors or allowed),
            heads=tuple(
                WireHead(
                    monitor_id=head.id,
                    surface_id=head.surface_id,
                    width=head.width,
                    height=head.height,
                    x=head.x,
                    y=head.y,
                    flags=head.flags,
                )
                for head in heads
            ),
        )

    def shared_caps(self) -> tuple[bool, bytes]:
        """Whether any client looks, and the capabilities that all of them have, as a QXL device keeps them."""
        if not self._clients:
            return False, bytes(CAPS_BYTES)
        shared = self._clients[0].link.channel_caps
        for client in self._clients[1:]:
            shared = shared & client.link.channel_caps
        guest = [cap for cap in _GUEST_CAPS if shared.has(cap)]
        caps = bytearray(CAPS_BYTES)
        for cap in guest:
            caps[cap // 8] |= 1 << (cap % 8)
        return True, bytes(caps)


def _encode_all(captures: Sequence[Pixels], settings: ImageSettings, solid: bool) -> list[EncodedImage]:
    return [encode(pixels, settings, solid=solid) for pixels in captures]


# COMPOSITE and A8_SURFACE stay away from guests while no canvas draws them.
_GUEST_CAPS: tuple[Any, ...] = (DisplayCap.SIZED_STREAM, DisplayCap.MONITORS_CONFIG)
