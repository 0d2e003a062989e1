"""Each codec's frames, made by FFmpeg: one picture for each, of about the same pixels."""

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from gspice.client.errors import UnsupportedError
from gspice.client.video_decoders import FILLED_UP, open_decoder
from gspice.wire.enums import VideoCodec

SIZES = ((64, 48), (34, 18), (640, 360))
ENCODERS = {
    VideoCodec.VP8: ("libvpx", {"deadline": "realtime", "lag-in-frames": "0"}),
    VideoCodec.VP9: ("libvpx-vp9", {"deadline": "realtime", "lag-in-frames": "0"}),
    VideoCodec.H264: ("libx264", {"preset": "ultrafast", "tune": "zerolatency"}),
    VideoCodec.H265: (
        "libx265",
        {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=0"},
    ),
}


def scenes(width: int, height: int, count: int = 6) -> list[np.ndarray[Any, Any]]:
    """R, G, B: something smooth that moves."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [(x / width + 0.1 * n, y / height, (x + y) / (width + height) + 0.05 * n) for n in range(count)]
    return [(127 + 100 * np.sin(2 * np.pi * np.stack(wave, -1) / 2)).astype(np.uint8) for wave in waves]


def packets(codec: VideoCodec, frames: list[np.ndarray[Any, Any]]) -> list[bytes]:
    height, width, _ = frames[0].shape
    if codec is VideoCodec.MJPEG:
        files = []
        for frame in frames:
            file = io.BytesIO()
            Image.fromarray(frame).save(file, "JPEG", quality=90)
            files.append(file.getvalue())
        return files
    name, options = ENCODERS[codec]
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.bit_rate, context.options = Fraction(1, 30), 4_000_000, options
    made = []
    for number, frame in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(frame, "rgb24").reformat(format="yuv420p")
        picture.pts = number
        (packet,) = context.encode(picture)
        made.append(bytes(packet))
    return made


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("codec", VideoCodec)
def test_a_picture_for_each_frame(codec: VideoCodec, size: tuple[int, int]) -> None:
    frames = scenes(*size)
    decoder = open_decoder(codec)
    for frame, packet in zip(frames, packets(codec, frames), strict=True):
        picture = decoder.decode(packet, *size)
        assert (picture.width, picture.height) == size
        pixels = np.frombuffer(picture.data, np.uint8).reshape(size[1], size[0], 4)[..., 2::-1]
        error = float(np.mean((pixels.astype(float) - frame) ** 2))
        assert 10 * np.log10(255**2 / error) > 26


@pytest.mark.parametrize("codec", VideoCodec)
def test_what_is_no_frame(codec: VideoCodec) -> None:
    decoder = open_decoder(codec)
    for data in (b"", b"\0" * 100, bytes(range(256))):
        with pytest.raises(UnsupportedError):
            decoder.decode(data, 64, 48)
    frames = scenes(64, 48, 1)
    assert decoder.decode(packets(codec, frames)[0], 64, 48).width == 64, "it must go on"


def test_pictures_that_are_much_larger_than_announced_are_not_taken() -> None:
    packet = packets(VideoCodec.H264, scenes(640, 360, 1))[0]
    with pytest.raises(UnsupportedError, match="640x360"):
        open_decoder(VideoCodec.H264).decode(packet, 640 - FILLED_UP - 1, 360)


def test_codecs_that_there_are_not() -> None:
    with pytest.raises(UnsupportedError, match="codec 9"):
        open_decoder(9)
