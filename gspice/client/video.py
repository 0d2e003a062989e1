"""The video streams of one display channel: what was announced, and its frames as drawables."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gspice.client.drawing import clip_of
from gspice.client.stream_report import StreamReports, undecodable
from gspice.client.video_decoders import MAX_PIXELS, NoDecoderError, VideoDecoder, open_decoder
from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.pixels import BitmapFormat
from gspice.qxl import ops
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.enums import Ropd, ScaleMode, StreamFlags, VideoCodec
from gspice.wire.messages import display as wire
from gspice.wire.types import Clip

CODEC_CAPS: Final = {
    VideoCodec.MJPEG: DisplayCap.CODEC_MJPEG,
    VideoCodec.VP8: DisplayCap.CODEC_VP8,
    VideoCodec.H264: DisplayCap.CODEC_H264,
    VideoCodec.VP9: DisplayCap.CODEC_VP9,
    VideoCodec.H265: DisplayCap.CODEC_H265,
}
"""What announces that a client can show each. A table, as looking what FFmpeg can do would load it."""
MAX_STREAMS: Final = 256
"""At a time: servers have 50."""
MAX_FINISHED: Final = 1024
"""Streams that are over and remembered; of more, the oldest are forgotten."""
MAX_ALL_PIXELS: Final = MAX_PIXELS
"""Of one frame of each stream at the same time, as each decoder keeps some."""

Frame = wire.DisplayStreamData | wire.DisplayStreamDataSized


def caps(codecs: Iterable[VideoCodec]) -> CapSet:
    """What a client announces that shows these codecs."""
    return CapSet.of(
        DisplayCap.SIZED_STREAM, DisplayCap.MULTI_CODEC, *[CODEC_CAPS[codec] for codec in codecs]
    )


@dataclass(slots=True)
class Stream:
    """One stream."""

    create: wire.DisplayStreamCreate
    clip: Clip
    decoder: VideoDecoder | None = None
    """None: there was no frame yet, or none that could be decoded."""
    reports: StreamReports | None = None
    """None: the server has not asked for any."""
    refused: bool = False
    """The server knows that no frame can be shown."""
    frames: int = 0
    bytes: int = 0
    mm_time: int = 0
    """Of the last frame; it was drawn whenever it came."""
    first_at: float | None = None
    """When the first frame came, by the clock of VideoStreams."""
    last_at: float | None = None
    pixels: int = 0
    """Of a frame that the decoder has made room for."""

    @property
    def id(self) -> int:
        return self.create.id

    @property
    def dest(self) -> Rect:
        """Where it is shown, but for frames that say otherwise."""
        return self.create.dest

    @property
    def codec(self) -> str:
        """Its name, or number."""
        names = {int(codec): codec.name for codec in VideoCodec}
        return names.get(self.create.codec, f"codec {self.create.codec}")


@dataclass(slots=True)
class VideoStreams:
    """Of one display channel. ProtocolError: a server that does not keep to its own numbers.

    But frames, all messages about a stream that there is not are passed over: where libspice-server has no encoder that
    suits a client, it leaves out the stream's creation and its frames, and nothing else.
    """

    clock: Callable[[], float] = lambda: 0.0
    """Seconds, for when frames came."""
    created: int = 0
    """So far."""
    destroyed: int = 0
    finished: deque[Stream] = field(default_factory=lambda: deque(maxlen=MAX_FINISHED))
    """Those that were destroyed, the newest last."""
    _streams: dict[int, Stream] = field(default_factory=dict)

    @property
    def live(self) -> Mapping[int, Stream]:
        """Those that were created and not destroyed, by their numbers."""
        return self._streams

    def create(self, message: wire.DisplayStreamCreate) -> None:
        if message.id in self._streams:
            self._finish(message.id)
        self._streams[message.id] = Stream(message, message.clip)
        self.created += 1
        if len(self._streams) > MAX_STREAMS:
            raise ProtocolError(f"{len(self._streams)} video streams, more than {MAX_STREAMS}")

    def clip(self, message: wire.DisplayStreamClip) -> None:
        if stream := self._streams.get(message.id):
            stream.clip = message.clip

    def report(self, message: wire.DisplayStreamActivateReport) -> None:
        """The server wants to know how it goes."""
        if stream := self._streams.get(message.stream_id):
            stream.reports = StreamReports(message)

    def destroy(self, number: int) -> None:
        if number in self._streams:
            self._finish(number)

    def clear(self) -> None:
        for number in list(self._streams):
            self._finish(number)

    def _finish(self, number: int) -> None:
        stream = self._streams.pop(number)
        stream.decoder = None  # with the pictures that it keeps
        self.finished.append(stream)
        self.destroyed += 1

    def stream(self, number: int) -> Stream:
        """One that there is."""
        stream = self._streams.get(number)
        if stream is None:
            raise ProtocolError(f"video stream {number} does not exist")
        return stream

    def dest(self, message: Frame) -> Rect:
        """Where a frame is to be shown."""
        if isinstance(message, wire.DisplayStreamDataSized):
            return message.dest
        return self.stream(message.id).dest

    def came(self, message: Frame) -> Stream:
        """Count a frame, and say of which stream it is."""
        stream = self.stream(message.id)
        stream.frames += 1
        stream.bytes += len(message.data)
        stream.mm_time = message.mm_time
        stream.last_at = self.clock()
        if stream.first_at is None:
            stream.first_at = stream.last_at
        return stream

    def drawable(self, message: Frame) -> ops.Drawable:
        """What draws a frame. UnsupportedError: it cannot be decoded; NoDecoderError: nor will others."""
        stream = self.stream(message.id)
        width, height = stream.create.stream_width, stream.create.stream_height
        if isinstance(message, wire.DisplayStreamDataSized):
            width, height = message.width, message.height
        decoder = self._decoder(stream, width, height)
        picture = decoder.decode(message.data, width, height)
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
        whole = Rect(0, 0, picture.width, picture.height)
        try:
            return ops.Drawable(
                surface_id=stream.create.surface_id,
                bbox=self.dest(message),
                clip=clip_of(stream.clip),
                op=ops.Copy(image, whole, Ropd.OP_PUT, ScaleMode.NEAREST, ops.Mask()),
            )
        except (OverflowError, ValueError, TypeError) as error:
            raise ProtocolError(f"{message.NAME}: {error}") from error

    def _decoder(self, stream: Stream, width: int, height: int) -> VideoDecoder:
        """That of a stream, for frames of a size. What all of them may need is looked at before it is made."""
        pixels = max(stream.pixels, width * height)
        others = sum(other.pixels for other in self._streams.values() if other is not stream)
        if not 0 < width * height <= MAX_PIXELS or others + pixels > MAX_ALL_PIXELS:
            raise NoDecoderError(f"video of {width}x{height} pixels beside {others} others")
        if stream.decoder is None:
            stream.decoder = open_decoder(stream.create.codec)
        stream.pixels = pixels
        return stream.decoder

    def answer(
        self, stream: Stream, delay_ms: int, *, shown: bool, decodable: bool
    ) -> wire.DisplayStreamReport | None:
        """What to tell the server after a frame, which came so long ahead of its time."""
        if not decodable:
            if stream.refused:
                return None
            stream.refused = True
            return undecodable(stream.id, stream.reports.unique_id if stream.reports else 0)
        if stream.reports is None:
            return None
        return stream.reports.frame(stream.mm_time, delay_ms, self.clock(), shown=shown)
