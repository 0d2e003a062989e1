"""Every software encoder of FFmpeg that is used, decoded again."""

import gc
import weakref

import av
import pytest

from gspice.errors import EncoderError
from gspice.geometry import Rect
from gspice.gpu.planes import Planes
from gspice.stream.encoder_specs import SPECS, EncoderSpec, RateChange
from gspice.stream.ffmpeg_encoder import FfmpegEncoder
from gspice.stream.rgb_to_yuv import Layout, Plane, convert
from gspice.stream.video_encoder import EncodedFrame, EncoderSettings
from gspice.stream.yuv_weights import Weights
from tests.stream.video_pictures import Decoder, Picture, picture, psnr, ssim

SOFTWARE = [spec for spec in SPECS if spec.software]
every = pytest.mark.parametrize("spec", SOFTWARE, ids=lambda spec: spec.name)
RATE = 600_000


def opened(
    spec: EncoderSpec, width: int = 160, height: int = 96, bit_rate: int = RATE, *, full_chroma: bool = False
) -> FfmpegEncoder:
    settings = EncoderSettings(
        codec=spec.codec,
        width=width,
        height=height,
        frames_per_second=30.0,
        bit_rate=bit_rate,
        full_chroma=full_chroma,
    )
    return FfmpegEncoder(spec, settings)


def encode(encoder: FfmpegEncoder, pixels: Picture, *, key: bool = False, time_ms: int = 1) -> EncodedFrame:
    return encoder.encode(pixels.tobytes(), 4 * pixels.shape[1], time_ms=time_ms, key=key)


@every
def test_a_hundred_frames_come_out_one_by_one_and_look_the_same(spec: EncoderSpec) -> None:
    encoder, decoder = opened(spec), Decoder(spec.codec)
    levels, likeness, keys = [], [], []
    for number in range(100):
        pixels = picture(160, 96, number)
        frame = encode(encoder, pixels, key=number == 50, time_ms=33 * number)
        assert frame.time_ms == 33 * number
        shown = decoder.frame(frame.data)
        assert (frame.width, frame.height) == (shown.width, shown.height) == (160, 96)
        got = shown.to_ndarray(format="bgr24")
        levels.append(psnr(got, pixels[..., :3]))
        likeness.append(ssim(got, pixels[..., :3]))
        if frame.key:
            keys.append(number)
    assert keys == [0, 50]
    assert min(levels[10:]) > 30 and sum(levels) / 100 > 33
    assert min(likeness[10:]) > 0.93


@every
def test_a_key_frame_stands_alone(spec: EncoderSpec) -> None:
    encoder = opened(spec)
    for number in range(5):
        encode(encoder, picture(160, 96, number))
    pixels = picture(160, 96, 5)
    frame = encode(encoder, pixels, key=True)
    assert frame.key
    assert psnr(Decoder(spec.codec).pixels(frame.data, 160, 96), pixels[..., :3]) > 25


@every
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (17, 33), (1919, 1079)])
def test_odd_sizes(spec: EncoderSpec, width: int, height: int) -> None:
    encoder, decoder = opened(spec, width, height, max(RATE, 4 * width * height)), Decoder(spec.codec)
    for number in range(2 if width > 1000 else 10):
        pixels = picture(width, height, number)
        frame = encode(encoder, pixels)
        shown = decoder.frame(frame.data)
        assert (shown.width, shown.height) == (frame.width, frame.height)
        assert frame.width >= width and frame.height >= height
        if not spec.even:
            assert (frame.width, frame.height) == (width, height)
        if spec.name == "libvpx" and height > 576:
            continue  # FFmpeg takes all VP8 for BT.601; see yuv_weights
        assert psnr(shown.to_ndarray(format="bgr24")[:height, :width], pixels[..., :3]) > 24


@every
def test_says_what_its_colours_are(spec: EncoderSpec) -> None:
    for height, matrices in ((576, {5, 6}), (578, {1})):
        frame = encode(encoder := opened(spec, 64, height), picture(64, height, 0))
        encoder.close()
        shown = Decoder(spec.codec).frame(frame.data)
        if spec.name != "libvpx":
            assert int(shown.colorspace) in matrices
            assert int(shown.color_range) == 1


