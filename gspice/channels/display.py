"""The display channel: what one client sees of one QXL device, and the hub that all its clients hang on.

Sans-IO, on the worker's thread. Pixels reach a client in two ways: drawing commands that cost less than their pixels
are forwarded, and everything else becomes stale area of that client's view, captured from the canvas when the client
can take more. So a slow client skips states that were superseded, and never slows another.
"""

import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.channels.display_messages import forwarded, image_copy
from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.pixels import Pixels, SurfaceSpec
from gspice.qxl.ops import Drawable
from gspice.stream.captures import Compression, encode
from gspice.stream.surface_view import SurfaceView
from gspice.vdi.qxl import Head, MonitorsConfig
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message
from gspice.wire.messages import display as wire
from gspice.wire.types import Head as WireHead

log = logging.getLogger(__name__)

PRIMARY = 0
SURFACE_FLAG_PRIMARY = 1
QUEUE_HIGH = 1 << 20
"""Bytes in a client's queue beyond which nothing more is captured or forwarded for it."""
CAPTURE_PIXELS = 128 << 10
"""Pixels of one captured image at most: half a megabyte raw, packed in well under a millisecond."""
CAPS_BYTES = 58
"""Size of the capability set that a QXL device holds for its guest."""


Drawn = tuple[Drawable, Sequence[Rect]]
"""A drawable, and the pixels that it may have changed (``DrawOutcome.rects``)."""


class PixelSource(Protocol):
    """Where the pixels lie that clients see: the canvas, or the copy of a host's scanout."""

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        """A copy of the newest pixels of a rectangle inside the surface."""


class DisplayChannelClient(ChannelClient):
    """One client's display channel."""

    TYPE = ChannelType.DISPLAY
    CAPS = CapSet.of(DisplayCap.MONITORS_CONFIG, DisplayCap.PREF_COMPRESSION)
    ACK_WINDOW = 20

    def __init__(self, link: LinkInfo, sender: Sender, hub: "DisplayChannel") -> None:
        super().__init__(link, sender)
        self._hub = hub
        self._ready = False
        self._view: SurfaceView | None = None
        self._preferred: int | None = None
        """The compression that the client asked for, in place of the server's."""
        self._lz4 = False
        self.choose_compression()

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
        self.sender.send(wire.DisplayInvalAllPalettes())
        if self._hub.primary is not None:
            view = self._create_surface(self._hub.primary)
            # In one piece, as clients that only want a screenshot take the first drawing for all of it.
            self._capture(view, view.bounds.area)
            self._show()

    def _on_preferred_compression(self, message: wire.DisplayPreferredCompression, now: float) -> None:
        self._preferred = message.image_compression
        self.choose_compression()

    def _on_ignored(self, message: Message, now: float) -> None:
        log.debug("%s: %s ignored", self.link.peer, message.NAME)

    _HANDLERS: ClassVar[dict[type[Message], Callable[..., None]]] = {
        wire.DisplayInit: _on_init,
        wire.DisplayPreferredCompression: _on_preferred_compression,
        wire.DisplayPreferredVideoCodecType: _on_ignored,
        wire.DisplayStreamReport: _on_ignored,
    }

    def drained(self, now: float) -> None:
        self.push(now)

    def disconnected(self, now: float) -> None:
        super().disconnected(now)
        self._hub.forget(self)

    # From the hub

    def choose_compression(self) -> None:
        """Take the client's preference, or else the server's setting, from now on."""
        wanted = self._hub.compression if self._preferred is None else self._preferred
        # A client on the same host reads pixels faster than anyone packs them: it must ask.
        may = self._preferred is not None or not self.link.local
        can = self.link.channel_caps.has(DisplayCap.LZ4_COMPRESSION)
        self._lz4 = can and may and wanted != Compression.OFF

    def changed(self, rects: Sequence[Rect]) -> None:
        """What the client sees has other pixels there, and no drawing command says which."""
        if self._view is not None:
            self._view.add(rects)

    def primary_created(self, spec: SurfaceSpec) -> None:
        if self._ready:
            self._create_surface(spec)
            self._show()

    def primary_destroyed(self) -> None:
        if self._view is not None:
            self._view = None
            self.sender.send(wire.DisplaySurfaceDestroy(surface_id=PRIMARY))

    def note(self, drawn: Sequence[Drawn]) -> None:
        """Drawables of the primary surface were drawn: forward each, or remember its area."""
        view = self._view
        if view is None:
            return
        for number, (drawable, rects) in enumerate(drawn):
            if self._full():
                # It stays full for the rest of them: their areas together are one step.
                view.add([rect for _, rects in drawn[number:] for rect in rects])
                return
            if view.note(drawable, rects, may_forward=True):
                self.sender.send(forwarded(drawable, rects))

    def forget_pixels(self) -> None:
        """Capture the whole surface anew."""
        if self._view is not None:
            self._view.add([self._view.bounds])

    def send_monitors(self) -> None:
        if self._view is not None and self.link.channel_caps.has(DisplayCap.MONITORS_CONFIG):
            self.sender.send(self._hub.monitors_message())

    def push(self, now: float) -> None:
        """Capture and send some stale area if the client can take more.

        Not all of it: the worker looks at its messages in between. What is queued now makes a call of ``drained``.
        """
        view = self._view
        if view is not None and view.stale and not self._full():
            self._capture(view, CAPTURE_PIXELS)

    def _capture(self, view: SurfaceView, pixels: int) -> None:
        """Send about so many stale pixels as they are on the canvas now."""
        for rect in view.take(pixels):
            image = encode(self._hub.pixels.read(PRIMARY, rect), lz4_allowed=self._lz4)
            self.sender.send(image_copy(PRIMARY, rect, image, self._hub.next_image_id()))

    def _full(self) -> bool:
        return self.sender.blocked or self.sender.queued_bytes > QUEUE_HIGH

    def _create_surface(self, spec: SurfaceSpec) -> SurfaceView:
        view = self._view = SurfaceView(spec)
        self.sender.send(
            wire.DisplaySurfaceCreate(
                surface_id=PRIMARY,
                width=spec.width,
                height=spec.height,
                format=spec.format,
                flags=SURFACE_FLAG_PRIMARY,
            )
        )
        return view

    def _show(self) -> None:
        self.send_monitors()
        self.sender.send(wire.DisplayMark())


