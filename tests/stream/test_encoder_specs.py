"""The table of FFmpeg's encoders is sound: their names and options are FFmpeg's."""

from typing import Any

import av
import pytest

from gspice.stream.encoder_specs import SPECS, EncoderSpec, RateChange
from gspice.stream.video_encoder import EncoderSettings, VideoCodec


def settings_for(spec: EncoderSpec) -> EncoderSettings:
    return EncoderSettings(
        codec=spec.codec, width=64, height=64, frames_per_second=30.0, bit_rate=1_000_000, threads=4
    )


def known(spec: EncoderSpec) -> Any:
    try:
        return av.Codec(spec.name, "w")
    except av.codec.codec.UnknownCodecError:
        return None


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_options_and_pixels_are_ffmpegs(spec: EncoderSpec) -> None:
    codec = known(spec)
    if codec is None:
        assert not spec.software
        return
    options = av.CodecContext.create(spec.name, "w").supported_options
    own = {option.name for part in (options.generic, options.private) for option in part}
    assert set(spec.options(settings_for(spec))) <= own
    formats = {each.name for each in codec.video_formats or ()}
    assert spec.pixels in formats
    assert not spec.full_chroma or "yuv444p" in formats


@pytest.mark.parametrize("codec", [codec for codec in VideoCodec if codec is not VideoCodec.MJPEG])
def test_every_codec_has_software_behind_its_hardware(codec: VideoCodec) -> None:
    kinds = [spec.software for spec in SPECS if spec.codec is codec]
    assert kinds == sorted(kinds) and kinds.count(True) == 1


def test_ranges_without_opening_again_hold_the_opening_rate() -> None:
    for spec in SPECS:
        assert 0 < spec.lowest < 1 <= spec.highest
        assert spec.rate is not RateChange.REOPEN or spec.highest == 1.0
