"""Settings that change while the server runs."""

import logging

import pytest

from gspice.errors import ConfigError
from gspice.server.settings import LiveSettings
from gspice.server.video_codecs import VideoCodec
from gspice.stream.compression import VIDEO_CODECS

VALUES = {
    "image_compression": range(8),
    "jpeg_compression": range(1, 4),
    "zlib_glz_compression": range(1, 4),
    "streaming_video": range(4),
}
SWITCHES = (
    "playback_compression",
    "agent_mouse",
    "agent_copypaste",
    "agent_file_xfer",
    "seamless_migration",
    "exit_on_disconnect",
)


@pytest.mark.parametrize("name", VALUES)
def test_numbers_are_kept_told_and_checked(name: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = LiveSettings()
    told: list[str] = []
    settings.changed = told.append
    with caplog.at_level(logging.DEBUG):
        for value in VALUES[name]:
            getattr(settings, f"set_{name}")(value)
            assert getattr(settings, name) == value
    assert told == [name] * len(VALUES[name]) and len(caplog.records) == len(told)
    kept = getattr(settings, name)
    for wrong in (VALUES[name].start - 1, VALUES[name].stop, -5, 1 << 40):
        with pytest.raises(ConfigError, match=f"{wrong} is none of"):
            getattr(settings, f"set_{name}")(wrong)
    assert getattr(settings, name) == kept and len(told) == len(VALUES[name])


@pytest.mark.parametrize("name", SWITCHES)
def test_switches(name: str) -> None:
    settings = LiveSettings()
    for on in (True, False, True):
        settings.set_switch(name, on)
        assert getattr(settings, name) is on


def test_what_is_no_switch() -> None:
    with pytest.raises(ConfigError, match="not a switch"):
        LiveSettings().set_switch("image_compression", True)


def test_defaults_are_those_that_hosts_count_on() -> None:
    settings = LiveSettings()
    numbers = [getattr(settings, name) for name in VALUES]
    assert numbers == [0, 1, 1, 0]
    assert [getattr(settings, name) for name in SWITCHES] == [True, True, True, True, False, False]
    assert settings.video_codecs[0] == VideoCodec("spice", "mjpeg")


def test_our_own_order_of_codecs_stands_for_auto() -> None:
    settings = LiveSettings()
    assert settings.display.video_codecs == VIDEO_CODECS
    settings.set_video_codecs("spice:mjpeg;gstreamer:vp8")
    assert settings.display.video_codecs == (("spice", "mjpeg"), ("gstreamer", "vp8"))
    settings.set_video_codecs("auto")
    assert settings.display.video_codecs == VIDEO_CODECS


def test_all_colours_of_video_are_asked_for() -> None:
    settings = LiveSettings()
    assert not settings.display.full_chroma
    told: list[str] = []
    settings.changed = told.append
    settings.set_video_chroma(True)
    assert settings.display.full_chroma and told == ["video_full_chroma"]


def test_codecs_that_are_none_leave_the_old_ones() -> None:
    settings = LiveSettings()
    settings.set_video_codecs("gstreamer:h264")
    with pytest.raises(ConfigError):
        settings.set_video_codecs("nothing")
    assert settings.video_codecs == (VideoCodec("gstreamer", "h264"),)


@pytest.mark.parametrize(
    ("compression", "streaming", "level"), [(4, 1, 1), (4, 2, 0), (4, 3, 0), (1, 1, 0), (7, 1, 0)]
)
def test_the_level_that_devices_are_told(compression: int, streaming: int, level: int) -> None:
    settings = LiveSettings()
    settings.set_image_compression(compression)
    settings.set_streaming_video(streaming)
    assert settings.compression_level == level