class DisplayChannel:
    """The display channels of one QXL device; owned by its worker."""

    def __init__(self, canvas: Canvas, compression: int = Compression.AUTO_GLZ) -> None:
        self.canvas = canvas
        self.pixels: PixelSource = canvas
        """Where clients' pixels are captured."""
        self.primary: SurfaceSpec | None = None
        """The surface that clients see as the primary one; None: they see nothing."""
        self.compression = compression
        self._qxl_primary: SurfaceSpec | None = None
        self._clients: list[DisplayChannelClient] = []
        self._guest_monitors: MonitorsConfig | None = None
        self._max_monitors: int | None = None
        self._image_ids = itertools.count(1)

    def connect(self, link: LinkInfo, sender: Sender) -> DisplayChannelClient:
        """A new client; it gets nothing before its INIT."""
        client = DisplayChannelClient(link, sender, self)
        self._clients.append(client)
        return client

    def forget(self, client: DisplayChannelClient) -> None:
        if client in self._clients:
            self._clients.remove(client)

    def next_image_id(self) -> int:
        return next(self._image_ids)

    def set_compression(self, compression: int) -> None:
        """The server's image compression, for clients that have not asked for another."""
        self.compression = compression
        for client in self._clients:
            client.choose_compression()

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
        for client in self._clients:
            client.primary_created(spec)

    def _hide(self) -> None:
        self.primary = None
        for client in self._clients:
            client.primary_destroyed()

    def changed(self, rects: Sequence[Rect]) -> None:
        """The scanout's pixels are new there."""
        for client in self._clients:
            client.changed(rects)

    def note(self, drawn: Sequence[Drawn]) -> None:
        """The canvas has drawn these on the guest's primary surface; each drawable once, in order."""
        if not self.scanout:
            for client in self._clients:
                client.note(drawn)

    def forget_pixels(self) -> None:
        """Nobody knows what the canvas has drawn lately: all of it must be captured anew."""
        for client in self._clients:
            client.forget_pixels()

    def push(self, now: float) -> None:
        """Bring clients up to date, each as far as it can take it. Call between batches only."""
        for client in self._clients:
            client.push(now)

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


# COMPOSITE and A8_SURFACE stay away from guests while no canvas draws them.
_GUEST_CAPS: tuple[Any, ...] = (DisplayCap.SIZED_STREAM, DisplayCap.MONITORS_CONFIG)
