"""What all encoders take, and what none does."""

import pytest

from gspice.errors import EncoderError
from gspice.stream.video_encoder import MAX_SIDE, MAX_THREADS, EncoderSettings, VideoCodec


def test_codecs_have_the_wires_numbers() -> None:
    assert {codec.name: int(codec) for codec in VideoCodec} == {
        "MJPEG": 1,
        "VP8": 2,
        "H264": 3,
        "VP9": 4,
        "H265": 5,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 0),
        ("width", MAX_SIDE + 1),
        ("height", -1),
        ("height", 1 << 40),
        ("bit_rate", 0),
        ("bit_rate", 1 << 40),
        ("frames_per_second", 0.0),
        ("frames_per_second", 1e9),
        ("frames_per_second", float("nan")),
        ("threads", 0),
        ("threads", MAX_THREADS + 1),
    ],
)
def test_settings_out_of_range_say_so(field: str, value: float) -> None:
    good = {"width": 64, "height": 48, "frames_per_second": 30.0, "bit_rate": 1_000_000, "threads": 1}
    EncoderSettings(codec=VideoCodec.VP8, **good)  # type: ignore[arg-type]
    with pytest.raises(EncoderError):
        EncoderSettings(codec=VideoCodec.VP8, **{**good, field: value})  # type: ignore[arg-type]
