"""Drawing messages that are written in one step: the same bytes, and the same refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ProtocolError
from gspice.geometry import Rect
from gspice.wire.images import Lz4
from gspice.wire.message import Message
from gspice.wire.messages.draw import DisplayCopy, DisplayFill
from gspice.wire.types import BrushSolid, DisplayBase


@given(
    st.integers(0, 2**32 - 1),
    st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 4),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
    st.binary(max_size=40) | st.sampled_from([bytes(4095), bytes(4096), bytes(9000)]),
)
def test_one_step_writes_what_the_fields_say(
    number: int, box: tuple[int, int, int, int], color: int, ropd: int, data: bytes
) -> None:
    base = DisplayBase(surface_id=number, box=Rect(*box))
    image = Lz4(id=color << 32 | number, width=color, height=number, data=data)
    messages: list[Message] = [
        DisplayFill(base=base, brush=BrushSolid(color=color), ropd=ropd),
        DisplayCopy(base=base, src=image, src_area=Rect(*reversed(box)), ropd=ropd, scale_mode=ropd & 1),
    ]
    for message in messages:
        assert b"".join(message.buffers()) == message.serialize()


@pytest.mark.parametrize(
    "message",
    [
        DisplayFill(base=DisplayBase(surface_id=-1, box=Rect(0, 0, 1, 1)), brush=BrushSolid(color=0)),
        DisplayFill(base=DisplayBase(surface_id=0, box=Rect(0, 0, 1 << 31, 1)), brush=BrushSolid(color=0)),
        DisplayCopy(
            base=DisplayBase(surface_id=0, box=Rect(0, 0, 1, 1)),
            src=Lz4(id=-1, width=1, height=1, data=b""),
            src_area=Rect(0, 0, 1, 1),
        ),
    ],
)
def test_one_step_refuses_what_the_fields_refuse(message: Message) -> None:
    with pytest.raises(ProtocolError):
        message.buffers()
