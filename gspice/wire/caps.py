"""Capabilities: what each end of a channel says it can do, as bit numbers and as the words on the wire."""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Self

_WORD_BITS = 32
_WORD_MASK = (1 << _WORD_BITS) - 1


class CommonCap(IntEnum):
    """Capabilities that mean the same on every channel."""

    AUTH_SELECTION = 0
    """The client names an authentication mechanism; without it the ticket follows the link reply."""
    AUTH_SPICE = 1
    AUTH_SASL = 2
    MINI_HEADER = 3
    """Messages carry the 6-byte header, without serial and sub-message list."""


class MainCap(IntEnum):
    """Capabilities of the main channel."""

    SEMI_SEAMLESS_MIGRATE = 0
    NAME_AND_UUID = 1
    AGENT_CONNECTED_TOKENS = 2
    SEAMLESS_MIGRATE = 3


class DisplayCap(IntEnum):
    """Capabilities of the display channel."""

    SIZED_STREAM = 0
    MONITORS_CONFIG = 1
    COMPOSITE = 2
    A8_SURFACE = 3
    STREAM_REPORT = 4
    LZ4_COMPRESSION = 5
    PREF_COMPRESSION = 6
    GL_SCANOUT = 7
    MULTI_CODEC = 8
    CODEC_MJPEG = 9
    CODEC_VP8 = 10
    CODEC_H264 = 11
    PREF_VIDEO_CODEC_TYPE = 12
    CODEC_VP9 = 13
    CODEC_H265 = 14
    GL_SCANOUT2 = 15


class InputsCap(IntEnum):
    """Capabilities of the inputs channel."""

    KEY_SCANCODE = 0


class PlaybackCap(IntEnum):
    """Capabilities of the playback channel."""

    CELT_0_5_1 = 0
    VOLUME = 1
    LATENCY = 2
    OPUS = 3


class RecordCap(IntEnum):
    """Capabilities of the record channel."""

    CELT_0_5_1 = 0
    VOLUME = 1
    OPUS = 2


class VmcCap(IntEnum):
    """Capabilities of the USB redirection, port and webdav channels."""

    DATA_COMPRESS_LZ4 = 0


class CapSet:
    """An immutable set of capability bit numbers."""

    __slots__ = ("_mask",)

    def __init__(self, bits: Iterable[int] = ()) -> None:
        mask = 0
        for bit in bits:
            mask |= 1 << bit
        self._mask = mask

    @classmethod
    def of(cls, *bits: int) -> Self:
        """The set of the bit numbers given."""
        return cls(bits)

    @classmethod
    def from_words(cls, words: Iterable[int]) -> Self:
        """The set that ``words`` hold, lowest 32 bits first. ValueError: a word is not a u32."""
        mask = 0
        for index, word in enumerate(words):
            if not 0 <= word <= _WORD_MASK:
                raise ValueError(f"capability word {index} is {word:#x}, which is no u32")
            mask |= word << (index * _WORD_BITS)
        return cls._of_mask(mask)

    @classmethod
    def _of_mask(cls, mask: int) -> Self:
        made = cls()
        made._mask = mask
        return made

    def has(self, bit: int) -> bool:
        """Whether the capability of this bit number is set."""
        return bool(self._mask >> bit & 1)

    def __contains__(self, bit: object) -> bool:
        return isinstance(bit, int) and self.has(bit)

    def words(self) -> tuple[int, ...]:
        """The u32 words for the wire, lowest first, without zero words at the end."""
        count = -(-self._mask.bit_length() // _WORD_BITS)
        return tuple(self._mask >> (index * _WORD_BITS) & _WORD_MASK for index in range(count))

    def __or__(self, other: "CapSet") -> "CapSet":
        return CapSet._of_mask(self._mask | other._mask)

    def __and__(self, other: "CapSet") -> "CapSet":
        return CapSet._of_mask(self._mask & other._mask)

    def __iter__(self) -> Iterator[int]:
        mask = self._mask
        while mask:
            lowest = mask & -mask
            yield lowest.bit_length() - 1
            mask ^= lowest

    def __bool__(self) -> bool:
        return bool(self._mask)

    def __eq__(self, other: object) -> bool:
        return self._mask == other._mask if isinstance(other, CapSet) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._mask)

    def __repr__(self) -> str:
        return f"CapSet.of({', '.join(map(str, self))})"


NO_CAPS = CapSet()
"""The empty set."""
