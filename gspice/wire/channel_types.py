"""The channel types of SPICE, numbered as the link message numbers them."""

from enum import IntEnum


class ChannelType(IntEnum):
    """SPICE_CHANNEL_*; 7 was the tunnel channel, which no client opens any more."""

    MAIN = 1
    DISPLAY = 2
    INPUTS = 3
    CURSOR = 4
    PLAYBACK = 5
    RECORD = 6
    SMARTCARD = 8
    USBREDIR = 9
    PORT = 10
    WEBDAV = 11
