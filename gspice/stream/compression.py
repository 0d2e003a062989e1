"""How images are packed: what operators and clients may ask for, and what one client's images may be."""

from dataclasses import dataclass, field
from enum import IntEnum

from gspice.codec.glz_encode import GlzDictionary
from gspice.stream.detect.video_detector import VideoMode

VIDEO_CODECS: tuple[tuple[str, str], ...] = (
    ("gstreamer", "h264"),
    ("gstreamer", "vp8"),
    ("gstreamer", "vp9"),
    ("gstreamer", "h265"),
    ("spice", "mjpeg"),
)
"""Our own order: by what they make of a bit, and by what it costs to make it in time."""


class Compression(IntEnum):
    """SPICE_IMAGE_COMPRESSION_*, and our own AUTO."""

    AUTO = 0
    """Whatever is best for the content and the link; lossy for a while where the link is slow."""
    OFF = 1
    AUTO_GLZ = 2
    AUTO_LZ = 3
    QUIC = 4
    GLZ = 5
    LZ = 6
    LZ4 = 7

    @property
    def by_content(self) -> bool:
        """Photographs are packed in a way of their own."""
        return self in (Compression.AUTO, Compression.AUTO_GLZ, Compression.AUTO_LZ)

    @property
    def with_dictionary(self) -> bool:
        """Images refer to earlier ones, by the GLZ dictionary."""
        return self in (Compression.AUTO, Compression.AUTO_GLZ, Compression.GLZ)


COMPRESSIONS = {mode.name.lower(): mode for mode in Compression}
"""By the names that operators use, which are also QEMU's."""


VIDEO_MODES = {mode.name.lower(): mode for mode in VideoMode}
"""The same of what becomes video."""


VIDEO_CHROMAS = {"4:2:0": False, "4:4:4": True}
"""Whether video has all of its colours."""


class WanCompression(IntEnum):
    """SPICE_WAN_COMPRESSION_*: when JPEG, or zlib over GLZ, is used."""

    AUTO = 1
    ALWAYS = 2
    NEVER = 3

    def on(self, *, wanted: bool) -> bool:
        """Whether it is used where it is ``wanted`` by itself."""
        return self is WanCompression.ALWAYS or (self is WanCompression.AUTO and wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplaySettings:
    """What the operator wants of all images."""

    compression: Compression = Compression.AUTO_GLZ
    jpeg: WanCompression = WanCompression.AUTO
    zlib_glz: WanCompression = WanCompression.AUTO
    video: VideoMode = VideoMode.AUTO
    """What becomes a video stream."""
    video_codecs: tuple[tuple[str, str], ...] = VIDEO_CODECS
    """Encoder and codec, best first."""
    full_chroma: bool = False
    """Video is 4:4:4 where its encoder can and its client does not say that it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """What the images of one client may be, as long as nothing of it changes."""

    mode: Compression
    lz4: bool = False
    """The client takes LZ4."""
    dictionary: GlzDictionary | None = field(default=None, compare=False)
    """None: the client takes no GLZ."""
    zlib: bool = False
    """GLZ images are deflated where that pays."""
    jpeg_quality: int = 0
    """Of photographs; 0: they stay exact."""

    @property
    def shared(self) -> bool:
        """Whether another client with equal settings can have the same images."""
        return self.dictionary is None
