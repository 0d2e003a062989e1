"""Which encoder is taken, with FFmpeg's own and with made-up ones."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gspice.errors import EncoderError
from gspice.geometry import Rect
from gspice.server.video_codecs import DEFAULT, parse_video_codecs
from gspice.stream.encoder_choice import CODEC_CAPS, MULTI_CODEC, EncoderChoice, client_codecs, codec_order
from gspice.stream.encoder_specs import EncoderSpec
from gspice.stream.ffmpeg_encoder import FfmpegEncoder
from gspice.stream.video_encoder import EncodedFrame, EncoderSettings, VideoCodec, VideoEncoder
from gspice.wire.caps import DisplayCap

MJPEG, VP8, H264, VP9, H265 = (
    VideoCodec.MJPEG,
    VideoCodec.VP8,
    VideoCodec.H264,
    VideoCodec.VP9,
    VideoCodec.H265,
)
ALL_CAPS = {MULTI_CODEC, *CODEC_CAPS.values()}
SETTINGS = EncoderSettings(
    codec=H264, width=64, height=48, frames_per_second=30.0, bit_rate=1_000_000, full_chroma=True
)
HARD = EncoderSpec(name="hard", codec=H264, pixels="yuv420p", hardware="NVENC")
SOFT = EncoderSpec(name="soft", codec=H264, pixels="yuv420p", full_chroma=True)
OTHER = EncoderSpec(name="other", codec=VP8, pixels="yuv420p")


class FakeEncoder(VideoEncoder):
    """Gives key frames when asked to."""

    def __init__(self, spec: EncoderSpec, settings: EncoderSettings) -> None:
        self.name, self.settings, self.closed, self.count = spec.name, settings, False, 0

    def encode(
        self,
        pixels: bytes | bytearray | memoryview,
        stride: int,
        *,
        time_ms: int,
        key: bool = False,
        rect: Rect | None = None,
    ) -> EncodedFrame:
        self.count += 1
        return EncodedFrame(b"x", key or self.count == 1, time_ms, 1, 1)

    def set_rate(self, bit_rate: int, frames_per_second: float) -> None:
        self.settings = replace(self.settings, bit_rate=bit_rate)

    def close(self) -> None:
        self.closed = True


class Opener:
    """Makes fake encoders; those in ``broken`` do not open, or not for more than the trial."""

    def __init__(self, *broken: str, small_only: str = "", keyless: str = "") -> None:
        self.broken, self.small_only, self.keyless = broken, small_only, keyless
        self.made: list[FakeEncoder] = []

    def __call__(self, spec: EncoderSpec, settings: EncoderSettings) -> VideoEncoder:
        if spec.name in self.broken:
            raise EncoderError(f"{spec.name} is broken")
        if spec.name == self.small_only and settings.width != 256:
            raise EncoderError("too many sessions")
        self.made.append(FakeEncoder(spec, settings))
        if spec.name == self.keyless:
            self.made[-1].count = 1
        return self.made[-1]


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[Path]:
    """A machine with a GPU's device file."""
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch()
    yield tmp_path


def test_capabilities_are_the_wires() -> None:
    assert int(DisplayCap.MULTI_CODEC) == MULTI_CODEC
    assert {f"CODEC_{codec.name}": cap for codec, cap in CODEC_CAPS.items()} == {
        cap.name: cap for cap in DisplayCap if cap.name.startswith("CODEC_")
    }


def test_what_a_client_can_show() -> None:
    assert client_codecs(set()) == (MJPEG,)
    assert client_codecs({DisplayCap.CODEC_H264}) == (MJPEG,)
    assert client_codecs({MULTI_CODEC}) == ()
    assert set(client_codecs({MULTI_CODEC, DisplayCap.CODEC_VP8, DisplayCap.CODEC_H265})) == {VP8, H265}


@pytest.mark.parametrize(
    ("text", "caps", "preferred", "order"),
    [
        ("gstreamer:h264;spice:mjpeg;gstreamer:vp8", ALL_CAPS, (), (H264, MJPEG, VP8)),
        ("gstreamer:mjpeg;spice:mjpeg;spice:h265", ALL_CAPS, (), (MJPEG, H265)),
        ("gstreamer:h264;gstreamer:vp8", ALL_CAPS, (), (H264, VP8, MJPEG)),
        ("gstreamer:h264;gstreamer:vp8", {MULTI_CODEC, DisplayCap.CODEC_VP8}, (), (VP8,)),
        ("gstreamer:h264;gstreamer:vp8", set(), (), (MJPEG,)),
        ("gstreamer:h264", {MULTI_CODEC}, (), ()),
        ("gstreamer:h264;gstreamer:vp8;gstreamer:vp9", ALL_CAPS, (4, 77, 2, 4, 0), (VP9, VP8, H264, MJPEG)),
        ("gstreamer:h264", ALL_CAPS, (1, 3), (H264, MJPEG)),
        ("gstreamer:h264;gstreamer:h265", ALL_CAPS, (255, 5), (H265, H264, MJPEG)),
    ],
)
def test_the_order_is_the_operators_then_the_clients(
    text: str, caps: set[int], preferred: tuple[int, ...], order: tuple[VideoCodec, ...]
) -> None:
    assert codec_order(parse_video_codecs(text), caps, preferred) == order


