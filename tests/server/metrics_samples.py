"""Numbers of a server, with something in every place."""

from gspice.server.statistics import (
    ChannelNumbers,
    ClientNumbers,
    DeviceNumbers,
    EncoderNumbers,
    ServerNumbers,
)
from gspice.stream.statistics import CodecStatistics, CoderStatistics, DamageNumbers, DisplayNumbers
from gspice.wire.channel_types import ChannelType

CONNECTION_ID = 1122334455
"""A secret of the client's and the server's."""

DISPLAY = DisplayNumbers(
    frames=10,
    moves=3,
    backdrop_copies=4,
    coders={"lz4": CoderStatistics(5, 1000, 4000, 400), "solid": CoderStatistics(2, 50, 200, 8)},
    codecs={"vp8": CodecStatistics(30, 60_000)},
    streams=2,
    latency_p50=0.010,
    latency_p95=0.050,
    latency_count=9,
    latency_sum=0.5,
    stale_pixels=77,
    lossy_pixels=66,
    round_trip=0.002,
    rate=2.5e6,
    window=65536,
    under_way=4096,
)


def channel(kind: ChannelType, *, display: DisplayNumbers | None = None) -> ChannelNumbers:
    return ChannelNumbers(
        connection_id=CONNECTION_ID,
        channel_type=kind,
        channel_id=0,
        received_bytes=11,
        sent_bytes=22_000,
        queue_bytes=33,
        round_trip=None if display is None else display.round_trip,
        display=display,
    )


def sample(peer: str = "192.0.2.7:5123") -> ServerNumbers:
    """One client with two channels, and its device."""
    channels = (channel(ChannelType.MAIN), channel(ChannelType.DISPLAY, display=DISPLAY))
    return ServerNumbers(
        clients=(ClientNumbers(number=3, peer=peer, secure=True, channels=channels),),
        devices=(
            DeviceNumbers(
                qxl_id=0,
                canvas="vulkan",
                canvas_device="a GPU",
                commands={
                    "Fill": 7,
                    "Copy": 70,
                    "bad": 2,
                    "failed": 1,
                    "not drawn": 3,
                    "not drawn Stroke": 3,
                },
                damage=DamageNumbers(looks=5, declared=1000, changed=300, moved=200),
                channels=channels[1:],
            ),
        ),
        encoders=EncoderNumbers(threads=2, queued=1, jobs=8, wait=0.25, busy=2.0),
    )
