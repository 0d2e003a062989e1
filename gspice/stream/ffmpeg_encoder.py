"""The encoders of FFmpeg, through PyAV, which is loaded with the first of them: most hosts never stream."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any, Final

from gspice.errors import EncoderError
from gspice.geometry import Rect
from gspice.gpu.planes import Planes, PlanesSpec
from gspice.stream.encoder_specs import NO_KEY_FRAMES, EncoderSpec, RateChange
from gspice.stream.rgb_to_yuv import Layout, Plane, convert
from gspice.stream.video_encoder import EncodedFrame, EncoderSettings, VideoEncoder, check_rate
from gspice.stream.yuv_weights import matrix_for, weights

TICKS: Final = 90_000
"""Of FFmpeg's time, in a second."""
SAME_RATE: Final = 0.1
"""A change of less than that part is not worth a key frame, where it would cost one."""

_LAYOUTS = {"yuv420p": Layout.YUV420, "yuv444p": Layout.YUV444, "nv12": Layout.NV12}
_LIMITED_RANGE = 1
"""AVCOL_RANGE_MPEG."""


def load() -> ModuleType:
    """PyAV. EncoderError: it is not there, or out of reach of a host that has given up its view of the files."""
    try:
        import av  # noqa: PLC0415
    except Exception as error:
        # The libraries that it loads fail as they like.
        raise EncoderError(
            f"video needs PyAV, which cannot be loaded ({error}): install the package av"
        ) from error
    return av


