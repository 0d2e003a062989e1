"""One stream: what becomes of its frames, its rate and its encoder."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from gspice.errors import EncoderError
from gspice.geometry import Rect
from gspice.pixels import Pixels, SurfaceFormat
from gspice.stream.client_stream import ClientStream, Packed
from gspice.stream.detect.video_detector import VideoRegion
from gspice.stream.encoder_choice import EncoderChoice
from gspice.stream.encoder_specs import EncoderSpec
from gspice.stream.video_encoder import EncodedFrame, EncoderSettings, VideoCodec, VideoEncoder

TICKS = itertools.count()
RECT = Rect(10, 20, 74, 68)
PIXELS = Pixels(64, 48, 256, SurfaceFormat.XRGB32, bytes(range(256)) * 48)


def clock() -> float:
    """A millisecond later each time."""
    return next(TICKS) / 1000


class Recording(VideoEncoder):
    """Keeps what it is asked."""

    name = "recording"

    def __init__(self, settings: EncoderSettings) -> None:
        self.settings = settings
        self.rates: list[tuple[int, float]] = []
        self.frames = 0
        self.closed = False
        self.fails = False

    def encode(
        self, pixels: Any, stride: int, *, time_ms: int, key: bool = False, rect: Rect | None = None
    ) -> Any:
        if self.fails:
            raise EncoderError("it is broken")
        self.frames += 1
        return EncodedFrame(b"frame", self.frames == 1, time_ms, self.settings.width, self.settings.height)

    def set_rate(self, bit_rate: int, frames_per_second: float) -> None:
        self.rates.append((bit_rate, frames_per_second))

    def close(self) -> None:
        self.closed = True


class Choice(EncoderChoice):
    """Opens a recording encoder, of the codec that it has."""

    def __init__(self, codec: VideoCodec | None = VideoCodec.VP8) -> None:
        super().__init__()
        self.codec = codec
        self.made: list[Recording] = []

    def open(self, codecs: Any, settings: EncoderSettings) -> VideoEncoder:
        if self.codec is None:
            raise EncoderError("there is none")
        assert self.codec in tuple(codecs)
        made = Recording(EncoderSettings(
            codec=self.codec, width=settings.width, height=settings.height,
            frames_per_second=settings.frames_per_second, bit_rate=settings.bit_rate,
        ))  # fmt: skip
        self.made.append(made)
        return made


def stream(choice: EncoderChoice, codecs: Sequence[VideoCodec] = (VideoCodec.VP8,)) -> ClientStream:
    return ClientStream(3, VideoRegion(1, RECT, 30.0, 5.0), codecs, choice, link_rate=None)


def one_frame(made: ClientStream, now: float) -> EncodedFrame | None:
    assert made.rate.offer(now)
    frame = made.packed(made.job(PIXELS, now, clock)(), now + 0.01)
    made.rate.delivered(now + 0.02, 0.01)
    return frame


def test_the_encoder_opens_with_the_first_frame() -> None:
    choice = Choice()
    made = stream(choice)
    assert made.dirty and not made.busy and made.encoder_name == ""
    job = made.job(PIXELS, 5.0, clock)
    assert made.busy and not made.dirty and not choice.made
    frame = made.packed(job(), 5.1)
    assert frame is not None and frame.time_ms == 5000
    made.rate.delivered(5.2, 0.01)
    assert (made.codec, made.encoder_name) == (VideoCodec.VP8, "recording")
    assert one_frame(made, 6.0) is not None
    assert len(choice.made) == 1 and choice.made[0].frames == 2


def test_what_cannot_be_packed_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    made = stream(Choice(None))
    assert made.packed(made.job(PIXELS, 5.0, clock)(), 5.1) is None
    assert made.ended and "there is none" in caplog.text


def test_an_encoder_that_breaks_is_closed() -> None:
    choice = Choice()
    made = stream(choice)
    one_frame(made, 5.0)
    choice.made[0].fails = True
    assert one_frame(made, 6.0) is None
    assert made.ended and choice.made[0].closed


def test_one_that_is_ended_with_a_frame_in_the_pool_closes_its_encoder_afterwards() -> None:
    choice = Choice()
    made = stream(choice)
    job = made.job(PIXELS, 5.0, clock)
    made.end()
    packed = job()
    assert not choice.made[0].closed
    assert made.packed(packed, 5.1) is None
    assert choice.made[0].closed


def test_one_that_is_ended_at_rest_closes_its_encoder_at_once() -> None:
    choice = Choice()
    made = stream(choice)
    one_frame(made, 5.0)
    made.end()
    made.end()
    assert choice.made[0].closed


def test_the_rate_is_the_codec_s_that_was_found() -> None:
    """MJPEG takes several times as much as what was hoped for."""
    codecs = (VideoCodec.H264, VideoCodec.MJPEG)
    hoped, found = stream(Choice(VideoCodec.H264), codecs), stream(Choice(VideoCodec.MJPEG), codecs)
    for made in (hoped, found):
        now = 5.0
        for _ in range(60):
            if made.rate.offer(now):
                made.packed(made.job(PIXELS, now, clock)(), now + 0.001)
                made.rate.delivered(now + 0.002, 0.001)
            now += 1 / 30
    assert found.rate.rate.bit_rate > 4 * hoped.rate.rate.bit_rate


def test_the_encoder_is_told_of_another_rate_once() -> None:
    choice = Choice()
    made = stream(choice)

    def play(frames: int, now: float) -> None:
        for number in range(frames):
            if made.rate.offer(now + number / 30):
                made.packed(made.job(PIXELS, now + number / 30, clock)(), now + number / 30)
                made.rate.delivered(now + number / 30 + 0.001, 0.001)

    play(200, 5.0)
    encoder = choice.made[0]
    before = len(encoder.rates)
    for _ in range(2):
        made.rate.reported(10, 10, 0, 5.0 + 200 / 30)
    play(20, 5.0 + 200 / 30)
    assert len(encoder.rates) == before + 1
    assert encoder.rates[-1][0] < encoder.settings.bit_rate


def test_a_real_encoder() -> None:
    made = stream(EncoderChoice(), (VideoCodec.MJPEG,))
    frame = one_frame(made, 5.0)
    assert frame is not None and frame.data[:2] == b"\xff\xd8"
    assert isinstance(made.job(PIXELS, 6.0, clock)(), Packed)


def test_specs_are_not_opened_for_frames_that_nobody_packs() -> None:
    def never(spec: EncoderSpec, settings: EncoderSettings) -> VideoEncoder:
        raise AssertionError("it was opened")

    stream(EncoderChoice(open_one=never))
