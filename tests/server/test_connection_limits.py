"""Limits of a connection: every channel has one, and room for what it takes."""

import pytest

from gspice.server.connection_limits import MAX_RECEIVED, ConnectionLimits
from gspice.wire import limits
from gspice.wire.channel_types import ChannelType


@pytest.mark.parametrize("channel", ChannelType)
def test_every_channel_has_a_limit(channel: ChannelType) -> None:
    assert 1024 <= MAX_RECEIVED[channel] <= limits.VMC_BYTES + 1024


def test_the_largest_pieces_fit() -> None:
    assert MAX_RECEIVED[ChannelType.MAIN] >= limits.AGENT_CHUNK_BYTES
    for channel in (ChannelType.USBREDIR, ChannelType.PORT, ChannelType.WEBDAV):
        assert MAX_RECEIVED[channel] > limits.VMC_BYTES
    assert MAX_RECEIVED[ChannelType.SMARTCARD] > limits.SMARTCARD_BYTES


def test_a_channel_hears_of_room_before_its_queue_is_full() -> None:
    assert ConnectionLimits().low_water < ConnectionLimits().queue_bytes
