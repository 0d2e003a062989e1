"""What usbredir, port and webdav channels have in common: raw data, compressed or not.

``CHANNEL`` of these is USBREDIR; the registry gives them to ports and webdav as well.
"""

from typing import Annotated, TypeAlias

from gspice.wire import limits
from gspice.wire.buffer import BodyReader, Scope
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import DataCompression
from gspice.wire.fields import U8, Blob, Bounded
from gspice.wire.message import Direction, Message, wire


class _ToClient(Message):
    __slots__ = ()
    CHANNEL = ChannelType.USBREDIR
    DIRECTION = Direction.TO_CLIENT


class _ToServer(Message):
    __slots__ = ()
    CHANNEL = ChannelType.USBREDIR
    DIRECTION = Direction.TO_SERVER


class _WhenCompressed:
    """A size is there where the data is compressed at all: for every type but NONE."""

    def on_read(self, reader: BodyReader, scope: Scope) -> bool:
        return bool(scope["type"] != DataCompression.NONE)

    def on_write(self, value: object, scope: Scope) -> bool:
        return bool(scope["type"] != DataCompression.NONE)


_UncompressedSize: TypeAlias = Annotated[int | None, Bounded("I", limit=limits.VMC_BYTES), _WhenCompressed()]


@wire
class VmcData(_ToClient):
    """Bytes from the guest's device."""

    TYPE = 101
    data: Annotated[bytes | memoryview, Blob(limit=limits.VMC_BYTES)]


@wire
class VmcCompressedData(_ToClient):
    """Bytes from the guest's device, compressed; for clients with DATA_COMPRESS_LZ4."""

    TYPE = 102
    type: U8
    """DataCompression"""
    uncompressed_size: _UncompressedSize = None
    data: Annotated[bytes | memoryview, Blob(limit=limits.VMC_BYTES)]


@wire
class VmcClientData(_ToServer):
    """Bytes for the guest's device."""

    TYPE = 101
    data: Annotated[bytes, Blob(limit=limits.VMC_BYTES)]


@wire
class VmcClientCompressedData(_ToServer):
    """Compressed bytes for the guest's device."""

    TYPE = 102
    type: U8
    """DataCompression"""
    uncompressed_size: _UncompressedSize = None
    data: Annotated[bytes, Blob(limit=limits.VMC_BYTES)]