class FfmpegEncoder(VideoEncoder):
    """One that is in ``encoder_specs.SPECS``. ``set_rate`` costs a key frame where the spec's range is left."""

    def __init__(self, spec: EncoderSpec, settings: EncoderSettings, *, device: str | None = None) -> None:
        """``device`` is the render node of hardware that wants one; None: FFmpeg's choice."""
        if settings.codec is not spec.codec:
            raise EncoderError(f"{spec.name} makes {spec.codec.name}, not {settings.codec.name}")
        if settings.full_chroma and not spec.full_chroma:
            raise EncoderError(f"{spec.name} cannot do 4:4:4: ask for 4:2:0")
        self.name, self.settings = spec.name, settings
        self._spec, self._device = spec, device
        self._av = load()
        self._width, self._height = (self._filled_up(side) for side in (settings.width, settings.height))
        self._pixels = "yuv444p" if settings.full_chroma else spec.pixels
        self._matrix = matrix_for(self._height)
        self._weights = weights(self._matrix, full_range=False)
        self._context: Any = None
        self._frame: Any = None
        self._opened = settings
        """With which settings the context was opened."""
        self._time = 0.0
        self._closed = False
        self._open()

    def encode(
        self,
        pixels: bytes | bytearray | memoryview,
        stride: int,
        *,
        time_ms: int,
        key: bool = False,
        rect: Rect | None = None,
    ) -> EncodedFrame:
        if self._closed:
            raise EncoderError(f"{self.name} is closed")
        shown, halve = self._shown(rect)
        return self._encoded(lambda: self._filled(pixels, stride, shown, halve=halve), time_ms, key=key)

    @property
    def takes(self) -> PlanesSpec | None:
        if self._pixels not in ("yuv420p", "yuv444p"):
            return None
        made = self._weights
        numbers = (*made.y, *made.cb, *made.cr)
        return PlanesSpec(self._width, self._height, self.settings.full_chroma, False, numbers)

    def encode_planes(self, planes: Planes, *, time_ms: int, key: bool = False) -> EncodedFrame:
        if self._closed:
            raise EncoderError(f"{self.name} is closed")
        if planes.spec != self.takes:
            raise EncoderError(f"{self.name} takes planes of {self.takes}, and these are of {planes.spec}")
        return self._encoded(lambda: self._copied(planes), time_ms, key=key)

    def _encoded(self, filled: Callable[[], Any], time_ms: int, *, key: bool) -> EncodedFrame:
        try:
            if self._context is None:
                self._open()
            frame = filled()
            self._stamp(frame, key=key)
            packets = self._context.encode(frame)
        except self._failures as error:
            raise EncoderError(f"{self.name} fails: {error}") from error
        if len(packets) != 1:
            raise EncoderError(f"{self.name} gave {len(packets)} packets for one frame")
        packet = packets[0]
        return EncodedFrame(bytes(packet), bool(packet.is_keyframe), time_ms, self._width, self._height)

    def set_rate(self, bit_rate: int, frames_per_second: float) -> None:
        check_rate(bit_rate, frames_per_second)
        if self._closed:
            raise EncoderError(f"{self.name} is closed")
        self.settings = replace(self.settings, bit_rate=bit_rate, frames_per_second=frames_per_second)
        change = self._change
        if self._spec.rate is RateChange.REOPEN:
            stays = abs(change - 1) < SAME_RATE
        else:
            stays = self._spec.lowest <= change <= self._spec.highest
        if not stays:
            self._context = None  # opened by the next frame, in the thread that encodes
        elif self._spec.rate is RateChange.BIT_RATE and self._context is not None:
            self._context.bit_rate = int(self._opened.bit_rate * change)

    def close(self) -> None:
        self._closed = True
        self._context = self._frame = None

    @property
    def _change(self) -> float:
        """What a frame may take, over what it might when the context was opened."""
        now, then = self.settings, self._opened
        return (now.bit_rate / now.frames_per_second) / (then.bit_rate / then.frames_per_second)

    def _filled_up(self, side: int) -> int:
        side = max(side, self._spec.least)
        return side + side % 2 if self._spec.even else side

    def _open(self) -> None:
        try:
            self._context = self._new_context()
        except self._av.codec.codec.UnknownCodecError as error:
            raise EncoderError(f"{self.name} does not open: this FFmpeg was built without it") from error
        except self._failures as error:
            said = self._said_on_opening() or getattr(error, "strerror", None) or str(error)
            size = f"{self._width}x{self._height}"
            raise EncoderError(f"{self.name} does not open for {size} pixels: {said}") from error
        self._opened = self.settings

    @property
    def _failures(self) -> tuple[type[Exception], ...]:
        """What PyAV raises where FFmpeg cannot."""
        refused = ValueError, TypeError, RuntimeError, NotImplementedError, ImportError, MemoryError
        return (self._av.FFmpegError, *refused)

    def _said_on_opening(self) -> str:
        """The reason that FFmpeg only logs: it is made to fail once more, with somebody listening."""
        logging = self._av.logging
        level, skips = logging.get_level(), logging.get_skip_repeated()
        logging.set_level(logging.ERROR)
        logging.set_skip_repeated(False)  # for somebody may have listened the first time
        try:
            with logging.Capture() as logs:
                try:
                    self._new_context()
                except self._failures:
                    return next((text.strip() for _, _, text in logs if text.strip()), "")
        finally:
            logging.set_level(level)
            logging.set_skip_repeated(skips)
        return ""

    def _new_context(self) -> Any:
        av, spec, settings = self._av, self._spec, self.settings
        arguments: dict[str, Any] = {}
        if spec.device:
            from av.codec.hwaccel import HWAccel  # noqa: PLC0415

            arguments["hwaccel"] = HWAccel(spec.device, self._device, False)
        context: Any = av.CodecContext.create(spec.name, "w", **arguments)
        context.width, context.height, context.pix_fmt = self._width, self._height, self._pixels
        context.time_base = Fraction(1, TICKS)
        context.framerate = Fraction(settings.frames_per_second).limit_denominator(1001)
        context.bit_rate = int(settings.bit_rate * (spec.highest if spec.opens_highest else 1))
        context.gop_size, context.max_b_frames = NO_KEY_FRAMES, 0
        context.thread_count = settings.threads
        context.color_range, context.colorspace = _LIMITED_RANGE, int(self._matrix)
        context.color_primaries = context.color_trc = int(self._matrix)
        context.options = dict(spec.options(settings))
        context.open()
        context.bit_rate = settings.bit_rate
        return context

    def _filled(self, pixels: bytes | bytearray | memoryview, stride: int, rect: Rect, *, halve: bool) -> Any:
        """The frame with what these pixels show."""
        planes = self._planes()
        convert(
            pixels,
            stride,
            rect,
            planes,
            self._width,
            self._height,
            _LAYOUTS[self._pixels],
            self._weights,
            halve=halve,
        )
        return self._frame

    def _planes(self) -> list[Plane]:
        """The frame's memory, the same again unless the encoder still reads it."""
        if self._frame is None:
            self._frame = self._av.VideoFrame(self._width, self._height, self._pixels)
        self._frame.make_writable()
        return [Plane(memoryview(plane), plane.line_size) for plane in self._frame.planes]

    def _copied(self, planes: Planes) -> Any:
        """The frame with these planes."""
        import numpy as np  # noqa: PLC0415

        spec, at = planes.spec, 0
        sizes = [(spec.stride, spec.height), *[(spec.chroma_stride, spec.chroma_height)] * 2]
        for plane, (stride, height) in zip(self._planes(), sizes, strict=True):
            target = np.frombuffer(plane.data, np.uint8, height * plane.stride).reshape(height, plane.stride)
            used = min(stride, plane.stride)
            source = np.frombuffer(planes.data, np.uint8, stride * height, at).reshape(height, stride)
            target[:, :used] = source[:, :used]
            at += stride * height
        return self._frame

    def _stamp(self, frame: Any, *, key: bool) -> None:
        """Frames come evenly, as far as the encoder knows: each gets its share, whatever came before it."""
        kinds = self._av.video.frame.PictureType
        frame.pict_type = kinds.I if key else kinds.NONE
        pace = self._change if self._spec.rate is RateChange.FRAME_TIME else 1.0
        frame.pts, frame.time_base = int(self._time), Fraction(1, TICKS)
        self._time += TICKS / self._opened.frames_per_second * pace
