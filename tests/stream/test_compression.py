"""What images may be."""

import pytest

from gspice.codec.glz_encode import GlzDictionary
from gspice.stream.compression import Compression, ImageSettings, WanCompression


def test_the_numbers_are_those_of_the_protocol() -> None:
    assert [int(mode) for mode in Compression] == [0, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("wanted", [False, True])
def test_when_wan_compression_is_on(wanted: bool) -> None:
    assert WanCompression.ALWAYS.on(wanted=wanted)
    assert not WanCompression.NEVER.on(wanted=wanted)
    assert WanCompression.AUTO.on(wanted=wanted) is wanted


def test_only_images_without_a_dictionary_are_shared() -> None:
    plain = ImageSettings(mode=Compression.LZ)
    assert plain.shared and plain == ImageSettings(mode=Compression.LZ)
    assert not ImageSettings(mode=Compression.GLZ, dictionary=GlzDictionary(1 << 20)).shared
