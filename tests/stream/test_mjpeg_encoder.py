"""MJPEG of libjpeg: what it looks like, and that it keeps to its rate."""

import io
import statistics
from dataclasses import replace

import pytest
from PIL import Image

from gspice.errors import EncoderError
from gspice.geometry import Rect
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.stream.mjpeg_encoder import QUALITIES, MjpegEncoder
from gspice.stream.video_encoder import EncodedFrame, EncoderSettings, VideoCodec
from tests.stream.video_pictures import Decoder, Picture, picture, psnr, ssim


def opened(width: int = 320, height: int = 180, bit_rate: int = 3_000_000) -> MjpegEncoder:
    return MjpegEncoder(
        EncoderSettings(
            codec=VideoCodec.MJPEG, width=width, height=height, frames_per_second=30.0, bit_rate=bit_rate
        )
    )


def encode(encoder: MjpegEncoder, pixels: Picture) -> EncodedFrame:
    return encoder.encode(pixels.tobytes(), 4 * pixels.shape[1], time_ms=7)


def test_a_hundred_frames_look_the_same() -> None:
    encoder, decoder = opened(), Decoder(VideoCodec.MJPEG)
    for number in range(100):
        pixels = picture(320, 180, number)
        frame = encode(encoder, pixels)
        assert frame.key and frame.time_ms == 7
        shown = decoder.frame(frame.data)
        assert (shown.width, shown.height) == (frame.width, frame.height) == (320, 180)
        got = shown.to_ndarray(format="bgr24")
        assert psnr(got, pixels[..., :3]) > 33
        assert ssim(got, pixels[..., :3]) > 0.93


@pytest.mark.parametrize("noise", [2, 25])
def test_the_rate_is_kept_to_and_followed(noise: int) -> None:
    encoder = opened()
    number = 0
    for rate, frames in ((3_000_000, 30.0), (1_500_000, 30.0), (4_000_000, 30.0), (2_000_000, 15.0)):
        encoder.set_rate(rate, frames)
        sizes = []
        for _ in range(40):
            sizes.append(8 * len(encode(encoder, picture(320, 180, number, noise=noise)).data))
            number += 1
        if encoder.quality < QUALITIES.stop - 1:
            assert statistics.mean(sizes[5:]) == pytest.approx(rate / frames, rel=0.12)
            assert max(sizes[5:]) < 1.5 * rate / frames
        else:
            assert statistics.mean(sizes[5:]) < rate / frames


def test_the_first_frame_is_not_far_off() -> None:
    for rate in (1_500_000, 4_000_000, 8_000_000):
        encoder = opened(bit_rate=rate)
        assert 0.3 < 8 * len(encode(encoder, picture(320, 180, 0, noise=12)).data) / (rate / 30) < 2.5


def test_quality_has_its_ends() -> None:
    poor, rich = opened(bit_rate=20_000), opened(bit_rate=900_000_000)
    for number in range(10):
        encode(poor, picture(320, 180, number, noise=25))
        encode(rich, picture(320, 180, number))
    assert poor.quality == QUALITIES.start
    assert rich.quality == QUALITIES.stop - 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (17, 33), (1919, 1079)])
def test_odd_sizes(width: int, height: int) -> None:
    pixels = picture(width, height, 0)
    frame = encode(opened(width, height, max(2_000_000, 20 * width * height)), pixels)
    got = Decoder(VideoCodec.MJPEG).pixels(frame.data, width, height)
    assert got.shape[:2] == (height, width) == (frame.height, frame.width)
    assert psnr(got, pixels[..., :3]) > 28


def test_a_part_is_cropped_and_a_larger_one_halved() -> None:
    whole = picture(800, 400, 0)
    encoder, decoder = opened(bit_rate=20_000_000), Decoder(VideoCodec.MJPEG)
    frame = encoder.encode(whole.tobytes(), 3200, time_ms=0, rect=Rect.sized(9, 4, 320, 180))
    assert psnr(decoder.pixels(frame.data, 320, 180), whole[4:184, 9:329, :3]) > 33
    frame = encoder.encode(whole.tobytes(), 3200, time_ms=0, rect=Rect.sized(9, 4, 639, 360))
    assert psnr(decoder.pixels(frame.data, 320, 180), whole[4:364:2, 9:649:2, :3]) > 28


@pytest.mark.parametrize(
    ("size", "stride", "rect"),
    [
        (319, 16, None),
        (320, 15, None),
        (320, 16, Rect(0, 0, 5, 20)),
        (320, 16, Rect(1, 0, 5, 20)),
        (320, 16, Rect(-1, 0, 3, 20)),
        (320, 16, Rect(0, 1, 4, 21)),
        (320, 16, Rect(0, 0, 8, 40)),
    ],
)
def test_pixels_that_are_not_there_are_refused(size: int, stride: int, rect: Rect | None) -> None:
    with pytest.raises(EncoderError):
        opened(4, 20).encode(bytes(size), stride, time_ms=0, rect=rect)


@pytest.mark.parametrize(("full", "sampling"), [(False, (2, 2)), (True, (1, 1))])
def test_colours_of_every_pixel_where_they_are_asked_for(full: bool, sampling: tuple[int, int]) -> None:
    settings = replace(opened(64, 48).settings, full_chroma=full)
    file = encode(MjpegEncoder(settings), picture(64, 48, 0)).data
    (_, *first_component), *others = Image.open(io.BytesIO(file)).layer  # type: ignore[attr-defined]
    assert tuple(first_component[:2]) == sampling
    assert {tuple(component[1:3]) for component in others} == {(1, 1)}


def test_what_it_cannot_do_says_so() -> None:
    with pytest.raises(EncoderError, match="H264"):
        MjpegEncoder(
            EncoderSettings(codec=VideoCodec.H264, width=8, height=8, frames_per_second=9.0, bit_rate=10**6)
        )
    encoder = opened()
    assert encoder.takes is None
    with pytest.raises(EncoderError, match="no planes"):
        encoder.encode_planes(Planes(PlanesSpec(320, 180, False, False, ()), b""), time_ms=0)
    with pytest.raises(EncoderError):
        encoder.set_rate(0, 30.0)
    encoder.close()
    for ask in (lambda: encode(encoder, picture(320, 180, 0)), lambda: encoder.set_rate(10**6, 30.0)):
        with pytest.raises(EncoderError, match="closed"):
            ask()