def mean_bits(encoder: FfmpegEncoder, first: int, count: int) -> tuple[float, int]:
    """Bits a frame, and key frames among them, of pictures that take more than there is."""
    frames = [encode(encoder, picture(160, 96, first + n, noise=25)) for n in range(count)]
    settled = frames[count // 3 :]
    return 8 * sum(len(frame.data) for frame in settled) / len(settled), sum(frame.key for frame in frames)


@every
def test_the_rate_is_kept_to_from_the_first_frame_on(spec: EncoderSpec) -> None:
    encoder = opened(spec)
    sizes = [8 * len(encode(encoder, picture(160, 96, n, noise=25)).data) for n in range(30)]
    assert sizes[0] < RATE * 0.4
    assert sum(sizes) == pytest.approx(RATE, rel=0.3)


@every
def test_another_rate_is_followed(spec: EncoderSpec) -> None:
    """From 600 kbit/s to half, to twice and half again as much, at half the frames."""
    encoder = opened(spec)
    mean_bits(encoder, 0, 20)
    for turn, (rate, frames) in enumerate(
        [(300_000, 30.0), (RATE, 30.0), (1_200_000, 30.0), (300_000, 15.0)]
    ):
        encoder.set_rate(rate, frames)
        bits, keys = mean_bits(encoder, 100 * turn, 60)
        assert bits == pytest.approx(rate / frames, rel=0.25), f"turn {turn}"
        assert keys == (1 if spec.rate is RateChange.REOPEN else 0)
        assert (encoder.settings.bit_rate, encoder.settings.frames_per_second) == (rate, frames)


@every
def test_far_from_where_it_began_it_is_opened_again(spec: EncoderSpec) -> None:
    encoder = opened(spec)
    encode(encoder, picture(160, 96, 0))
    for rate in (60_000, 6_000_000):
        encoder.set_rate(rate, 30.0)
        assert encode(encoder, picture(160, 96, 1)).key
        assert not encode(encoder, picture(160, 96, 2)).key


@every
def test_a_scene_that_changes_does_not_burst(spec: EncoderSpec) -> None:
    encoder = opened(spec)
    for number in range(30):
        encode(encoder, picture(160, 96, number))
    frame = encode(encoder, 255 - picture(160, 96, 400, noise=25))
    assert 8 * len(frame.data) < RATE * 0.4


@pytest.mark.parametrize("spec", [spec for spec in SOFTWARE if spec.full_chroma], ids=lambda spec: spec.name)
def test_full_chroma_keeps_thin_colours(spec: EncoderSpec) -> None:
    pixels = picture(160, 96, 0)
    pixels[:, ::2, 0], pixels[:, ::2, 2] = 255, 0
    levels = []
    for full_chroma in (False, True):
        encoder = opened(spec, bit_rate=8_000_000, full_chroma=full_chroma)
        frame = encode(encoder, pixels)
        levels.append(psnr(Decoder(spec.codec).pixels(frame.data, 160, 96), pixels[..., :3]))
    assert levels[1] > levels[0] + 8


@every
def test_a_part_is_cropped_and_a_larger_one_halved(spec: EncoderSpec) -> None:
    whole = picture(400, 300, 0)
    stride = 1600
    encoder, decoder = opened(spec, bit_rate=4_000_000), Decoder(spec.codec)
    crop = Rect.sized(31, 7, 160, 96)
    frame = encoder.encode(whole.tobytes(), stride, time_ms=0, rect=crop)
    assert psnr(decoder.pixels(frame.data, 160, 96), whole[7:103, 31:191, :3]) > 30
    frame = encoder.encode(whole.tobytes(), stride, time_ms=0, key=True, rect=Rect.sized(11, 3, 319, 192))
    small = whole[3:195:2, 11:330:2, :3]
    assert psnr(decoder.pixels(frame.data, 160, 96), small) > 25
    with pytest.raises(EncoderError, match="into video"):
        encoder.encode(whole.tobytes(), stride, time_ms=0, rect=Rect.sized(0, 0, 161, 96))


@every
def test_closing_in_the_middle(spec: EncoderSpec) -> None:
    encoder = opened(spec)
    encode(encoder, picture(160, 96, 0))
    encoder.close()
    encoder.close()
    with pytest.raises(EncoderError, match="closed"):
        encode(encoder, picture(160, 96, 1))
    with pytest.raises(EncoderError, match="closed"):
        encoder.set_rate(RATE, 30.0)
    gone = weakref.ref(encoder)
    del encoder
    gc.collect()
    assert gone() is None


@every
def test_pixels_that_are_too_few_are_refused_and_the_next_frame_is_fine(spec: EncoderSpec) -> None:
    encoder = opened(spec)
    good = picture(160, 96, 0)
    for data, stride in ((good.tobytes()[:-1], 640), (good.tobytes(), 639), (b"", 640)):
        with pytest.raises(EncoderError, match=spec.name):
            encoder.encode(data, stride, time_ms=0)
    assert encode(encoder, good).key


@every
def test_rates_out_of_range_are_refused(spec: EncoderSpec) -> None:
    encoder = opened(spec)
    for rate, frames in ((0, 30.0), (1 << 50, 30.0), (RATE, 0.0), (RATE, 1e6)):
        with pytest.raises(EncoderError):
            encoder.set_rate(rate, frames)
    assert encoder.settings.bit_rate == RATE


@every
def test_what_it_cannot_do_says_so(spec: EncoderSpec) -> None:
    other = next(each for each in SOFTWARE if each.codec is not spec.codec)
    with pytest.raises(EncoderError, match=other.codec.name):
        FfmpegEncoder(spec, opened(other).settings)
    if not spec.full_chroma:
        with pytest.raises(EncoderError, match="4:4:4"):
            opened(spec, full_chroma=True)


def test_an_encoder_that_ffmpeg_does_not_have_says_so() -> None:
    spec = EncoderSpec(name="h264_from_nowhere", codec=SOFTWARE[0].codec, pixels="yuv420p")
    with pytest.raises(EncoderError, match=r"h264_from_nowhere does not open.*built without"):
        opened(spec)


def test_why_an_encoder_does_not_open_is_what_ffmpeg_says() -> None:
    wrong = EncoderSpec(
        name="libx264",
        codec=SOFTWARE[0].codec,
        pixels="yuv420p",
        options=lambda _: {"preset": "slowest of all"},
    )
    before = av.logging.get_level()
    try:
        for level in (None, av.logging.ERROR):
            av.logging.set_level(level)
            for _ in range(2):
                with pytest.raises(EncoderError, match=r"libx264 does not open .*slowest of all"):
                    opened(wrong)
            assert av.logging.get_level() == level
    finally:
        av.logging.set_level(before)


@pytest.mark.parametrize(
    ("spec", "full_chroma"),
    [(spec, full) for spec in SOFTWARE for full in (False, True) if spec.full_chroma or not full],
    ids=lambda value: value.name if isinstance(value, EncoderSpec) else str(value),
)
def test_planes_are_as_good_as_pixels(spec: EncoderSpec, full_chroma: bool) -> None:
    one, other = (opened(spec, 155, 91, full_chroma=full_chroma) for _ in range(2))
    for number in range(4):
        pixels = picture(155, 91, number)
        takes = other.takes
        assert takes is not None and takes.full_chroma == full_chroma
        planes = [Plane(bytearray(takes.stride * takes.height), takes.stride)]
        size = takes.chroma_stride * takes.chroma_height
        planes += [Plane(bytearray(size), takes.chroma_stride) for _ in range(2)]
        numbers = [takes.weights[at : at + 4] for at in (0, 4, 8)]
        convert(
            pixels.tobytes(), 4 * 155, Rect(0, 0, 155, 91), planes, takes.width, takes.height,
            Layout.YUV444 if full_chroma else Layout.YUV420, Weights(*numbers),  # type: ignore[arg-type]
        )  # fmt: skip
        made = Planes(takes, b"".join(bytes(plane.data) for plane in planes))
        key = number == 2
        wanted = encode(one, pixels, key=key, time_ms=number)
        assert other.encode_planes(made, time_ms=number, key=key) == wanted
    with pytest.raises(EncoderError, match="takes planes of"):
        other.encode_planes(made._replace(spec=made.spec._replace(width=8)), time_ms=9)
    other.close()
    with pytest.raises(EncoderError, match="closed"):
        other.encode_planes(made, time_ms=9)
