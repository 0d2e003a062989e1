from dataclasses import replace

from gspice.channels.display_packing import JPEG_QUALITY, DisplayPacking
from gspice.stream.client_caches import ClientCaches
from gspice.stream.compression import Compression, DisplaySettings, ImageSettings, WanCompression
from gspice.wire.caps import CapSet
from tests.channels.display_rig import INIT, link

WANTED = DisplaySettings(compression=Compression.AUTO)


def packing(caps: CapSet | None = None, *, local: bool = False) -> DisplayPacking:
    made = DisplayPacking(ClientCaches(), link(local=local) if caps is None else link(caps, local=local))
    made.use(INIT)
    return made


def settings(made: DisplayPacking, wanted: DisplaySettings = WANTED, *, lossy: bool = True) -> ImageSettings:
    return made.settings(wanted, may_be_lossy=lossy, slow_link=True)


def test_the_operator_s_way_counts_unless_the_client_asks() -> None:
    made = packing()
    assert settings(made).mode is Compression.AUTO
    made.prefer(Compression.LZ, Compression.QUIC)
    assert settings(made).mode is Compression.LZ
    made.prefer(99, Compression.QUIC)
    assert settings(made).mode is Compression.QUIC


def test_a_client_on_the_same_host_gets_pixels_as_they_are_until_it_asks() -> None:
    made = packing(local=True)
    assert settings(made).mode is Compression.OFF
    made.prefer(Compression.GLZ, Compression.AUTO)
    assert settings(made).mode is Compression.GLZ


def test_a_dictionary_is_for_those_who_announced_one() -> None:
    made = packing()
    assert settings(made).dictionary is not None
    assert settings(made).dictionary is settings(made).dictionary
    assert settings(made, replace(WANTED, compression=Compression.LZ)).dictionary is None
    assert (
        DisplayPacking(ClientCaches(), link()).settings(WANTED, may_be_lossy=True, slow_link=True).dictionary
        is None
    )


def test_jpeg_is_for_slow_links_and_never_for_what_must_be_exact() -> None:
    made = packing()
    assert settings(made).jpeg_quality == JPEG_QUALITY
    assert settings(made, lossy=False).jpeg_quality == 0
    assert made.settings(WANTED, may_be_lossy=True, slow_link=False).jpeg_quality == 0
    assert settings(made, replace(WANTED, jpeg=WanCompression.NEVER)).jpeg_quality == 0


def test_lz4_is_for_those_who_can() -> None:
    assert settings(packing()).lz4
    assert not settings(packing(CapSet())).lz4