def test_libspices_default_begins_with_mjpeg() -> None:
    assert codec_order(DEFAULT, ALL_CAPS) == (MJPEG, H264, VP8, VP9)


def test_hardware_comes_first_and_is_logged_once(devices: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    opener = Opener()
    choice = EncoderChoice(specs=(HARD, SOFT), open_one=opener, devices=devices)
    for _ in range(3):
        encoder = choice.open([H264], SETTINGS)
        assert encoder.name == "hard"
        assert not encoder.settings.full_chroma  # it cannot
    trial, *used = opener.made
    assert trial.closed and trial.settings.width == 256
    assert not any(each.closed for each in used)
    assert [record.message for record in caplog.records] == ["video encoder hard (NVENC) works"]
    assert [(each.name, each.reason) for each in choice.tried] == [("hard", "")]


@pytest.mark.parametrize("opener", [Opener("hard"), Opener(keyless="hard")])
def test_what_does_not_work_gives_way_and_is_logged_once(
    opener: Opener, devices: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    choice = EncoderChoice(specs=(HARD, SOFT), open_one=opener, devices=devices)
    for _ in range(3):
        encoder = choice.open([H264], SETTINGS)
        assert encoder.name == "soft" and encoder.settings.full_chroma
    messages = [record.message for record in caplog.records]
    assert len(messages) == 2
    assert messages[0].startswith("video encoder hard is not used: hard ")
    assert messages[1] == "video encoder soft (software) works"


def test_one_stream_too_many_gives_way_for_that_stream_alone(
    devices: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opener = Opener(small_only="hard")
    choice = EncoderChoice(specs=(HARD, SOFT), open_one=opener, devices=devices)
    caplog.set_level(logging.INFO)
    assert [choice.open([H264], SETTINGS).name for _ in range(2)] == ["soft", "soft"]
    assert sum("too many sessions" in record.message for record in caplog.records) == 1
    opener.small_only = ""
    assert choice.open([H264], SETTINGS).name == "hard"


@pytest.mark.parametrize("hardware", [True, False])
def test_hardware_that_may_not_be_or_is_not_there_is_not_touched(tmp_path: Path, hardware: bool) -> None:
    opener = Opener()
    choice = EncoderChoice(specs=(HARD, SOFT), open_one=opener, devices=tmp_path, hardware=hardware)
    assert choice.open([H264], SETTINGS).name == "soft"
    assert {each.name for each in opener.made} == {"soft"}
    assert choice.tried[0].reason == (
        "no render node in /dev/dri, and no NVIDIA device file" if hardware else "hardware is turned off"
    )


def test_the_next_codec_takes_over_and_without_one_there_are_reasons(devices: Path) -> None:
    choice = EncoderChoice(specs=(HARD, SOFT, OTHER), open_one=Opener("hard", "soft"), devices=devices)
    encoder = choice.open([H265, H264, VP8], SETTINGS)
    assert (encoder.name, encoder.settings.codec) == ("other", VP8)
    with pytest.raises(EncoderError, match=r"hard is broken; soft: soft is broken"):
        choice.open([H264], SETTINGS)
    with pytest.raises(EncoderError, match="no codec"):
        choice.open([], SETTINGS)


@pytest.mark.parametrize("codec", list(VideoCodec))
def test_every_codec_has_one_that_really_works(codec: VideoCodec) -> None:
    choice = EncoderChoice(hardware=False)
    encoder = choice.open([codec], SETTINGS)
    assert encoder.settings.codec is codec
    assert encoder.encode(bytes(64 * 48 * 4), 256, time_ms=1).key
    encoder.close()


def test_warming_tries_until_one_works() -> None:
    opened: list[str] = []

    def open_one(spec: EncoderSpec, settings: EncoderSettings) -> VideoEncoder:
        opened.append(spec.name)
        if spec.codec is VideoCodec.H264:
            raise EncoderError("not here")
        return FfmpegEncoder(spec, settings)

    choice = EncoderChoice(open_one=open_one, hardware=False)
    choice.warm((VideoCodec.H264, VideoCodec.VP8, VideoCodec.VP9))
    assert opened == ["libx264", "libvpx"]
    choice.warm((VideoCodec.H264, VideoCodec.VP8))
    choice.warm((VideoCodec.MJPEG, VideoCodec.VP9))
    assert opened == ["libx264", "libvpx"], "what is known is not tried again"
