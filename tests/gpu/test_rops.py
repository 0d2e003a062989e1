import itertools

import pytest

from gspice.geometry import Rect
from gspice.gpu.cpu.kernels import Surface, fill
from gspice.gpu.plans.rops import ROP_CLEAR, ROP_COPY, ROP_INVERT, ROP_SET, Ropd, rop_of

EXPRESSIONS = {
    Ropd.OP_PUT: lambda s, d: s,
    Ropd.OP_OR: lambda s, d: s | d,
    Ropd.OP_AND: lambda s, d: s & d,
    Ropd.OP_XOR: lambda s, d: s ^ d,
}


def apply(rop: int, src: int, dst: int) -> int:
    """One bit through the terms that a rop number stands for."""
    return rop & 1 ^ (rop >> 1 & src) ^ (rop >> 2 & dst) ^ (rop >> 3 & src & dst)


@pytest.mark.parametrize("operation", EXPRESSIONS)
@pytest.mark.parametrize("inverted", [Ropd.INVERS_SRC, Ropd.INVERS_BRUSH])
def test_combining_descriptors(operation: Ropd, inverted: Ropd) -> None:
    other = Ropd.INVERS_BRUSH if inverted is Ropd.INVERS_SRC else Ropd.INVERS_SRC
    flips = itertools.product((0, 1), repeat=4)
    for flip_src, flip_other, flip_dst, flip_res in flips:
        descriptor = operation | inverted * flip_src | other * flip_other
        descriptor |= Ropd.INVERS_DEST * flip_dst | Ropd.INVERS_RES * flip_res
        rop = rop_of(descriptor, inverted)
        for src, dst in itertools.product((0, 1), repeat=2):
            expected = EXPRESSIONS[operation](src ^ flip_src, dst ^ flip_dst) ^ flip_res
            assert apply(rop, src, dst) == expected, (descriptor, src, dst)


@pytest.mark.parametrize(
    ("descriptor", "rop"),
    [
        (Ropd.OP_BLACKNESS, ROP_CLEAR),
        (Ropd.OP_WHITENESS | Ropd.INVERS_RES | Ropd.INVERS_SRC, ROP_SET),
        (Ropd.OP_INVERS | Ropd.INVERS_DEST, ROP_INVERT),
        (0, ROP_COPY),
        (Ropd.INVERS_RES | Ropd.INVERS_SRC, ROP_COPY),
        (Ropd.OP_PUT | Ropd.OP_XOR, ROP_COPY),
        (Ropd.OP_WHITENESS | Ropd.OP_BLACKNESS, ROP_CLEAR),
    ],
)
def test_fixed_results_and_precedence(descriptor: int, rop: int) -> None:
    assert rop_of(descriptor, Ropd.INVERS_SRC) == rop


@pytest.mark.parametrize("rop", range(16))
def test_kernels_read_rop_numbers_like_this(rop: int) -> None:
    surface = Surface(1, 1, 8)
    surface.load(b"\x35", 1)
    fill(surface, [Rect(0, 0, 1, 1)], 0x53, rop)
    bits = [apply(rop, 0x53 >> i & 1, 0x35 >> i & 1) << i for i in range(8)]
    assert surface.read(Rect(0, 0, 1, 1)) == bytes([sum(bits)])
