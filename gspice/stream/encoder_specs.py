"""The encoders of FFmpeg that are used, and how each is told to give every frame at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from types import MappingProxyType
from typing import Final

from gspice.stream.video_encoder import EncoderSettings, VideoCodec

BUFFER_SECONDS: Final = 0.2
"""What one frame may take beyond its share, in seconds of the rate: latency comes before sharpness."""
KEY_PERCENT: Final = 400
"""A key frame of libvpx, in percent of a frame's share."""
NO_KEY_FRAMES: Final = 1 << 20
"""Frames between key frames: nothing is lost on the way, so none is needed until one is asked for."""

Options = Mapping[str, str]


class RateChange(Enum):
    """How an encoder takes another rate while it runs."""

    BIT_RATE = auto()
    """FFmpeg looks at the context's bit rate with each frame."""
    FRAME_TIME = auto()
    """FFmpeg does not; but a frame that says it lasts longer gets so much more."""
    REOPEN = auto()
    """Neither: it is opened again, and begins with a key frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """One encoder of FFmpeg."""

    name: str
    codec: VideoCodec
    pixels: str
    """FFmpeg's name of the planes that it takes: yuv420p or nv12."""
    full_chroma: bool = False
    """Whether it takes yuv444p as well."""
    hardware: str = ""
    """Whose interface it is; empty for software."""
    device: str = ""
    """FFmpeg's kind of device through which frames are handed over, where one is needed."""
    even: bool = True
    """Sides must be even where chroma has half of them."""
    least: int = 2
    """Pixels of the shortest side; less is filled up."""
    rate: RateChange = RateChange.REOPEN
    lowest: float = 1 / 3
    """Frames get as little as that part of what they had at opening, without opening again: the buffer, whose bits stay
    the same, would allow too much of a delay."""
    highest: float = 1.0
    """And as much as that."""
    opens_highest: bool = False
    """It must be opened with the highest rate, and told of the real one afterwards."""
    options: Callable[[EncoderSettings], Options] = field(default=lambda _: MappingProxyType({}))

    @property
    def software(self) -> bool:
        return not self.hardware


def _buffer(settings: EncoderSettings) -> int:
    """Bits: at least two frames."""
    return int(max(BUFFER_SECONDS, 2 / settings.frames_per_second) * settings.bit_rate)


def _x264(settings: EncoderSettings) -> Options:
    # CBR, which is what allows other rates later. Chroma lies in the middle of its four pixels: say so.
    return {
        "preset": "superfast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "maxrate": str(int(settings.bit_rate * X264_HIGHEST)),
        "bufsize": str(_buffer(settings)),
        "x264-params": "scenecut=0:chromaloc=1:log-level=none",
    }


def _x265(settings: EncoderSettings) -> Options:
    pools = "none" if settings.threads == 1 else str(settings.threads)
    return {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "x265-params": f"log-level=none:frame-threads=1:pools={pools}:scenecut=0:chromaloc=1"
        f":vbv-maxrate={settings.bit_rate // 1000}:vbv-bufsize={_buffer(settings) // 1000}",
    }


def _vpx(settings: EncoderSettings) -> dict[str, str]:
    rate = str(settings.bit_rate)
    return {
        "deadline": "realtime",
        "lag-in-frames": "0",
        "error-resilient": "0",
        "auto-alt-ref": "0",
        "drop-threshold": "0",
        "minrate": rate,
        "maxrate": rate,
        "bufsize": str(_buffer(settings)),
        "rc_init_occupancy": str(_buffer(settings) * 2 // 3),
        "undershoot-pct": "95",
        "overshoot-pct": "15",
        "max-intra-rate": str(KEY_PERCENT),
    }


def _vp8(settings: EncoderSettings) -> Options:
    # A positive number lets libvpx look at the clock: the same pixels would give other bytes.
    return {**_vpx(settings), "cpu-used": "-8", "static-thresh": "1"}


def _vp9(settings: EncoderSettings) -> Options:
    columns = min(settings.threads.bit_length() - 1, 2)
    return {**_vpx(settings), "cpu-used": "8", "aq-mode": "3", "row-mt": "1", "tile-columns": str(columns)}


def _nvenc(settings: EncoderSettings) -> Options:
    return {
        "preset": "p3",
        "tune": "ull",
        "rc": "cbr",
        "zerolatency": "1",
        "delay": "0",
        "forced-idr": "1",
        "no-scenecut": "1",
        "bufsize": str(_buffer(settings)),
    }


def _vaapi(settings: EncoderSettings) -> Options:
    return {
        "async_depth": "1",
        "rc_mode": "CBR",
        "maxrate": str(settings.bit_rate),
        "bufsize": str(_buffer(settings)),
    }


def _qsv(settings: EncoderSettings) -> Options:
    return {
        "async_depth": "1",
        "preset": "veryfast",
        "forced_idr": "1",
        "maxrate": str(settings.bit_rate),
        "bufsize": str(_buffer(settings)),
    }


X264_HIGHEST: Final = 4.0
_nvenc_spec = partial(
    EncoderSpec,
    hardware="NVENC",
    pixels="yuv420p",
    full_chroma=True,
    least=160,
    rate=RateChange.BIT_RATE,
    highest=3.0,
    options=_nvenc,
)
_vaapi_spec = partial(EncoderSpec, hardware="VAAPI", device="vaapi", pixels="nv12", least=128, options=_vaapi)
_qsv_spec = partial(EncoderSpec, hardware="QSV", device="qsv", pixels="nv12", least=128, options=_qsv)

H264, H265, VP8, VP9 = VideoCodec.H264, VideoCodec.H265, VideoCodec.VP8, VideoCodec.VP9
SPECS: Final[tuple[EncoderSpec, ...]] = (
    _nvenc_spec(name="h264_nvenc", codec=H264),
    _vaapi_spec(name="h264_vaapi", codec=H264),
    _qsv_spec(name="h264_qsv", codec=H264),
    EncoderSpec(
        name="libx264",
        codec=H264,
        pixels="yuv420p",
        full_chroma=True,
        rate=RateChange.BIT_RATE,
        highest=X264_HIGHEST,
        opens_highest=True,
        options=_x264,
    ),
    _nvenc_spec(name="hevc_nvenc", codec=H265),
    _vaapi_spec(name="hevc_vaapi", codec=H265),
    _qsv_spec(name="hevc_qsv", codec=H265),
    EncoderSpec(name="libx265", codec=H265, pixels="yuv420p", full_chroma=True, least=32, options=_x265),
    _vaapi_spec(name="vp8_vaapi", codec=VP8),
    EncoderSpec(
        name="libvpx",
        codec=VP8,
        pixels="yuv420p",
        even=False,
        least=1,
        rate=RateChange.FRAME_TIME,
        highest=3.0,
        options=_vp8,
    ),
    _vaapi_spec(name="vp9_vaapi", codec=VP9),
    _qsv_spec(name="vp9_qsv", codec=VP9),
    EncoderSpec(
        name="libvpx-vp9",
        codec=VP9,
        pixels="yuv420p",
        full_chroma=True,
        even=False,
        least=1,
        rate=RateChange.FRAME_TIME,
        highest=3.0,
        options=_vp9,
    ),
)
"""Of each codec in the order in which they are tried: hardware first, and software behind it."""
