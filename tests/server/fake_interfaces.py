"""Interfaces that are attached and do nothing."""

from gspice.vdi import CharDeviceInterface, MigrateInterface, PlaybackInterface, RecordInterface


class FakePlayback(PlaybackInterface):
    pass


class FakeRecord(RecordInterface):
    pass


class FakeCharDevice(CharDeviceInterface):
    def state(self, connected: bool) -> None:
        return None

    def write(self, data: bytes) -> int:
        return len(data)

    def read(self, size: int) -> bytes:
        return b""


class FakeMigrate(MigrateInterface):
    def migrate_connect_complete(self) -> None:
        return None

    def migrate_end_complete(self) -> None:
        return None
