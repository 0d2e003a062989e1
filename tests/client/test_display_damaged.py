"""The display channel under damaged messages."""

from hypothesis import given
from hypothesis import strategies as st

from gspice.client.display import DisplayChannel
from gspice.errors import ProtocolError
from gspice.pixels import BitmapFormat
from gspice.wire import types as wire
from gspice.wire.message import Message
from gspice.wire.messages import display, draw
from tests.client.fake_server import create_primary, fill
from tests.client.messages import CORNER, FRAME, STREAM, WHOLE, base, bitmap, copy, copy_bits, feed, gray

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
    channel = feed(DisplayChannel(), create_primary(8, 4), display.DisplayMark())
    for seed, damage in script:
        body = bytearray(seed.serialize())
        for at, value in damage:
            body[at % len(body)] = value
        try:
            feed(channel, type(seed).parse(body))
        except ProtocolError:
            continue
    if channel.primary is not None:
        channel.pixels()
