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
FFMPEG: Final = {
    VideoCodec.VP8: "vp8",
    VideoCodec.H264: "h264",
    VideoCodec.VP9: "vp9",
    VideoCodec.H265: "hevc",
}
"""Its decoders."""
_LOW_DELAY: Final = 1 << 19
"""AV_CODEC_FLAG_LOW_DELAY."""


class Picture(NamedTuple):
    """Rows of B, G, R, X without padding, top-down."""

    width: int
    height: int
    data: bytes


class VideoDecoder(ABC):
    """Of one stream."""

    @abstractmethod
    def decode(self, data: bytes | memoryview, width: int, height: int) -> Picture:
        """The picture of one frame, announced with that size.

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
        """UnsupportedError: FFmpeg is not there, or has no such decoder."""
        try:
            import av  # noqa: PLC0415
        except ImportError as error:
            raise UnsupportedError(f"video of {codec.name} needs PyAV: install the package av") from error
        self._failures: tuple[type[Exception], ...] = (av.FFmpegError, ValueError, RuntimeError, MemoryError)
        self._packet = av.Packet
        try:
            self._context: Any = av.CodecContext.create(FFMPEG[codec], "r")
        except (*self._failures, av.codec.codec.UnknownCodecError) as error:
            raise UnsupportedError(f"FFmpeg decodes no {codec.name}: {error}") from error
        self._context.flags |= _LOW_DELAY
        self._context.thread_count = 1  # more would hold frames back

    def decode(self, data: bytes | memoryview, width: int, height: int) -> Picture:
        if not len(data):
            raise UnsupportedError("an empty frame")  # which would tell FFmpeg that none is to come
        try:
            frames = self._context.decode(self._packet(bytes(data)))
            if not frames:
                raise UnsupportedError("a frame without a picture")
            frame = frames[-1]
            if not (0 < frame.width <= width + FILLED_UP and 0 < frame.height <= height + FILLED_UP):
                raise UnsupportedError(
                    f"a picture of {frame.width}x{frame.height} pixels for {width}x{height}"
                )
            # To 32 bits FFmpeg leaves out the last columns of some widths.
            colours = frame.reformat(format="bgr24").to_ndarray()
        except self._failures as error:
            raise UnsupportedError(f"a frame that cannot be decoded: {error}") from error
        pixels = np.zeros((frame.height, frame.width, 4), np.uint8)
        pixels[..., :3] = colours
        return Picture(frame.width, frame.height, pixels.tobytes())


def open_decoder(codec: int) -> VideoDecoder:
    """UnsupportedError: frames of that codec cannot be decoded here."""
    if codec == VideoCodec.MJPEG:
        return MjpegDecoder()
    if codec not in FFMPEG:
        raise UnsupportedError(f"video of codec {codec}")
    return FfmpegDecoder(VideoCodec(codec))
