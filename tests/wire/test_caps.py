"""Capability bits, and sets of them as words."""

from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.wire.caps import CapSet, CommonCap, DisplayCap, InputsCap, MainCap, PlaybackCap, RecordCap, VmcCap

NUMBERS: dict[type[IntEnum], dict[str, int]] = {
    CommonCap: {"AUTH_SELECTION": 0, "AUTH_SPICE": 1, "AUTH_SASL": 2, "MINI_HEADER": 3},
    MainCap: {
        "SEMI_SEAMLESS_MIGRATE": 0,
        "NAME_AND_UUID": 1,
        "AGENT_CONNECTED_TOKENS": 2,
        "SEAMLESS_MIGRATE": 3,
    },
    DisplayCap: {
        "SIZED_STREAM": 0,
        "MONITORS_CONFIG": 1,
        "COMPOSITE": 2,
        "A8_SURFACE": 3,
        "STREAM_REPORT": 4,
        "LZ4_COMPRESSION": 5,
        "PREF_COMPRESSION": 6,
        "GL_SCANOUT": 7,
        "MULTI_CODEC": 8,
        "CODEC_MJPEG": 9,
        "CODEC_VP8": 10,
        "CODEC_H264": 11,
        "PREF_VIDEO_CODEC_TYPE": 12,
        "CODEC_VP9": 13,
        "CODEC_H265": 14,
        "GL_SCANOUT2": 15,
    },
    InputsCap: {"KEY_SCANCODE": 0},
    PlaybackCap: {"CELT_0_5_1": 0, "VOLUME": 1, "LATENCY": 2, "OPUS": 3},
    RecordCap: {"CELT_0_5_1": 0, "VOLUME": 1, "OPUS": 2},
    VmcCap: {"DATA_COMPRESS_LZ4": 0},
}


@pytest.mark.parametrize("caps", NUMBERS, ids=lambda caps: caps.__name__)
def test_numbers(caps: type[IntEnum]) -> None:
    assert {cap.name: cap.value for cap in caps} == NUMBERS[caps]


def test_the_words_of_a_known_set() -> None:
    caps = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER)
    assert caps.words() == (0b1011,)
    assert caps.has(CommonCap.MINI_HEADER)
    assert not caps.has(CommonCap.AUTH_SASL)
    assert not caps.has(1000)


def test_a_high_bit_takes_a_second_word_and_zero_words_at_the_end_are_dropped() -> None:
    assert CapSet.of(0, 33).words() == (1, 2)
    assert CapSet.of(31).words() == (0x8000_0000,)
    assert CapSet.from_words([3, 0, 0]).words() == (3,)
    assert CapSet().words() == ()


def test_sets_that_came_on_different_ways_are_equal() -> None:
    assert CapSet.from_words([3, 0]) == CapSet.of(0, 1) == CapSet([1, 0])
    assert hash(CapSet.from_words([3])) == hash(CapSet.of(0, 1))
    assert CapSet.of(0) != CapSet.of(1)
    assert CapSet.of(0) != 1
    assert CapSet.of(0, 5) | CapSet.of(1) == CapSet.of(0, 1, 5)
    assert CapSet.of(0, 5) & CapSet.of(5, 6) == CapSet.of(5)
    assert CapSet.of(4)
    assert not CapSet()


def test_it_shows_its_bits() -> None:
    assert repr(CapSet.of(40, 1)) == "CapSet.of(1, 40)"


@pytest.mark.parametrize("word", [-1, 1 << 32])
def test_a_word_that_is_no_u32_is_an_error(word: int) -> None:
    with pytest.raises(ValueError, match="u32"):
        CapSet.from_words([0, word])


@given(st.sets(st.integers(0, 200)))
def test_round_trip(bits: set[int]) -> None:
    caps = CapSet(bits)
    assert list(caps) == sorted(bits)
    assert CapSet.from_words(caps.words()) == caps
    assert all(0 <= word < 1 << 32 for word in caps.words())
