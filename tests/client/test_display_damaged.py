"""The display channel under damaged messages."""

import io
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gspice.client.display import DisplayChannel
from gspice.client.server_time import ServerTime
from gspice.errors import ProtocolError
from gspice.pixels import BitmapFormat
from gspice.wire import types as wire
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.message import Message
from gspice.wire.messages import display, draw
from tests.client.fake_server import create_primary, fill
from tests.client.messages import CORNER, FRAME, STREAM, WHOLE, base, bitmap, copy, copy_bits, feed, gray
from tests.client.test_video_decoders import packets


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 4), (9, 200, 30)).save(file, "JPEG")
    return file.getvalue()


JPEG = jpeg()
(VP8,) = packets(wire.VideoCodec.VP8, [np.full((16, 16, 3), 99, np.uint8)])

SEEDS = [
    create_primary(8, 4),
    fill(1, WHOLE),
    copy(bitmap(8, 4, gray(*range(32)), id=5, flags=wire.ImageFlags.CACHE_ME)),
    copy(bitmap(2, 1, b"\1\0", format=BitmapFormat.BIT8, palette=wire.Palette(unique=1, entries=(1, 2)))),
    copy(wire.Lz4(width=2, height=1, data=b"\1\x08\0\0\0\x09\x80" + bytes(8))),
    copy(wire.FromCache(id=5, width=8, height=4)),
    copy(wire.Surface(width=8, height=4, surface_id=0)),
    copy_bits(1, 1, CORNER),
    draw.DisplayInvers(base=base(CORNER, 0, (CORNER,))),
    draw.DisplayAlphaBlend(base=base(), src=bitmap(8, 4, gray(*range(32))), src_area=WHOLE, alpha=3),
    STREAM,
    FRAME,
    replace(STREAM, stream_width=8, stream_height=4, dest=WHOLE, clip=wire.ClipRects(rects=(WHOLE, CORNER))),
    replace(FRAME, data=JPEG),
    replace(STREAM, codec=wire.VideoCodec.VP8, stream_width=16, stream_height=16, flags=1),
    replace(FRAME, data=VP8),
    display.DisplayStreamDataSized(id=3, mm_time=1, width=8, height=4, dest=CORNER, data=JPEG),
    display.DisplayStreamActivateReport(stream_id=3, unique_id=1, max_window_size=2, timeout_ms=1000),
    display.DisplayStreamClip(id=3, clip=wire.ClipRects(rects=(CORNER,))),
    display.DisplayStreamDestroy(id=3),
    display.DisplayStreamDestroyAll(),
    display.DisplaySurfaceDestroy(surface_id=0),
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(SEEDS),
            st.lists(
                st.tuples(st.integers(0, 400), st.sampled_from([0, 1, 2, 5, 32, 127, 128, 255])), max_size=3
            ),
        ),
        max_size=6,
    )
)
def test_damaged_messages_raise_nothing_but_protocol_errors(
    script: list[tuple[Message, list[tuple[int, int]]]],
) -> None:
    time = ServerTime(lambda: 1.0)
    time.heard(100)
    channel = DisplayChannel(video=True, server_time=time)
    channel.start(CapSet.of(DisplayCap.STREAM_REPORT))
    feed(channel, create_primary(8, 4), display.DisplayMark())
    for seed, damage in script:
        body = bytearray(seed.serialize())
        for at, value in damage if body else ():
            body[at % len(body)] = value
        try:
            feed(channel, type(seed).parse(body))
        except ProtocolError:
            continue
    if channel.primary is not None:
        channel.pixels()
    for message in channel.take_output():
        message.serialize()
