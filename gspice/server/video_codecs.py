"""Which video codecs an operator prefers, in spice-server's notation: ``encoder:codec;encoder:codec``, or ``auto``."""

import logging
from typing import NamedTuple

from gspice.errors import ConfigError

log = logging.getLogger(__name__)

ENCODERS = ("spice", "gstreamer")
"""Names that hosts and their users write. Which library encodes is the server's affair: the codec is what counts."""
CODECS = ("mjpeg", "vp8", "h264", "vp9", "h265")
AUTO = "auto"
MAX_TEXT = 4096
"""Characters of a list: more than all pairs there can be."""


class VideoCodec(NamedTuple):
    """One entry of the list."""

    encoder: str
    codec: str


DEFAULT: tuple[VideoCodec, ...] = (
    VideoCodec("spice", "mjpeg"),
    VideoCodec("gstreamer", "h264"),
    VideoCodec("gstreamer", "vp8"),
    VideoCodec("gstreamer", "vp9"),
    VideoCodec("gstreamer", "mjpeg"),
)
"""What ``auto`` means."""


def parse_video_codecs(text: str) -> tuple[VideoCodec, ...]:
    """The list in order, each entry once; what is not known is passed over with a warning.

    ConfigError: nothing is left.
    """
    if len(text) > MAX_TEXT:
        raise ConfigError(f"a list of video codecs has at most {MAX_TEXT} characters, not {len(text)}")
    if text == AUTO:
        return DEFAULT
    found: dict[VideoCodec, None] = {}
    for part in filter(None, text.split(";")):
        encoder, _, codec = part.partition(":")
        if encoder in ENCODERS and codec in CODECS:
            found[VideoCodec(encoder, codec)] = None
        else:
            log.warning("video codec %r is passed over: write one of %s before, and of %s after the colon",
                        part[:60], ", ".join(ENCODERS), ", ".join(CODECS))  # fmt: skip
    if not found:
        raise ConfigError(f"no video codec in {text[:200]!r} is known; write e.g. spice:mjpeg, or {AUTO}")
    return tuple(found)


def format_video_codecs(codecs: tuple[VideoCodec, ...]) -> str:
    """The list in the notation that ``parse_video_codecs`` reads."""
    return ";".join(f"{encoder}:{codec}" for encoder, codec in codecs)
