"""Enumerations against spice-protocol's own headers."""

import re
from enum import IntEnum, IntFlag
from pathlib import Path

import pytest

from gspice.wire import enums
from gspice.wire.messages import agent
from tests.peers.peers import missing

HEADERS = Path("/usr/include/spice-1/spice")
PREFIXES: dict[type[IntEnum] | type[IntFlag], str] = {
    enums.MigrateFlags: "SPICE_MIGRATE_",
    enums.NotifySeverity: "SPICE_NOTIFY_SEVERITY_",
    enums.NotifyVisibility: "SPICE_NOTIFY_VISIBILITY_",
    enums.MouseMode: "SPICE_MOUSE_MODE_",
    enums.DataCompression: "SPICE_DATA_COMPRESSION_TYPE_",
    enums.ClipType: "SPICE_CLIP_TYPE_",
    enums.PathFlags: "SPICE_PATH_",
    enums.VideoCodec: "SPICE_VIDEO_CODEC_TYPE_",
    enums.StreamFlags: "SPICE_STREAM_FLAGS_",
    enums.BrushType: "SPICE_BRUSH_TYPE_",
    enums.MaskFlags: "SPICE_MASK_FLAGS_",
    enums.ImageType: "SPICE_IMAGE_TYPE_",
    enums.ImageCompression: "SPICE_IMAGE_COMPRESSION_",
    enums.ImageFlags: "SPICE_IMAGE_FLAGS_",
    enums.BitmapFlags: "SPICE_BITMAP_FLAGS_",
    enums.JpegAlphaFlags: "SPICE_JPEG_ALPHA_FLAGS_",
    enums.ScaleMode: "SPICE_IMAGE_SCALE_MODE_",
    enums.Ropd: "SPICE_ROPD_",
    enums.LineFlags: "SPICE_LINE_FLAGS_",
    enums.StringFlags: "SPICE_STRING_FLAGS_",
    enums.SurfaceFlags: "SPICE_SURFACE_FLAGS_",
    enums.AlphaFlags: "SPICE_ALPHA_FLAGS_",
    enums.ResourceType: "SPICE_RES_TYPE_",
    enums.GlScanoutFlags: "SPICE_GL_SCANOUT_FLAGS_",
    enums.KeyModifiers: "SPICE_KEYBOARD_MODIFIER_FLAGS_",
    enums.MouseButton: "SPICE_MOUSE_BUTTON_",
    enums.MouseButtons: "SPICE_MOUSE_BUTTON_MASK_",
    enums.CursorType: "SPICE_CURSOR_TYPE_",
    enums.CursorFlags: "SPICE_CURSOR_FLAGS_",
    enums.AudioMode: "SPICE_AUDIO_DATA_MODE_",
    enums.AudioFormat: "SPICE_AUDIO_FMT_",
}


def header(name: str) -> str:
    """The text of one of spice-protocol's headers."""
    if not HEADERS.exists():
        missing("spice-protocol", "libspice-protocol-dev")
    return (HEADERS / name).read_text()


def c_enumerators(text: str) -> dict[str, int]:
    """The names and values of all enums of a C header."""
    text = re.sub(r"/\*.*?\*/|SPICE_GNUC_DEPRECATED", "", text, flags=re.DOTALL)
    values: dict[str, int] = {}
    for body in re.findall(r"enum\s*\w*\s*\{(.*?)\}", text, re.DOTALL):
        value = -1
        for item in filter(None, (part.strip() for part in body.split(","))):
            name, _, expression = (part.strip() for part in item.partition("="))
            base, _, shift = expression.strip("()").partition("<<")
            value = (int(base, 0) << int(shift or 0)) if expression else value + 1
            values[name] = value
    return values


@pytest.mark.parametrize("enum", PREFIXES, ids=lambda enum: enum.__name__)
def test_numbers_are_those_of_spice_protocol(enum: type[IntEnum] | type[IntFlag]) -> None:
    known = c_enumerators(header("enums.h"))
    assert list(enum)
    for member in enum:
        assert known[f"{PREFIXES[enum]}{member.name}"] == member.value


def test_agent_numbers_are_those_of_spice_protocol() -> None:
    known = c_enumerators(header("vd_agent.h"))
    for enum, prefix in {
        agent.AgentCap: "VD_AGENT_CAP_",
        agent.ClipboardType: "VD_AGENT_CLIPBOARD_",
        agent.ClipboardSelection: "VD_AGENT_CLIPBOARD_SELECTION_",
        agent.FileXferResult: "VD_AGENT_FILE_XFER_STATUS_",
        agent.MonitorsFlags: "VD_AGENT_CONFIG_MONITORS_FLAG_",
    }.items():
        for member in enum:
            assert known[f"{prefix}{member.name}"] == member.value
    for number, cls in agent.AGENT_MESSAGES.items():
        words = re.sub(r"(?<!^)([A-Z])", r"_\1", cls.__name__.removeprefix("Agent")).upper()
        assert known[f"VD_AGENT_{words}"] == number
