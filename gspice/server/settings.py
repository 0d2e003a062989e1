"""What a host may change at any time, before ``init`` and while clients are connected."""

import logging
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

from gspice.errors import ConfigError
from gspice.server.video_codecs import DEFAULT, VideoCodec, parse_video_codecs
from gspice.stream.compression import VIDEO_CODECS, Compression, DisplaySettings, WanCompression
from gspice.stream.detect.video_detector import VideoMode

log = logging.getLogger(__name__)

MOST_CLIENTS = 256

_Enum = TypeVar("_Enum", bound=IntEnum)


class LiveSettings:
    """Settings as the host made them last; ConfigError for values that there are not, and the old one stays.

    ``changed`` is called after each change, with the name of what changed.
    """

    def __init__(self) -> None:
        self.changed: Callable[[str], None] = lambda name: None
        self.image_compression = Compression.AUTO
        self.max_clients = 16
        """Clients at the same time: the oldest makes room for one more."""
        self.jpeg_compression = WanCompression.AUTO
        self.zlib_glz_compression = WanCompression.AUTO
        self.streaming_video = VideoMode.AUTO
        self.video_codecs: tuple[VideoCodec, ...] = DEFAULT
        self.video_full_chroma = False
        self.playback_compression = True
        self.agent_mouse = True
        self.agent_copypaste = True
        self.agent_file_xfer = True
        self.seamless_migration = False
        self.exit_on_disconnect = False

    def set_image_compression(self, value: int) -> None:
        self._set("image_compression", _member(Compression, value, "image compression"))

    def set_max_clients(self, count: int) -> None:
        if not 1 <= count <= MOST_CLIENTS:
            raise ConfigError(f"{count} clients at the same time: it must be 1 to {MOST_CLIENTS}")
        self._set("max_clients", count)

    def set_jpeg_compression(self, value: int) -> None:
        self._set("jpeg_compression", _member(WanCompression, value, "JPEG compression"))

    def set_zlib_glz_compression(self, value: int) -> None:
        self._set("zlib_glz_compression", _member(WanCompression, value, "zlib-GLZ compression"))

    def set_streaming_video(self, value: int) -> None:
        self._set("streaming_video", _member(VideoMode, value, "video streaming"))

    def set_video_codecs(self, text: str) -> None:
        """See ``parse_video_codecs``."""
        self._set("video_codecs", parse_video_codecs(text))

    def set_video_chroma(self, full: bool) -> None:
        """Whether video is to be 4:4:4."""
        self._set("video_full_chroma", bool(full))

    def set_switch(self, name: str, on: bool) -> None:
        """Set one of the settings that are on or off."""
        if not isinstance(getattr(self, name), bool):
            raise ConfigError(f"{name} is not a switch")
        self._set(name, bool(on))

    @property
    def display(self) -> DisplaySettings:
        """What display channels want to know of it."""
        return DisplaySettings(
            compression=self.image_compression,
            jpeg=self.jpeg_compression,
            zlib_glz=self.zlib_glz_compression,
            video=self.streaming_video,
            video_codecs=VIDEO_CODECS if self.video_codecs == DEFAULT else self.video_codecs,
            full_chroma=self.video_full_chroma,
        )

    @property
    def compression_level(self) -> int:
        """What QXL devices are told: 1 where all images are QUIC and none becomes video, else 0."""
        quic = self.image_compression == Compression.QUIC
        return int(quic and self.streaming_video == VideoMode.OFF)

    def _set(self, name: str, value: object) -> None:
        setattr(self, name, value)
        log.debug("%s is %s", name, value)
        self.changed(name)


def _member(kind: type[_Enum], value: int, what: str) -> _Enum:
    try:
        return kind(value)
    except ValueError:
        choices = ", ".join(f"{member.value} ({member.name})" for member in kind)
        raise ConfigError(f"{what} {value} is none of {choices}") from None
