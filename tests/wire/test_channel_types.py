"""The channel type numbers are those of the protocol."""

from gspice.wire.channel_types import ChannelType


def test_numbers() -> None:
    assert {channel.name: channel.value for channel in ChannelType} == {
        "MAIN": 1,
        "DISPLAY": 2,
        "INPUTS": 3,
        "CURSOR": 4,
        "PLAYBACK": 5,
        "RECORD": 6,
        "SMARTCARD": 8,
        "USBREDIR": 9,
        "PORT": 10,
        "WEBDAV": 11,
    }
