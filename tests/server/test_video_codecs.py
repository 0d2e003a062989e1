"""The notation of video codecs."""

import pytest

from gspice.errors import ConfigError
from gspice.server.video_codecs import (
    CODECS,
    DEFAULT,
    ENCODERS,
    VideoCodec,
    format_video_codecs,
    parse_video_codecs,
)


def test_lists_are_taken_in_order_and_each_entry_once() -> None:
    assert parse_video_codecs("gstreamer:vp8;spice:mjpeg;gstreamer:vp8;") == (
        VideoCodec("gstreamer", "vp8"),
        VideoCodec("spice", "mjpeg"),
    )


def test_auto() -> None:
    assert parse_video_codecs("auto") == DEFAULT
    assert parse_video_codecs(format_video_codecs(DEFAULT)) == DEFAULT


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("codec", CODECS)
def test_every_pair_of_known_names(encoder: str, codec: str) -> None:
    text = f"{encoder}:{codec}"
    assert format_video_codecs(parse_video_codecs(text)) == text


def test_unknown_parts_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    text = "gstreamer:av2;;vp8;nobody:vp9;gstreamer:;:vp8; gstreamer:h264;gstreamer:vp9"
    assert parse_video_codecs(text) == (VideoCodec("gstreamer", "vp9"),)
    assert len(caplog.records) == 6 and "'gstreamer:av2'" in caplog.text


@pytest.mark.parametrize(
    "text", ["", ";", "AUTO", "auto;auto", "mjpeg", "spice", "\0", "spice:mjpeg:" * 1000]
)
def test_nothing_is_left(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_video_codecs(text)
