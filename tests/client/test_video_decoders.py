"""Each codec's frames, made by FFmpeg: one picture for each, of about the same pixels."""

import io
import subprocess
import sys
from fractions import Fraction
from random import Random
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace
from PIL import Image

from gspice.client.errors import UnsupportedError
from gspice.client.video_decoders import FILLED_UP, NoDecoderError, Picture, open_decoder
from gspice.wire.enums import VideoCodec

SIZES = ((64, 48), (33, 17), (640, 360))
LEAST_DB = 26
Frame = np.ndarray[Any, Any]
ENCODERS = {
    VideoCodec.VP8: ("libvpx", {"deadline": "realtime", "lag-in-frames": "0"}),
    VideoCodec.VP9: ("libvpx-vp9", {"deadline": "realtime", "lag-in-frames": "0"}),
    VideoCodec.H264: ("libx264", {"preset": "ultrafast", "tune": "zerolatency"}),
    VideoCodec.H265: (
        "libx265",
        {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=0"},
    ),
}


def scenes(width: int, height: int, count: int = 6) -> list[Frame]:
    """R, G, B: something smooth that moves."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [(x / width + 0.1 * n, y / height, (x + y) / (width + height) + 0.05 * n) for n in range(count)]
    return [(127 + 100 * np.sin(2 * np.pi * np.stack(wave, -1) / 2)).astype(np.uint8) for wave in waves]


def hues(width: int, height: int) -> Frame:
    """R, G, B: colours far from grey, of which each matrix makes others."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([255 * x / width, 255 * y / height, 255 - 255 * x / width], -1).astype(np.uint8)


def decibels(one: Frame, other: Frame) -> float:
    error = float(np.mean((one.astype(float) - other) ** 2))
    return 10 * np.log10(255**2 / error) if error else np.inf


def pixels_of(picture: Picture) -> Frame:
    """R, G, B."""
    return np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, 4)[..., 2::-1]


def filled_up(frame: Frame) -> Frame:
    """To sides that are even, as codecs want them."""
    height, width, _ = frame.shape
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def packets(
    codec: VideoCodec, frames: list[Frame], *, matrix: int = 6, full: bool = False, said: bool = True
) -> list[bytes]:
    """Coded frames, of colours as AVColorSpace names them; ``said``: the stream tells which, if it can."""
    if codec is VideoCodec.MJPEG:
        files = []
        for frame in frames:
            file = io.BytesIO()
            Image.fromarray(frame).save(file, "JPEG", quality=90)
            files.append(file.getvalue())
        return files
    frames = [filled_up(frame) for frame in frames]
    height, width, _ = frames[0].shape
    name, options = ENCODERS[codec]
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.bit_rate, context.options = Fraction(1, 30), 4_000_000, options
    colours = {
        "dst_colorspace": {1: Colorspace.ITU709, 6: Colorspace.ITU601}[matrix],
        "dst_color_range": 1 + full,
    }
    if said:
        context.colorspace, context.color_range = matrix, 1 + full
        context.color_primaries = context.color_trc = 1
    made = []
    for number, frame in enumerate(frames):
        picture: Any = av.VideoFrame.from_ndarray(frame, "rgb24").reformat(format="yuv420p", **colours)
        if not said:
            picture.colorspace, picture.color_range = 2, 0
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
        assert (picture.width, picture.height) == size, "what the codec filled up is cut off"
        assert decibels(pixels_of(picture), frame) > LEAST_DB


SAYING = [codec for codec in ENCODERS if codec is not VideoCodec.VP8]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 6])
@pytest.mark.parametrize("codec", SAYING)
def test_what_a_stream_says_of_its_colours_is_believed(codec: VideoCodec, matrix: int, full: bool) -> None:
    frame = hues(128, 96)
    (packet,) = packets(codec, [frame], matrix=matrix, full=full)
    assert decibels(pixels_of(open_decoder(codec).decode(packet, 128, 96)), frame) > 34


@pytest.mark.parametrize(("height", "matrix"), [(96, 6), (576, 6), (578, 1)])
@pytest.mark.parametrize("codec", ENCODERS)
def test_what_does_not_say_is_of_the_usual_colours(codec: VideoCodec, height: int, matrix: int) -> None:
    frame = hues(64, height)
    (packet,) = packets(codec, [frame], matrix=matrix, said=False)
    assert decibels(pixels_of(open_decoder(codec).decode(packet, 64, height)), frame) > 34


@pytest.mark.parametrize("codec", VideoCodec)
def test_what_is_no_frame(codec: VideoCodec) -> None:
    decoder = open_decoder(codec)
    for data in (b"", b"\0" * 100, bytes(range(256))):
        with pytest.raises(UnsupportedError):
            decoder.decode(data, 64, 48)
    frames = scenes(64, 48, 1)
    assert decoder.decode(packets(codec, frames)[0], 64, 48).width == 64, "it must go on"


def test_pictures_that_are_much_larger_than_announced_are_not_taken() -> None:
    for codec in VideoCodec:
        packet = packets(codec, scenes(640, 360, 1))[0]
        with pytest.raises(UnsupportedError):
            open_decoder(codec).decode(packet, 640 - FILLED_UP - 1, 360)


@pytest.mark.parametrize("codec", ENCODERS)
def test_frames_that_grow_are_taken_once_it_was_announced(codec: VideoCodec) -> None:
    decoder = open_decoder(codec)
    for width, height in ((64, 48), (640, 360), (96, 64)):
        frame = scenes(width, height, 1)[0]
        picture = decoder.decode(packets(codec, [frame])[0], width, height)
        assert decibels(pixels_of(picture), frame) > LEAST_DB


@pytest.mark.parametrize("codec", VideoCodec)
def test_damaged_frames_are_no_pictures_or_wrong_ones(codec: VideoCodec) -> None:
    random = Random(codec)
    good = packets(codec, scenes(96, 64))
    for _ in range(40):
        decoder = open_decoder(codec)
        for packet in good:
            data = bytearray(packet)
            for _ in range(random.randrange(4)):
                data[random.randrange(len(data))] = random.randrange(256)
            del data[random.randrange(1, len(data) + 1) :]
            try:
                picture = decoder.decode(bytes(data), 96, 64)
            except UnsupportedError:
                continue
            assert len(picture.data) == 4 * picture.width * picture.height
            assert picture.width <= 96 and picture.height <= 64


def test_frames_without_the_ones_before_are_no_pictures() -> None:
    late = packets(VideoCodec.H264, scenes(64, 48))[3:]
    decoder = open_decoder(VideoCodec.H264)
    for packet in late:
        with pytest.raises(UnsupportedError):
            decoder.decode(packet, 64, 48)


def test_nothing_of_ffmpeg_is_loaded_before_it_is_needed() -> None:
    code = """
import sys
import gspice.client.connection
from gspice.client.video_decoders import open_decoder
open_decoder(1)
assert "av" not in sys.modules
open_decoder(3)
assert "av" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_ffmpeg_there_is_still_mjpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(NoDecoderError, match="install the package av"):
        open_decoder(VideoCodec.VP8)
    assert open_decoder(VideoCodec.MJPEG)


def test_codecs_that_there_are_not() -> None:
    with pytest.raises(NoDecoderError, match="codec 9"):
        open_decoder(9)
