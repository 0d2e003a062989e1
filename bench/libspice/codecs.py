"""libspice's image encoders, compiled from its own source as GSpice's are, and called by ctypes."""

import ctypes
import hashlib
import os
import shlex
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from bench.libspice.build import run
from bench.libspice.spice_source import cache, source

HERE = Path(__file__).parent
SOURCE = HERE / "codecs.c"
STAND_INS = HERE / "stand_ins"
UNITS = ("common/quic.c", "common/lz.c", "glz-encoder.c", "glz-encoder-dict.c")
FLAGS = os.environ.get("BENCH_CODEC_FLAGS", "-O3 -DNDEBUG")
"""Those that GSpice's compiled modules have; Debian compiles libspice-server with -O2."""


class Codec(IntEnum):
    """As codecs.c has them."""

    QUIC = 0
    LZ = 1
    GLZ = 2


class Picture(NamedTuple):
    """Rows top-down without padding, in one of the layouts that a codec takes, whose number is ``kind``."""

    kind: int
    width: int
    height: int
    stride: int
    rows: bytes


class _Image(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("stride", ctypes.c_int32),
        ("rows", ctypes.c_char_p),
    )


class Encoded(NamedTuple):
    """What came of one pass over some images."""

    seconds: float
    """CPU time of the thread."""
    sizes: list[int]
    streams: list[bytes]
    """Empty where they were not kept; those of the images before the clock started come first."""


class LibspiceCodecs:
    """The library; for one thread."""

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        self._library.codecs_encode.restype = ctypes.c_double
        self._library.codecs_reason.restype = ctypes.c_char_p

    def encode(
        self,
        codec: Codec,
        pictures: Sequence[Picture],
        first: Sequence[Picture],
        window: int,
        *,
        keep: bool = False,
    ) -> Encoded:
        """One pass, of GLZ with a dictionary of its own, in which ``first`` is before the clock starts.

        RuntimeError where an encoder gives up.
        """
        both = [*first, *pictures]
        images = (_Image * len(both))(*(_Image(*picture) for picture in both))
        sizes = (ctypes.c_int64 * len(both))()
        needs = [most_bytes(picture) for picture in both]
        size = sum(needs) if keep else max(needs)
        room = (ctypes.c_uint32 * (size // 4))()
        seconds = self._library.codecs_encode(
            codec, images, len(both), len(first), window, int(keep), room, ctypes.c_size_t(size), sizes
        )
        if seconds < 0:
            raise RuntimeError(f"libspice's {codec.name}: {self._library.codecs_reason().decode()}")
        streams = _streams(memoryview(room).cast("B"), list(sizes)) if keep else []
        return Encoded(seconds, list(sizes)[len(first) :], streams)


def most_bytes(picture: Picture) -> int:
    """More than any stream of the picture takes: a channel of QUIC, of 8 bits or 5, has at most 26, and runs 16."""
    return 4096 + 8 * len(picture.rows)


def _streams(room: memoryview, sizes: Sequence[int]) -> list[bytes]:
    streams, at = [], 0
    for size in sizes:
        streams.append(bytes(room[at : at + size]))
        at += size + 3 & ~3
    return streams


def libspice_codecs() -> LibspiceCodecs:
    """The library, made where it is not there as it should be. RuntimeError says what is missing."""
    folder = source()
    words = shlex.split(FLAGS)
    inputs = [SOURCE, *sorted(path for path in STAND_INS.rglob("*.h"))]
    mark = hashlib.sha256(b"\0".join([*(path.read_bytes() for path in inputs), FLAGS.encode()])).hexdigest()[
        :16
    ]
    library = cache() / f"codecs-{mark}.so"
    if not library.exists():
        new = library.with_suffix(f".{os.getpid()}")
        headers = shlex.split(run("pkg-config", "--cflags", "spice-protocol"))
        places = ["-I", str(folder), "-I", str(STAND_INS), "-iquote", str(STAND_INS / "common")]
        units = [str(SOURCE), *(str(folder / unit) for unit in UNITS)]
        run("cc", *words, "-shared", "-fPIC", *places, *headers, *units, "-o", str(new), "-lpthread")
        new.replace(library)
    return LibspiceCodecs(library)
