"""The enumerations of the protocol. Messages carry them as plain ints, so that newer numbers pass."""

from enum import IntEnum, IntFlag


class MigrateFlags(IntFlag):
    """What a MIGRATE asks of the client."""

    NEED_FLUSH = 1
    NEED_DATA_TRANSFER = 2


class NotifySeverity(IntEnum):
    INFO = 0
    WARN = 1
    ERROR = 2


class NotifyVisibility(IntEnum):
    LOW = 0
    MEDIUM = 1
    HIGH = 2


class MouseMode(IntFlag):
    """SERVER: the guest moves the pointer by relative motion. CLIENT: by the client's absolute positions."""

    SERVER = 1
    CLIENT = 2


class DataCompression(IntEnum):
    """How the data of a usbredir, port or webdav message is compressed."""

    NONE = 0
    LZ4 = 1


class ClipType(IntEnum):
    NONE = 0
    RECTS = 1


class PathFlags(IntFlag):
    BEGIN = 1
    END = 2
    CLOSE = 8
    BEZIER = 16


class VideoCodec(IntEnum):
    MJPEG = 1
    VP8 = 2
    H264 = 3
    VP9 = 4
    H265 = 5


class StreamFlags(IntFlag):
    TOP_DOWN = 1


class BrushType(IntEnum):
    NONE = 0
    SOLID = 1
    PATTERN = 2


class MaskFlags(IntFlag):
    INVERS = 1


class ImageType(IntEnum):
    """SPICE_IMAGE_TYPE_*; 2 is reserved."""

    BITMAP = 0
    QUIC = 1
    LZ_PLT = 100
    LZ_RGB = 101
    GLZ_RGB = 102
    FROM_CACHE = 103
    SURFACE = 104
    JPEG = 105
    FROM_CACHE_LOSSLESS = 106
    ZLIB_GLZ_RGB = 107
    JPEG_ALPHA = 108
    LZ4 = 109


class ImageCompression(IntEnum):
    """How a client wants images compressed."""

    INVALID = 0
    OFF = 1
    AUTO_GLZ = 2
    AUTO_LZ = 3
    QUIC = 4
    GLZ = 5
    LZ = 6
    LZ4 = 7


class ImageFlags(IntFlag):
    CACHE_ME = 1
    HIGH_BITS_SET = 2
    """The top byte of 32-bit pixels is all ones."""
    CACHE_REPLACE_ME = 4
    """The client replaces the lossy image that it holds under this id."""


class BitmapFlags(IntFlag):
    PAL_CACHE_ME = 1
    PAL_FROM_CACHE = 2
    TOP_DOWN = 4


class JpegAlphaFlags(IntFlag):
    TOP_DOWN = 1


class ScaleMode(IntEnum):
    INTERPOLATE = 0
    NEAREST = 1


class Ropd(IntFlag):
    """A raster operation: which operands are inverted, and what is done."""

    INVERS_SRC = 1
    INVERS_BRUSH = 2
    INVERS_DEST = 4
    OP_PUT = 8
    OP_OR = 16
    OP_AND = 32
    OP_XOR = 64
    OP_BLACKNESS = 128
    OP_WHITENESS = 256
    OP_INVERS = 512
    INVERS_RES = 1024


class LineFlags(IntFlag):
    START_WITH_GAP = 4
    STYLED = 8


class StringFlags(IntFlag):
    """One of the three depths, and the order of the rows."""

    RASTER_A1 = 1
    RASTER_A4 = 2
    RASTER_A8 = 4
    RASTER_TOP_DOWN = 8


class SurfaceFlags(IntFlag):
    PRIMARY = 1
    STREAMING_MODE = 2
    """All of the surface comes as one stream; only for clients with MULTI_CODEC."""


class AlphaFlags(IntFlag):
    DEST_HAS_ALPHA = 1
    SRC_SURFACE_HAS_ALPHA = 2


class CompositeFlags(IntFlag):
    """The flag bits of a COMPOSITE; operator, filters and repeats are numbers in the bits of *_MASK."""

    OP_MASK = 0xFF
    SRC_FILTER_MASK = 7 << 8
    MASK_FILTER_MASK = 7 << 11
    SRC_REPEAT_MASK = 3 << 14
    MASK_REPEAT_MASK = 3 << 16
    COMPONENT_ALPHA = 1 << 18
    HAS_MASK = 1 << 19
    HAS_SRC_TRANSFORM = 1 << 20
    HAS_MASK_TRANSFORM = 1 << 21
    SOURCE_OPAQUE = 1 << 22
    MASK_OPAQUE = 1 << 23
    DEST_OPAQUE = 1 << 24


class ResourceType(IntEnum):
    PIXMAP = 1


class GlScanoutFlags(IntFlag):
    Y0TOP = 1


class KeyModifiers(IntFlag):
    """Lock keys that are on."""

    SCROLL_LOCK = 1
    NUM_LOCK = 2
    CAPS_LOCK = 4


class MouseButton(IntEnum):
    LEFT = 1
    MIDDLE = 2
    RIGHT = 3
    UP = 4
    DOWN = 5
    SIDE = 6
    EXTRA = 7


class MouseButtons(IntFlag):
    """Buttons held down, in the order of MouseButton."""

    LEFT = 1
    MIDDLE = 2
    RIGHT = 4
    UP = 8
    DOWN = 16
    SIDE = 32
    EXTRA = 64


class CursorType(IntEnum):
    ALPHA = 0
    MONO = 1
    COLOR4 = 2
    COLOR8 = 3
    COLOR16 = 4
    COLOR24 = 5
    COLOR32 = 6


class CursorFlags(IntFlag):
    NONE = 1
    """There is no cursor: no header and no data follow."""
    CACHE_ME = 2
    FROM_CACHE = 4


class AudioMode(IntEnum):
    """How samples are encoded; 2 was CELT 0.5.1, which nobody speaks any more."""

    RAW = 1
    OPUS = 3


class AudioFormat(IntEnum):
    S16 = 1


class SmartcardMessageType(IntEnum):
    INIT = 1
    ERROR = 2
    READER_ADD = 3
    READER_REMOVE = 4
    ATR = 5
    CARD_REMOVE = 6
    APDU = 7
    FLUSH = 8
    FLUSH_COMPLETE = 9


class PortEventType(IntEnum):
    OPENED = 0
    CLOSED = 1
    BREAK = 2
