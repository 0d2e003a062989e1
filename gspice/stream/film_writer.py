"""A film file of what a screen shows: pictures in, each with its time; fragments out, readable as far as they came.

PyAV does it, with the quality kept and the rate left to the pictures. A writer belongs to one thread at a time.
"""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import PurePath
from typing import Any, BinaryIO, Final, NamedTuple

from gspice.errors import ConfigError, EncoderError
from gspice.geometry import Rect
from gspice.stream.ffmpeg_encoder import load
from gspice.stream.rgb_to_yuv import Layout, Plane, convert
from gspice.stream.yuv_weights import matrix_for, weights

TICKS: Final = 90_000
"""Of a film's time, in a second."""
NOMINAL_FRAMES: Final = 30
"""A second: what players are told who ask before there are any."""
KEY_S: Final = 5.0
"""A key frame at least so often: players go to these."""
FRAGMENT_S: Final = 1.0
"""What a host that is killed may lose."""
LEAST_SIDE: Final = 16
"""Pixels; less is filled up."""


class Container(NamedTuple):
    """A kind of file."""

    format: str
    """FFmpeg's name."""
    options: Mapping[str, str]


class FilmCodec(NamedTuple):
    """An encoder of FFmpeg's for films."""

    name: str
    options: Mapping[str, str]


CONTAINERS: Final = {
    ".mp4": Container(
        "mp4",
        {
            "movflags": "empty_moov+default_base_moof",
            "frag_duration": str(int(FRAGMENT_S * 1_000_000)),
            "flush_packets": "1",
        },
    ),
    ".mkv": Container("matroska", {"cluster_time_limit": str(int(FRAGMENT_S * 1000)), "flush_packets": "1"}),
}
"""By the end of the file's name."""
CODECS: Final = (
    FilmCodec(
        "libx264",
        # No picture may wait for the next: that may come after minutes.
        {
            "preset": "superfast",
            "tune": "zerolatency",
            "crf": "23",
            "x264-params": "chromaloc=1:log-level=none",
        },
    ),
    FilmCodec(
        "libvpx-vp9",
        {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "crf": "32", "b": "0", "row-mt": "1"},
    ),
)
"""The first that this FFmpeg has: every player knows H.264, and nearly all VP9."""
_LIMITED_RANGE = 1
"""AVCOL_RANGE_MPEG."""


def container_of(name: PurePath) -> Container:
    """The kind of file that the name asks for. ConfigError: there is none."""
    container = CONTAINERS.get(name.suffix.lower())
    if container is None:
        kinds = " or ".join(CONTAINERS)
        raise ConfigError(f"{name}: cannot record video: its name must end in {kinds}")
    return container


class FilmWriter:
    """Of pictures of one size. Every call may raise EncoderError, or OSError of the file: ``close`` it then."""

    def __init__(
        self, file: BinaryIO, container: Container, width: int, height: int, *, threads: int = 1
    ) -> None:
        """``file`` is written as the film goes on, and stays the caller's to close."""
        self._av = load()
        self._rect = Rect(0, 0, width, height)
        # What is filled up repeats the last column and row: two pixels share their colours.
        self._width, self._height = (max(side + side % 2, LEAST_SIDE) for side in (width, height))
        self._matrix = matrix_for(self._height)
        self._weights = weights(self._matrix, full_range=False)
        self._frame: Any = None
        self._ticks = -1
        self._key_at = 0
        self._closed = False
        with self._failing("cannot be begun"):
            self._output: Any = self._av.open(
                file, "w", format=container.format, options=dict(container.options)
            )
            self.codec, self._stream = self._opened(threads)

    @property
    def size(self) -> tuple[int, int]:
        """Of its pictures."""
        return self._rect.width, self._rect.height

    def write(self, pixels: bytes | bytearray | memoryview, stride: int, time: float) -> None:
        """The picture from that time on, in seconds since the film's beginning: rows of B, G, R, X, top-down.

        One of a time that is not after the last one's comes as soon after it as can be told.
        """
        with self._failing("ends"):
            if self._frame is None:
                self._frame = self._av.VideoFrame(self._width, self._height, "yuv420p")
            self._frame.make_writable()
            convert(
                pixels,
                stride,
                self._rect,
                [Plane(memoryview(plane), plane.line_size) for plane in self._frame.planes],
                self._width,
                self._height,
                Layout.YUV420,
                self._weights,
            )
            self._put(time)

    def again(self, time: float) -> None:
        """The last picture is still the one to be seen: what players can reach grows to that time."""
        with self._failing("ends"):
            if self._frame is not None and int(time * TICKS) > self._ticks:
                self._put(time)

    def close(self, time: float | None = None) -> None:
        """End the film, at that time; again does nothing."""
        if self._closed:
            return
        try:
            if time is not None:
                self.again(time)
            with self._failing("cannot be ended"):
                if self._frame is not None:
                    self._output.mux(self._stream.encode(None))
        finally:
            self._closed = True
            with self._failing("cannot be ended"):
                self._output.close()

    def _opened(self, threads: int) -> tuple[str, Any]:
        reasons = []
        for codec in CODECS:
            try:
                stream = self._output.add_stream(codec.name, rate=NOMINAL_FRAMES)
            except (self._av.codec.codec.UnknownCodecError, ValueError) as error:
                reasons.append(f"{codec.name}: {error}")
                continue
            context = stream.codec_context
            context.width, context.height, context.pix_fmt = self._width, self._height, "yuv420p"
            context.time_base = stream.time_base = Fraction(1, TICKS)
            context.gop_size, context.max_b_frames = 1 << 20, 0
            context.thread_count = threads
            context.color_range, context.colorspace = _LIMITED_RANGE, int(self._matrix)
            context.color_primaries = context.color_trc = int(self._matrix)
            context.options = dict(codec.options)
            return codec.name, stream
        raise EncoderError(f"this FFmpeg has no encoder for films ({'; '.join(reasons)})")

    def _put(self, time: float) -> None:
        ticks = max(int(time * TICKS), self._ticks + 1)
        kinds = self._av.video.frame.PictureType
        key = self._ticks < 0 or ticks - self._key_at >= KEY_S * TICKS
        if key:
            self._key_at = ticks
        self._ticks = ticks
        self._frame.pict_type = kinds.I if key else kinds.NONE
        self._frame.pts, self._frame.time_base = ticks, Fraction(1, TICKS)
        self._output.mux(self._stream.encode(self._frame))

    def _failing(self, what: str) -> "_Failing":
        return _Failing(self._av, what)


class _Failing:
    """Makes EncoderErrors of what FFmpeg raises; what the file raises goes through."""

    def __init__(self, av: Any, what: str) -> None:
        self._kinds = (av.FFmpegError, ValueError, TypeError, RuntimeError, NotImplementedError, MemoryError)
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._kinds):
            raise EncoderError(f"the film {self._what}: {error}") from error
