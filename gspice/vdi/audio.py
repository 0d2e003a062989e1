"""Audio devices: no callbacks; the host calls the server with and for samples."""

from gspice.vdi.base import Interface

FREQUENCY = 44100
"""Samples a second that hosts use where they ask for nothing better."""
CHANNELS = 2
SAMPLE_FORMAT_S16 = 1


class PlaybackInterface(Interface):
    """Sound from guest to client."""

    TYPE = "playback"
    MAJOR = 1
    MINOR = 3


class RecordInterface(Interface):
    """Sound from client to guest."""

    TYPE = "record"
    MAJOR = 2
    MINOR = 3
