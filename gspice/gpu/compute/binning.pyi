"""Which primitives of a list each tile draws, and in which order of dispatches."""

from gspice.gpu.compute.primitives import PrimitiveList

TILE_SIZE: int
"""Pixels of a tile's side."""

class Binning:
    """Works on one list at a time, and keeps its memory for the next."""

    def bin(self, primitives: PrimitiveList) -> list[tuple[int, int, int]]:
        """Sort the list into tiles: for each dispatch in order, its variant of the shader, its first tile
        and how many there are.

        Left out is what later opaque primitives cover and nothing reads before, and what is drawn on surfaces that
        end with the list and that nothing reads. The tiles of one dispatch can be drawn at once: none of them reads
        what another one writes.
        """
    def parts(self) -> tuple[bytes, bytes]:
        """Tiles and their lists, as the shader reads them."""
