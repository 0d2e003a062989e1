"""What turns the frames of a video stream into pixels: one picture out for each frame in, at once.

MJPEG needs nothing but what decodes images. The other codecs are FFmpeg's, through PyAV, which is loaded with the first
frame of such a stream.
"""

from abc import ABC, abstractmethod
from typing import Any, Final, NamedTuple

import numpy as np

from gspice.client.errors import UnsupportedError
from gspice.codec import jpeg
from gspice.codec.errors import CodecError
from gspice.wire.enums import VideoCodec

MAX_PIXELS: Final = 64 << 20
"""Of one frame: 8192x8192, as of images."""
FILLED_UP: Final = 64
"""Pixels that a coded picture may be wider or higher than it was announced: codecs work in blocks."""
SD_LINES: Final = 576
"""Above so many lines, GStreamer and with it spice-gtk takes video that does not say what it is for BT.709."""
FFMPEG: Final = {
    VideoCodec.VP8: "vp8",
    VideoCodec.H264: "h264",
    VideoCodec.VP9: "vp9",
    VideoCodec.H265: "hevc",
}
"""Its decoders."""
_LOW_DELAY: Final = 1 << 19
"""AV_CODEC_FLAG_LOW_DELAY."""
_BT709, _UNSPECIFIED, _BT601 = 1, 2, 6
"""As in AVColorSpace."""
_LIMITED_RANGE: Final = 1
"""AVCOL_RANGE_MPEG."""


class NoDecoderError(UnsupportedError):
    """No frame of the stream can be decoded here, whatever comes."""


class Picture(NamedTuple):
    """Rows of B, G, R, X without padding, in the order in which they were coded."""

    width: int
    height: int
    data: bytes


class VideoDecoder(ABC):
    """Of one stream."""

    @abstractmethod
    def decode(self, data: bytes | memoryview, width: int, height: int) -> Picture:
        """The picture of one frame, announced with that size; what the codec filled up is cut off.

        UnsupportedError: there is none; that of the next frame may be one.
        """


class MjpegDecoder(VideoDecoder):
    """Frames that are JPEG files."""

    def decode(self, data: bytes | memoryview, width: int, height: int) -> Picture:
        try:
            return Picture(width, height, jpeg.decode(data, width, height, 4 * MAX_PIXELS))
        except CodecError as error:
            raise UnsupportedError(str(error)) from error


class FfmpegDecoder(VideoDecoder):
    """Frames that may need those before them."""

    def __init__(self, codec: VideoCodec) -> None:
        """NoDecoderError: FFmpeg is not there, or has no such decoder."""
        try:
            import av  # noqa: PLC0415
            from av.video.reformatter import VideoReformatter  # noqa: PLC0415
        except ImportError as error:
            raise NoDecoderError(f"video of {codec.name} needs PyAV: install the package av") from error
        self._av: Any = av
        self._codec = codec
        self._failures: tuple[type[Exception], ...] = (av.FFmpegError, ValueError, RuntimeError, MemoryError)
        self._reformatter: Any = VideoReformatter()
        self._room = 0
        """Pixels that the context takes."""
        self._context = self._opened(1, 1)

    def decode(self, data: bytes | memoryview, width: int, height: int) -> Picture:
        if not len(data):
            raise UnsupportedError("an empty frame")  # which would tell FFmpeg that none is to come
        if width * height > self._room:
            # Video that grows begins anew.
            self._context = self._opened(width, height)
        try:
            frames = self._context.decode(self._av.Packet(bytes(data)))
            if not frames:
                raise UnsupportedError("a frame without a picture")
            frame = frames[-1]
            if not (0 < frame.width <= width + FILLED_UP and 0 < frame.height <= height + FILLED_UP):
                raise UnsupportedError(
                    f"a picture of {frame.width}x{frame.height} pixels for {width}x{height}"
                )
            if frame.is_corrupt:
                raise UnsupportedError("a damaged frame, or one before it is missing")
            self._name_colours(frame)
            # To 32 bits FFmpeg leaves out the last columns of some widths.
            colours = self._reformatter.reformat(frame, format="bgr24", threads=1).to_ndarray()
        except self._failures as error:
            raise UnsupportedError(f"a frame that cannot be decoded: {error}") from error
        colours = colours[:height, :width]
        pixels = np.zeros((*colours.shape[:2], 4), np.uint8)
        pixels[..., :3] = colours
        return Picture(pixels.shape[1], pixels.shape[0], pixels.tobytes())

    def _opened(self, width: int, height: int) -> Any:
        try:
            context: Any = self._av.CodecContext.create(FFMPEG[self._codec], "r")
        except (*self._failures, self._av.codec.codec.UnknownCodecError) as error:
            raise NoDecoderError(f"FFmpeg decodes no {self._codec.name}: {error}") from error
        context.flags |= _LOW_DELAY
        context.thread_count = 1  # more would hold frames back
        # Checked by FFmpeg before it makes room for a picture.
        context.options = {"max_pixels": str((width + FILLED_UP) * (height + FILLED_UP))}
        self._room = width * height
        return context

    def _name_colours(self, frame: Any) -> None:
        """Say of a frame that does not what its colours are."""
        if self._codec is VideoCodec.VP8:
            # It cannot tell, and FFmpeg says BT.601 of it all the same.
            frame.colorspace, frame.color_range = _UNSPECIFIED, _LIMITED_RANGE
        if frame.colorspace == _UNSPECIFIED:
            frame.colorspace = _BT709 if frame.height > SD_LINES else _BT601


def open_decoder(codec: int) -> VideoDecoder:
    """NoDecoderError: frames of that codec cannot be decoded here."""
    if codec == VideoCodec.MJPEG:
        return MjpegDecoder()
    if codec not in FFMPEG:
        raise NoDecoderError(f"video of codec {codec}")
    return FfmpegDecoder(VideoCodec(codec))
