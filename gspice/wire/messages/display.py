"""The display channel: surfaces, monitors, caches, video streams. Drawing operations are in ``draw``."""

from typing import Annotated

from gspice.wire import limits
from gspice.wire.channel_types import ChannelType
from gspice.wire.fields import (
    I32,
    I64,
    INT8,
    INT16,
    INT32,
    U8,
    U16,
    U32,
    U64,
    Array,
    Blob,
    BulkRest,
    Fixed,
    WireRect,
)
from gspice.wire.message import Direction, Message, Nested, wire
from gspice.wire.messages.draw import *  # noqa: F403
from gspice.wire.types import ChannelWait, Clip, ClipNone, Head, ResourceId


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.DISPLAY
    DIRECTION = Direction.TO_CLIENT


class _ToServer(Message):
    __slots__ = ()
    CHANNEL = ChannelType.DISPLAY
    DIRECTION = Direction.TO_SERVER


# -- surfaces and monitors ---------------------------------------------------------------------------------


@wire
class DisplayMode(_ToClient):
    """The screen's size and depth, from before there were surfaces."""

    TYPE = 101
    x_res: U32
    y_res: U32
    bits: U32


@wire
class DisplayMark(_ToClient):
    """The primary surface holds a picture now: show it."""

    TYPE = 102


@wire
class DisplayReset(_ToClient):
    """Forget all surfaces and caches."""

    TYPE = 103


@wire
class DisplaySurfaceCreate(_ToClient):
    """Create a surface; must precede every use of its id."""

    TYPE = 314
    surface_id: U32
    width: U32
    height: U32
    format: U32
    """SurfaceFormat of ``gspice.pixels``"""
    flags: U32 = 0
    """SurfaceFlags"""


@wire
class DisplaySurfaceDestroy(_ToClient):
    """Destroy a surface."""

    TYPE = 315
    surface_id: U32


@wire
class DisplayMonitorsConfig(_ToClient):
    """Which parts of surfaces the monitors show; without heads it is ignored."""

    TYPE = 317
    max_allowed: U16
    heads: Annotated[
        tuple[Head, ...], Array(Nested(Head), INT16, limit=limits.MONITORS, ahead_of="max_allowed")
    ]


# -- caches ------------------------------------------------------------------------------------------------


@wire
class DisplayInvalList(_ToClient):
    """Drop these from the cache; must precede the message that took their room."""

    TYPE = 105
    resources: Annotated[tuple[ResourceId, ...], Array(Nested(ResourceId), INT16, limit=limits.RESOURCES)]


@wire
class DisplayInvalAllPixmaps(_ToClient):
    """Drop all images from the cache, once the other channels have come that far."""

    TYPE = 106
    waits: Annotated[tuple[ChannelWait, ...], Array(Nested(ChannelWait), INT8, limit=limits.WAIT_CHANNELS)]


@wire
class DisplayInvalPalette(_ToClient):
    """Drop that palette from the cache."""

    TYPE = 107
    id: U64


@wire
class DisplayInvalAllPalettes(_ToClient):
    """Drop all palettes from the cache."""

    TYPE = 108


# -- video streams -----------------------------------------------------------------------------------------


@wire
class DisplayStreamCreate(_ToClient):
    """A stream of video frames begins; must precede the frames."""

    TYPE = 122
    surface_id: U32
    id: U32
    flags: U8 = 0
    """StreamFlags"""
    codec: U8
    """VideoCodec"""
    stamp: U64 = 0
    stream_width: U32
    stream_height: U32
    src_width: U32
    src_height: U32
    dest: WireRect
    clip: Clip = ClipNone()


@wire
class DisplayStreamData(_ToClient):
    """A frame of the stream's size, to show at ``mm_time`` (milliseconds, never 0)."""

    TYPE = 123
    id: U32
    mm_time: U32
    data: Annotated[bytes | memoryview, Blob(INT32, limit=limits.STREAM_FRAME_BYTES)]


