"""What all channels have in common."""

import pytest

from gspice.channels.base import ChannelClient, RoundTrip
from gspice.wire.channel_types import ChannelType
from tests.channels.display_rig import RecordingSender, link


class Quiet(ChannelClient):
    """A channel that does nothing of its own."""

    TYPE = ChannelType.CURSOR


def test_round_trips_are_smoothed_as_tcp_does() -> None:
    trip = RoundTrip()
    assert (trip.value, trip.samples) == (0.0, 0)
    trip.add(0.080)
    assert trip.value == 0.080
    trip.add(0.160)
    assert trip.value == pytest.approx(0.090)
    for _ in range(100):
        trip.add(0.160)
    assert trip.value == pytest.approx(0.160, abs=1e-4)
    assert trip.samples == 102


def test_a_channel_without_wishes_is_left_alone() -> None:
    sender = RecordingSender()
    channel = Quiet(link(), sender)
    channel.start(0)
    channel.on_timer(1)
    channel.drained(1)
    assert channel.deadline() is None
    assert sender.messages == [] and not channel.closed
    channel.disconnected(2)
    assert channel.closed
