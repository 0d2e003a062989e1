"""Points and rectangles in pixels; y grows downwards, right and bottom are exclusive."""

from typing import NamedTuple


class Point(NamedTuple):
    """A position in pixels."""

    x: int
    y: int


class Rect(NamedTuple):
    """A rectangle of pixels, half open: ``left <= x < right`` and ``top <= y < bottom``."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def sized(cls, x: int, y: int, width: int, height: int) -> "Rect":
        """The rectangle at (x, y) of the given size."""
        return cls(x, y, x + width, y + height)

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    @property
    def area(self) -> int:
        """Number of pixels; 0 where the rectangle is empty."""
        return 0 if self.empty else self.width * self.height

    def intersect(self, other: "Rect") -> "Rect":
        """The common part; a rectangle with ``empty`` true where there is none."""
        return Rect(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def union(self, other: "Rect") -> "Rect":
        """The smallest rectangle that covers both; an empty one counts for nothing."""
        if self.empty:
            return other
        if other.empty:
            return self
        return Rect(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def contains(self, other: "Rect") -> bool:
        """Whether every pixel of ``other`` lies inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def contains_point(self, x: int, y: int) -> bool:
        return self.left <= x < self.right and self.top <= y < self.bottom

    def translate(self, dx: int, dy: int) -> "Rect":
        return Rect(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)
