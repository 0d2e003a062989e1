"""The display channel at the client's end: surfaces in a canvas, drawn on by the server's messages."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import ClassVar

from gspice.client.channel import ClientChannel, Handlers
from gspice.client.completeness import UnknownPixels
from gspice.client.drawing import DRAWING_MESSAGES, base_of, clip_of, drawable_of, drawing_name
from gspice.client.errors import UnsupportedError
from gspice.client.images import CACHE_PIXELS, GLZ_WINDOW_PIXELS, ImageCache, KeptImages
from gspice.client.server_time import ServerTime
from gspice.client.video import CODEC_CAPS, VideoStreams
from gspice.client.video import caps as video_caps
from gspice.client.video_decoders import NoDecoderError
from gspice.errors import GuestError, ProtocolError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl import ops
from gspice.region import Region
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import ImageCompression, ResourceType, Ropd, SurfaceFlags, VideoCodec
from gspice.wire.message import Message
from gspice.wire.messages import display as wire
from gspice.wire.types import ChannelWait, Head

MAX_SURFACES = 10_000
"""Surfaces at a time: devices have 1024."""
MAX_SURFACE_BYTES = 1 << 30
"""Pixels of all surfaces: two screens of 8192x8192 with as much again off screen."""

MAX_REASONS = 64
"""Reasons counted one by one; what a server makes up beyond them counts as one."""


class DisplayChannel(ClientChannel):
    """What one display shows. Nothing is drawn wrongly in silence: what cannot be decoded is counted in
    ``unsupported``, and ``complete`` is false as long as it leaves its mark on the primary surface.
    """

    TYPE: ClassVar[ChannelType] = ChannelType.DISPLAY
    CAPS: ClassVar[CapSet] = CapSet.of(
        DisplayCap.MONITORS_CONFIG,
        DisplayCap.LZ4_COMPRESSION,
        DisplayCap.PREF_COMPRESSION,
        DisplayCap.MULTI_CODEC,  # so that no codec is one that it can
    )
    MAX_MESSAGE: ClassVar[int] = 1 << 28
    """One image of 8192x8192 pixels."""

    def __init__(
        self,
        channel_id: int = 0,
        *,
        compression: ImageCompression = ImageCompression.OFF,
        canvas: Canvas | None = None,
        kept: KeptImages | None = None,
        video: bool | Collection[VideoCodec] = False,
        preferred_codecs: Sequence[VideoCodec] = (),
        server_time: ServerTime | None = None,
    ) -> None:
        """``kept``: the images that the client's display channels keep together; None: this is the only one.

        ``video``: the codecs that it announces it can show, True: all; without, servers send exact pixels of what
        plays. ``preferred_codecs`` are the only ones that the server is then to use, best first; none: as it likes.
        ``server_time``: what the main channel hears; None: how streams go is not reported.
        """
        super().__init__(channel_id)
        codecs = tuple(CODEC_CAPS) if video is True else tuple(video or ())
        if codecs:
            self.caps |= video_caps(codecs)
            if server_time is not None:
                self.caps |= CapSet.of(DisplayCap.STREAM_REPORT)
        self.canvas = canvas or CpuCanvas()
        self.primary: SurfaceSpec | None = None
        """The surface that is shown."""
        self.marked = False
        """The server says that the primary surface holds a picture."""
        self.monitors: tuple[Head, ...] = ()
        self.changes = 0
        """Counts everything that may have changed pixels."""
        self.drawn: Counter[str] = Counter()
        """Operations that were drawn, by name."""
        self.unsupported: Counter[str] = Counter()
        """What could not be decoded or drawn, and how often."""
        self.cache = ImageCache(kept)
        self._compression = compression
        self._preferred_codecs = tuple(preferred_codecs)
        self._primary_id = 0
        self._surfaces: dict[int, SurfaceSpec] = {}
        self._surface_bytes = 0
        self._server_time = server_time
        self.video = VideoStreams(server_time.clock) if server_time is not None else VideoStreams()
        self._unknown = UnknownPixels()
        self._inexact = UnknownPixels()
        """Pixels that are only about right: of video."""

    def start(self, server_caps: CapSet) -> None:
        """Say what this client can take, and ask for the picture."""
        super().start(server_caps)
        if server_caps.has(DisplayCap.PREF_COMPRESSION):
            # Ahead of INIT, which the server answers with the whole picture.
            self.send(wire.DisplayPreferredCompression(image_compression=self._compression))
        self.send(
            wire.DisplayInit(
                pixmap_cache_id=1,
                pixmap_cache_size=CACHE_PIXELS,
                glz_dictionary_id=1,
                glz_dictionary_window_size=GLZ_WINDOW_PIXELS,
            )
        )
        if self._preferred_codecs and server_caps.has(DisplayCap.PREF_VIDEO_CODEC_TYPE):
            self.send(wire.DisplayPreferredVideoCodecType(codecs=tuple(map(int, self._preferred_codecs))))

    @property
    def complete(self) -> bool:
        """The picture is there, and all its pixels are what the server drew."""
        return self.marked and self.primary is not None and not self._unknown.of(self._primary_id)

    @property
    def inexact(self) -> Region:
        """Where the picture shows video, and is only about what the server has."""
        return self._inexact.of(self._primary_id)

    def unsupported_text(self) -> str:
        """What could not be decoded, in words, the most frequent first."""
        return ", ".join(f"{count} x {what}" for what, count in self.unsupported.most_common(5))

    def pixels(self) -> Pixels:
        """The primary surface as it is now, in its own format; ProtocolError where there is none."""
        if self.primary is None:
            raise ProtocolError("the server has created no primary surface")
        return self.canvas.read(self._primary_id, Rect(0, 0, self.primary.width, self.primary.height))

    def picture(self) -> Pixels:
        """As ``pixels``, always in 32 bits."""
        pixels = self.pixels()
        if pixels.format in (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32):
            return pixels
        scratch = CpuCanvas()
        whole = Rect(0, 0, pixels.width, pixels.height)
        spec = SurfaceSpec(pixels.width, pixels.height, pixels.format)
        scratch.create_surface(0, spec, pixels.data, pixels.stride)
        scratch.create_surface(1, spec._replace(format=SurfaceFormat.XRGB32))
        source = ops.SurfaceImage(id=0, flags=0, width=pixels.width, height=pixels.height, surface_id=0)
        copy = ops.Copy(source, whole, Ropd.OP_PUT, 0, ops.Mask())
        scratch.submit([ops.Drawable(surface_id=1, bbox=whole, op=copy)])
        return scratch.read(1, whole)

    # Surfaces and monitors

    def _on_surface_create(self, message: wire.DisplaySurfaceCreate) -> None:
        try:
            spec = SurfaceSpec(message.width, message.height, SurfaceFormat(message.format))
        except ValueError:
            raise ProtocolError(
                f"surface {message.surface_id} of the unknown format {message.format}"
            ) from None
        size = _bytes_of(spec)
        if len(self._surfaces) >= MAX_SURFACES or self._surface_bytes + size > MAX_SURFACE_BYTES:
            raise ProtocolError(
                f"{len(self._surfaces)} surfaces of {self._surface_bytes} bytes leave no room for {size} more"
            )
        try:
            self.canvas.create_surface(message.surface_id, spec)
        except GuestError as error:
            raise ProtocolError(str(error)) from error
        self._surfaces[message.surface_id] = spec
        self._surface_bytes += size
        if message.flags & SurfaceFlags.PRIMARY:
            self.primary, self._primary_id, self.marked = spec, message.surface_id, False
            self.changes += 1

    def _on_surface_destroy(self, message: wire.DisplaySurfaceDestroy) -> None:
        if message.surface_id not in self._surfaces:
            raise ProtocolError(f"surface {message.surface_id} is to be destroyed and does not exist")
        self._destroy(message.surface_id)

    def _destroy(self, surface_id: int) -> None:
        self.canvas.destroy_surface(surface_id)
        self._surface_bytes -= _bytes_of(self._surfaces.pop(surface_id))
        self._unknown.forget(surface_id)
        self._inexact.forget(surface_id)
        if self.primary is not None and surface_id == self._primary_id:
            self.primary, self.marked = None, False
            self.changes += 1

    def _on_mark(self, message: wire.DisplayMark) -> None:
        if self.primary is not None:
            self.marked = True
            self.changes += 1

    def _on_reset(self, message: wire.DisplayReset) -> None:
        for surface_id in list(self._surfaces):
            self._destroy(surface_id)
        self.cache.kept.clear()
        self.cache.clear_palettes()
        self.video.clear()

    def _on_monitors(self, message: wire.DisplayMonitorsConfig) -> None:
        if message.heads:
            self.monitors = tuple(message.heads)

    # Drawing

    def _on_draw(self, message: Message) -> None:
        surface_id = base_of(message).surface_id
        if surface_id not in self._surfaces:
            raise ProtocolError(f"{message.NAME} on surface {surface_id}, which does not exist")
        self.changes += 1
        try:
            drawable = drawable_of(message, self.cache)
            outcome = self.canvas.submit([drawable])[0]
            if not outcome.drawn:
                raise UnsupportedError(outcome.reason)
        except UnsupportedError as error:
            name = drawing_name(message)
            base = base_of(message)
            self._lost(surface_id, f"{name} ({error})", base.box, clip_of(base.clip))
            return
        self.drawn[drawing_name(message)] += 1
        self._unknown.drawn(drawable, outcome.rects)
        self._inexact.drawn(drawable, outcome.rects)

    def _lost(self, surface_id: int, what: str, box: Rect, clip: tuple[Rect, ...] | None) -> None:
        known = what in self.unsupported or len(self.unsupported) < MAX_REASONS
        self.unsupported[what if known else "other"] += 1
        spec = self._surfaces.get(surface_id)
        if spec is not None:
            inside = box.intersect(Rect(0, 0, spec.width, spec.height))
            self._unknown.lost(surface_id, [inside] if clip is None else map(inside.intersect, clip))

    # Video streams

    def _on_stream_create(self, message: wire.DisplayStreamCreate) -> None:
        self.video.create(message)

    def _on_stream_frame(self, message: wire.DisplayStreamData | wire.DisplayStreamDataSized) -> None:
        stream = self.video.came(message)
        surface_id = stream.create.surface_id
        if surface_id not in self._surfaces:
            raise ProtocolError(f"video on surface {surface_id}, which does not exist")
        delay_ms = self._server_time.until(message.mm_time) if self._server_time is not None else 0
        shown = decodable = True
        self.changes += 1
        try:
            drawable = self.video.drawable(message)
            outcome = self.canvas.submit([drawable])[0]
            if not outcome.drawn:
                raise UnsupportedError(outcome.reason)
            self.drawn["STREAM"] += 1
            self._unknown.drawn(drawable, outcome.rects)
            self._inexact.lost(surface_id, outcome.rects)
        except UnsupportedError as error:
            shown, decodable = False, not isinstance(error, NoDecoderError)
            name = f"video frame ({stream.codec})"
            self._lost(surface_id, name, self.video.dest(message), clip_of(stream.clip))
        report = self.video.answer(stream, delay_ms, shown=shown, decodable=decodable)
        if report is not None and self.server_caps.has(DisplayCap.STREAM_REPORT):
            self.send(report)

    def _on_stream_clip(self, message: wire.DisplayStreamClip) -> None:
        self.video.clip(message)

    def _on_stream_report(self, message: wire.DisplayStreamActivateReport) -> None:
        if self._server_time is not None:
            self.video.report(message)

    def _on_stream_destroy(self, message: wire.DisplayStreamDestroy) -> None:
        self.video.destroy(message.id)

    def _on_stream_destroy_all(self, message: wire.DisplayStreamDestroyAll) -> None:
        self.video.clear()

    # Caches

    def _waits_of(self, message: Message) -> Sequence[ChannelWait]:
        return (
            message.waits if isinstance(message, wire.DisplayInvalAllPixmaps) else super()._waits_of(message)
        )

    def _on_inval_list(self, message: wire.DisplayInvalList) -> None:
        for resource in message.resources:
            if resource.type == ResourceType.PIXMAP:
                self.cache.kept.drop(resource.id)

    def _on_inval_all(self, message: wire.DisplayInvalAllPixmaps) -> None:
        self.cache.kept.clear()

    def _on_inval_palette(self, message: wire.DisplayInvalPalette) -> None:
        self.cache.drop_palette(message.id)

    def _on_inval_palettes(self, message: wire.DisplayInvalAllPalettes) -> None:
        self.cache.clear_palettes()

    HANDLERS: ClassVar[Handlers] = {
        **dict.fromkeys(DRAWING_MESSAGES, _on_draw),
        wire.DisplaySurfaceCreate: _on_surface_create,
        wire.DisplaySurfaceDestroy: _on_surface_destroy,
        wire.DisplayMark: _on_mark,
        wire.DisplayReset: _on_reset,
        wire.DisplayMonitorsConfig: _on_monitors,
        wire.DisplayInvalList: _on_inval_list,
        wire.DisplayInvalAllPixmaps: _on_inval_all,
        wire.DisplayInvalPalette: _on_inval_palette,
        wire.DisplayInvalAllPalettes: _on_inval_palettes,
        wire.DisplayStreamCreate: _on_stream_create,
        wire.DisplayStreamData: _on_stream_frame,
        wire.DisplayStreamDataSized: _on_stream_frame,
        wire.DisplayStreamClip: _on_stream_clip,
        wire.DisplayStreamDestroy: _on_stream_destroy,
        wire.DisplayStreamDestroyAll: _on_stream_destroy_all,
        wire.DisplayStreamActivateReport: _on_stream_report,
    }


def _bytes_of(spec: SurfaceSpec) -> int:
    return spec.width * spec.height * spec.format.bits_per_pixel // 8
