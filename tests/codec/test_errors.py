from gspice.codec.errors import CodecError
from gspice.errors import GSpiceError, GuestError, ProtocolError


def test_a_codec_blames_nobody() -> None:
    assert issubclass(CodecError, GSpiceError)
    assert not issubclass(CodecError, ProtocolError | GuestError)
