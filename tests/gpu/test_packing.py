import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.gpu.compute.packing import packed, widened
from tests.gpu.devices import numbers, words


def test_pixels_become_the_rows_of_their_format() -> None:
    assert packed(words(0x11223344, 5), 2, 1, 32) == words(0x11223344, 5)
    assert packed(words(0x1234, 0x5678, 9), 3, 1, 16) == bytes.fromhex("341278560900")
    assert packed(words(1, 2, 3, 4), 2, 2, 8) == bytes((1, 2, 3, 4))
    # The leftmost pixel is in the low bit, and a row ends with a byte.
    assert packed(words(*[1, 0, 0, 0, 0, 0, 0, 0, 1], *[0, 1, 1, 0, 0, 0, 0, 0, 0]), 9, 2, 1) == bytes(
        (1, 1, 6, 0)
    )


@given(st.sampled_from((1, 8, 16, 32)), st.integers(1, 20), st.integers(1, 5), st.randoms())
def test_there_and_back(bits: int, width: int, height: int, random: "object") -> None:
    pixels = [random.getrandbits(bits) for _ in range(width * height)]  # type: ignore[attr-defined]
    rows = packed(words(*pixels), width, height, bits)
    assert len(rows) == (width * bits + 7) // 8 * height
    assert numbers(widened(rows, width, height, bits)) == pixels


@pytest.mark.parametrize("change", [packed, widened])
@pytest.mark.parametrize(
    ("size", "width", "height", "bits"), [(8, 1, 1, 32), (4, 1, 1, 24), (0, 0, 1, 8), (0, 1, -1, 8)]
)
def test_what_does_not_fit_is_refused(
    change: "object", size: int, width: int, height: int, bits: int
) -> None:
    with pytest.raises(ValueError, match="bytes are not"):
        change(bytes(size), width, height, bits)  # type: ignore[operator]
