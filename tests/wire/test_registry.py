"""Every message of the protocol is there, under its number: the whole table, written out."""

import pytest

from gspice.wire.channel_types import ChannelType
from gspice.wire.message import BASE_CHANNEL, Direction
from gspice.wire.registry import client_messages, server_messages

BASE_TO_CLIENT = """
1 Migrate, 2 MigrateData, 3 SetAck, 4 Ping, 5 WaitForChannels, 6 Disconnecting, 7 Notify, 8 SubList
"""
BASE_TO_SERVER = """
1 AckSync, 2 Ack, 3 Pong, 4 MigrateFlushMark, 5 ClientMigrateData, 6 ClientDisconnecting
"""
VMC_TO_CLIENT = "101 VmcData, 102 VmcCompressedData"
VMC_TO_SERVER = "101 VmcClientData, 102 VmcClientCompressedData"
TO_CLIENT = {
    ChannelType.MAIN: """
        101 MainMigrateBegin, 102 MainMigrateCancel, 103 MainInit, 104 MainChannelsList, 105 MainMouseMode,
        106 MainMultiMediaTime, 107 MainAgentConnected, 108 MainAgentDisconnected, 109 MainAgentData,
        110 MainAgentToken, 111 MainMigrateSwitchHost, 112 MainMigrateEnd, 113 MainName, 114 MainUuid,
        115 MainAgentConnectedTokens, 116 MainMigrateBeginSeamless, 117 MainMigrateDstSeamlessAck,
        118 MainMigrateDstSeamlessNack
    """,
    ChannelType.DISPLAY: """
        101 DisplayMode, 102 DisplayMark, 103 DisplayReset, 104 DisplayCopyBits, 105 DisplayInvalList,
        106 DisplayInvalAllPixmaps, 107 DisplayInvalPalette, 108 DisplayInvalAllPalettes,
        122 DisplayStreamCreate, 123 DisplayStreamData, 124 DisplayStreamClip, 125 DisplayStreamDestroy,
        126 DisplayStreamDestroyAll, 302 DisplayFill, 303 DisplayOpaque, 304 DisplayCopy, 305 DisplayBlend,
        306 DisplayBlackness, 307 DisplayWhiteness, 308 DisplayInvers, 309 DisplayRop3, 310 DisplayStroke,
        311 DisplayText, 312 DisplayTransparent, 313 DisplayAlphaBlend, 314 DisplaySurfaceCreate,
        315 DisplaySurfaceDestroy, 316 DisplayStreamDataSized, 317 DisplayMonitorsConfig,
        318 DisplayComposite, 319 DisplayStreamActivateReport, 320 DisplayGlScanoutUnix, 321 DisplayGlDraw,
        322 DisplayQualityIndicator, 323 DisplayGlScanout2Unix
    """,
    ChannelType.INPUTS: "101 InputsInit, 102 InputsKeyModifiers, 111 InputsMouseMotionAck",
    ChannelType.CURSOR: """
        101 CursorInit, 102 CursorReset, 103 CursorSet, 104 CursorMove, 105 CursorHide, 106 CursorTrail,
        107 CursorInvalOne, 108 CursorInvalAll
    """,
    ChannelType.PLAYBACK: """
        101 PlaybackData, 102 PlaybackMode, 103 PlaybackStart, 104 PlaybackStop, 105 PlaybackVolume,
        106 PlaybackMute, 107 PlaybackLatency
    """,
    ChannelType.RECORD: "101 RecordStart, 102 RecordStop, 103 RecordVolume, 104 RecordMute",
    ChannelType.SMARTCARD: "101 SmartcardData",
    ChannelType.USBREDIR: VMC_TO_CLIENT,
    ChannelType.PORT: VMC_TO_CLIENT + ", 201 PortInit, 202 PortEvent",
    ChannelType.WEBDAV: VMC_TO_CLIENT + ", 201 PortInit, 202 PortEvent",
}
TO_SERVER = {
    ChannelType.MAIN: """
        101 MainClientInfo, 102 MainMigrateConnected, 103 MainMigrateConnectError, 104 MainAttachChannels,
        105 MainMouseModeRequest, 106 MainAgentStart, 107 MainClientAgentData, 108 MainClientAgentToken,
        109 MainClientMigrateEnd, 110 MainMigrateDstDoSeamless, 111 MainMigrateConnectedSeamless,
        112 MainQualityIndicator
    """,
    ChannelType.DISPLAY: """
        101 DisplayInit, 102 DisplayStreamReport, 103 DisplayPreferredCompression, 104 DisplayGlDrawDone,
        105 DisplayPreferredVideoCodecType
    """,
    ChannelType.INPUTS: """
        101 InputsKeyDown, 102 InputsKeyUp, 103 InputsClientKeyModifiers, 104 InputsKeyScancode,
        111 InputsMouseMotion, 112 InputsMousePosition, 113 InputsMousePress, 114 InputsMouseRelease
    """,
    ChannelType.CURSOR: "",
    ChannelType.PLAYBACK: "",
    ChannelType.RECORD: "101 RecordData, 102 RecordMode, 103 RecordStartMark",
    ChannelType.SMARTCARD: "101 SmartcardClientData",
    ChannelType.USBREDIR: VMC_TO_SERVER,
    ChannelType.PORT: VMC_TO_SERVER + ", 201 PortClientEvent",
    ChannelType.WEBDAV: VMC_TO_SERVER + ", 201 PortClientEvent",
}


def table(text: str) -> dict[int, str]:
    rows = [row.split() for row in text.split(",") if row.strip()]
    return {int(number): name for number, name in rows}


@pytest.mark.parametrize("channel", ChannelType)
def test_server_messages_are_complete(channel: ChannelType) -> None:
    found = {number: cls.NAME for number, cls in server_messages(channel).items()}
    assert found == table(BASE_TO_CLIENT) | table(TO_CLIENT[channel])


@pytest.mark.parametrize("channel", ChannelType)
def test_client_messages_are_complete(channel: ChannelType) -> None:
    found = {number: cls.NAME for number, cls in client_messages(channel).items()}
    assert found == table(BASE_TO_SERVER) | table(TO_SERVER[channel])


@pytest.mark.parametrize("channel", ChannelType)
def test_classes_say_where_they_belong(channel: ChannelType) -> None:
    own = {BASE_CHANNEL, int(channel)}
    if channel in (ChannelType.PORT, ChannelType.WEBDAV):
        own |= {ChannelType.USBREDIR, ChannelType.PORT}
    for messages, direction in (
        (server_messages(channel), Direction.TO_CLIENT),
        (client_messages(channel), Direction.TO_SERVER),
    ):
        for number, cls in messages.items():
            assert number == cls.TYPE
            assert cls.DIRECTION is direction
            assert cls.CHANNEL in own


def test_tables_cannot_be_changed_and_unknown_channels_are_refused() -> None:
    with pytest.raises(TypeError):
        server_messages(1)[1] = server_messages(1)[2]  # type: ignore[index]
    for lookup in (server_messages, client_messages):
        with pytest.raises(KeyError):
            lookup(7)