@wire
class DisplayStreamClip(_ToClient):
    """The part of the stream's area that its frames may still touch."""

    TYPE = 124
    id: U32
    clip: Clip


@wire
class DisplayStreamDestroy(_ToClient):
    """The stream has ended."""

    TYPE = 125
    id: U32


@wire
class DisplayStreamDestroyAll(_ToClient):
    """All streams have ended."""

    TYPE = 126


@wire
class DisplayStreamDataSized(_ToClient):
    """A frame of another size and place than the stream's; for clients with SIZED_STREAM."""

    TYPE = 316
    id: U32
    mm_time: U32
    width: U32
    height: U32
    dest: WireRect
    data: Annotated[bytes | memoryview, Blob(INT32, limit=limits.STREAM_FRAME_BYTES)]


@wire
class DisplayStreamActivateReport(_ToClient):
    """Send a DisplayStreamReport every so many frames or milliseconds; follows the stream's creation."""

    TYPE = 319
    stream_id: U32
    unique_id: U32
    max_window_size: U32
    timeout_ms: U32


# -- OpenGL scanout ----------------------------------------------------------------------------------------


@wire
class DisplayGlScanoutUnix(_ToClient):
    """Show a dmabuf. Its descriptor takes no bytes here: it follows the message, with one byte of its own."""

    TYPE = 320
    width: U32
    height: U32
    stride: U32
    fourcc: U32
    """DRM format; 0: the client reads no descriptor."""
    flags: U32
    """GlScanoutFlags"""


@wire
class DisplayGlDraw(_ToClient):
    """A part of the scanout has changed; the client answers DisplayGlDrawDone."""

    TYPE = 321
    x: U32
    y: U32
    width: U32
    height: U32


@wire
class DisplayQualityIndicator(_ToClient):
    """Quality, as the server finds it; opaque, and never sent."""

    TYPE = 322
    data: BulkRest


@wire
class DisplayGlScanout2Unix(_ToClient):
    """As DisplayGlScanoutUnix, with planes and a modifier; for clients with GL_SCANOUT2."""

    TYPE = 323
    width: U32
    height: U32
    offsets: Annotated[tuple[int, ...], Fixed(f"{limits.GL_PLANES}I")]
    strides: Annotated[tuple[int, ...], Fixed(f"{limits.GL_PLANES}I")]
    fourcc: U32
    flags: U32
    modifier: U64
    num_planes: U16
    num_dmabufs: U16
    """Descriptors that follow the message."""


# -- client to server --------------------------------------------------------------------------------------


@wire
class DisplayInit(_ToServer):
    """The first message of a client's: its caches. The sizes are in pixels, and any number may come."""

    TYPE = 101
    pixmap_cache_id: U8
    pixmap_cache_size: I64
    glz_dictionary_id: U8
    glz_dictionary_window_size: I32


@wire
class DisplayStreamReport(_ToServer):
    """How a stream went. No frames and 0xffffffff drops: the client cannot decode it."""

    TYPE = 102
    stream_id: U32
    unique_id: U32
    start_frame_mm_time: U32
    end_frame_mm_time: U32
    num_frames: U32
    num_drops: U32
    last_frame_delay: I32
    """Milliseconds between the last frame's arrival and its time to show; negative: it came too late."""
    audio_delay: U32
    """Milliseconds that sound is played late; 0xffffffff: no sound."""


@wire
class DisplayPreferredCompression(_ToServer):
    """How the client wants images compressed (ImageCompression)."""

    TYPE = 103
    image_compression: U8


@wire
class DisplayGlDrawDone(_ToServer):
    """The client has shown the last DisplayGlDraw."""

    TYPE = 104


@wire
class DisplayPreferredVideoCodecType(_ToServer):
    """The codecs the client wants (VideoCodec), best first."""

    TYPE = 105
    codecs: Annotated[tuple[int, ...], Array(INT8, INT8, limit=limits.VIDEO_CODECS)]
