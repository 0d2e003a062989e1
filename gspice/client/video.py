"""The video streams of one display channel: what was announced, and its frames as drawables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gspice.client.drawing import clip_of
from gspice.client.errors import UnsupportedError
from gspice.client.video_decoders import MAX_PIXELS, VideoDecoder, open_decoder
from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.pixels import BitmapFormat
from gspice.qxl import ops
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.enums import Ropd, ScaleMode, StreamFlags, VideoCodec
from gspice.wire.messages import display as wire
from gspice.wire.types import Clip

CAPS: Final = CapSet.of(
    DisplayCap.SIZED_STREAM,
    DisplayCap.MULTI_CODEC,
    DisplayCap.CODEC_MJPEG,
    DisplayCap.CODEC_VP8,
    DisplayCap.CODEC_H264,
    DisplayCap.CODEC_VP9,
    DisplayCap.CODEC_H265,
)
"""What a client that decodes them all announces."""
MAX_STREAMS: Final = 256
"""At a time: servers have 50."""


@dataclass(slots=True)
class Stream:
    """One stream."""

    create: wire.DisplayStreamCreate
    clip: Clip
    decoder: VideoDecoder | None = None
    """None: there was no frame yet."""
    frames: int = 0
    bytes: int = 0
    mm_time: int = 0
    """Of the last frame; it was drawn whenever it came."""

    @property
    def codec(self) -> str:
        """Its name, or number."""
        names = {int(codec): codec.name for codec in VideoCodec}
        return names.get(self.create.codec, f"codec {self.create.codec}")


@dataclass(slots=True)
class VideoStreams:
    """Of one display channel. ProtocolError: a server that does not keep to its own numbers."""

    created: int = 0
    """So far."""
    _streams: dict[int, Stream] = field(default_factory=dict)

    @property
    def live(self) -> Mapping[int, Stream]:
        """Those that were created and not destroyed, by their numbers."""
        return self._streams

    def create(self, message: wire.DisplayStreamCreate) -> None:
        self._streams[message.id] = Stream(message, message.clip)
        self.created += 1
        if len(self._streams) > MAX_STREAMS:
            raise ProtocolError(f"{len(self._streams)} video streams, more than {MAX_STREAMS}")

    def clip(self, message: wire.DisplayStreamClip) -> None:
        self.stream(message.id).clip = message.clip

    def destroy(self, number: int) -> None:
        self.stream(number)
        del self._streams[number]

    def clear(self) -> None:
        self._streams.clear()

    def stream(self, number: int) -> Stream:
        """One that there is."""
        stream = self._streams.get(number)
        if stream is None:
            raise ProtocolError(f"video stream {number} does not exist")
        return stream

    def dest(self, message: wire.DisplayStreamData | wire.DisplayStreamDataSized) -> Rect:
        """Where a frame is to be shown."""
        if isinstance(message, wire.DisplayStreamDataSized):
            return message.dest
        return self.stream(message.id).create.dest

    def drawable(self, message: wire.DisplayStreamData | wire.DisplayStreamDataSized) -> ops.Drawable:
        """What draws a frame. UnsupportedError: it cannot be decoded."""
        stream = self.stream(message.id)
        stream.frames += 1
        stream.bytes += len(message.data)
        stream.mm_time = message.mm_time
        width, height = stream.create.stream_width, stream.create.stream_height
        if isinstance(message, wire.DisplayStreamDataSized):
            width, height = message.width, message.height
        if not 0 < width * height <= MAX_PIXELS:
            raise UnsupportedError(f"video of {width}x{height} pixels")
        if stream.decoder is None:
            stream.decoder = open_decoder(stream.create.codec)
        picture = stream.decoder.decode(message.data, width, height)
        image = ops.BitmapImage(
            id=0,
            flags=0,
            width=picture.width,
            height=picture.height,
            format=BitmapFormat.XRGB32,
            top_down=bool(stream.create.flags & StreamFlags.TOP_DOWN),
            stride=4 * picture.width,
            data=picture.data,
        )
        shown = Rect(0, 0, min(width, picture.width), min(height, picture.height))
        if not image.top_down:
            shown = Rect(0, 0, picture.width, picture.height)
        try:
            return ops.Drawable(
                surface_id=stream.create.surface_id,
                bbox=self.dest(message),
                clip=clip_of(stream.clip),
                op=ops.Copy(image, shown, Ropd.OP_PUT, ScaleMode.NEAREST, ops.Mask()),
            )
        except (OverflowError, ValueError, TypeError) as error:
            raise ProtocolError(f"{message.NAME}: {error}") from error
