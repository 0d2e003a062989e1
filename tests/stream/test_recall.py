"""Which parts of cached images make up what is stale."""

from typing import Any

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.cells import Cell
from gspice.stream.image_cache import Part, PixmapCache
from gspice.stream.recall import MAX_RECALLED, MAX_TRIED, MIN_PIXELS, recall, recall_wholes

W, H = 64, 32


def cell(column: int, row: int, name: str) -> Cell:
    return Cell(Rect.sized(column * W, row * H, W, H), name.encode())


def picture(rows: list[str]) -> list[Cell]:
    return [cell(column, row, name) for row, names in enumerate(rows) for column, name in enumerate(names)]


class Kept:
    """A cache of images whose cells are letters."""

    def __init__(self) -> None:
        self.cache = PixmapCache(1 << 24)
        self.user = self.cache.join(0)

    def keep(self, rows: list[str], *, left: int = 0, top: int = 0, lossy: bool = False) -> int:
        """``left``, ``top``: pixels of the image before its first cell."""
        number = self.cache.next_id()
        parts = [Part(c.digest, c.rect.left + left, c.rect.top + top) for c in picture(rows)]
        size = left + W * len(rows[0]), top + H * len(rows)
        self.cache.put(self.user, 1, size, parts, lossy=lossy)
        return number

    def recall(
        self, cells: list[Cell], stale: Rect | None = None, *, exact: bool = True
    ) -> list[tuple[Rect, int, Rect]]:
        region = Region([stale or Rect(0, 0, 10_000, 10_000)])
        found = recall(cells, region, self.cache, self.user, exact=exact)
        return [(each.rect, each.image.id, each.source) for each in found]


def test_a_picture_comes_back_in_one_part() -> None:
    kept = Kept()
    number = kept.keep(["abc", "def", "ghi"], left=5, top=7)
    shown = Rect(0, 0, 3 * W, 3 * H)
    assert kept.recall(picture(["abc", "def", "ghi"])) == [(shown, number, shown.translate(5, 7))]


def test_blank_cells_come_with_their_neighbours() -> None:
    kept = Kept()
    kept.keep(["....", "...."])
    number = kept.keep([".a..", "..b.", "...."])
    whole = Rect(0, 0, 4 * W, 3 * H)
    assert kept.recall(picture([".a..", "..b.", "...."])) == [(whole, number, whole)]


def test_parts_of_several_images_go_where_their_pixels_are() -> None:
    kept = Kept()
    first, second = kept.keep(["abcd", "efgh"]), kept.keep(["ijkl", "mnop"])
    cells = picture(["jkab", "noef", "????"])
    assert sorted(kept.recall(cells)) == [
        (Rect(0, 0, 2 * W, 2 * H), second, Rect(W, 0, 3 * W, 2 * H)),
        (Rect(2 * W, 0, 4 * W, 2 * H), first, Rect(0, 0, 2 * W, 2 * H)),
    ]


def test_a_gap_parts_them() -> None:
    kept = Kept()
    number = kept.keep(["abcde", "fghij"])
    cells = picture(["ab?de", "fg?ij"])
    left, right = Rect(0, 0, 2 * W, 2 * H), Rect(3 * W, 0, 5 * W, 2 * H)
    assert sorted(kept.recall(cells)) == [(left, number, left), (right, number, right)]


def test_what_is_small_or_hardly_stale_is_left_to_be_packed() -> None:
    kept = Kept()
    kept.keep(["abc"])
    assert W * H < MIN_PIXELS <= 2 * W * H
    assert kept.recall([cell(0, 0, "a")]) == []
    assert len(kept.recall([cell(0, 0, "a"), cell(1, 0, "b")])) == 1
    assert kept.recall([cell(0, 0, "a"), cell(1, 0, "b")], Rect(0, 0, W, H + 10)) == []


def test_lossy_images_are_for_those_who_take_them() -> None:
    kept = Kept()
    number = kept.keep(["ab", "cd"], lossy=True)
    cells = picture(["ab", "cd"])
    assert kept.recall(cells) == []
    assert [found[1] for found in kept.recall(cells, exact=False)] == [number]


def test_of_many_parts_the_largest() -> None:
    kept = Kept()
    cells = []
    for number in range(MAX_RECALLED + 5):
        names = [f"{number}.{at}" for at in range(3 if number == 40 else 2)]
        parts = [Part(name.encode(), at * W, 0) for at, name in enumerate(names)]
        kept.cache.put(kept.user, 1, (W * len(names), H), parts, lossy=False)
        cells += [cell(at, 2 * number, name) for at, name in enumerate(names)]
    found = kept.recall(cells)
    assert len(found) == MAX_RECALLED and found[0][0].width == 3 * W


class Looked:
    """Cells that know the digests of rectangles by name."""

    def __init__(self, names: dict[Rect, str]) -> None:
        self.names = names
        self.asked: list[Rect] = []

    def digest(self, rect: Rect) -> bytes | None:
        self.asked.append(rect)
        name = self.names.get(rect)
        return None if name is None else name.encode()


def wholes(kept: Kept, looked: Looked, homes: list[Rect], stale: Rect) -> list[tuple[Rect, int]]:
    cells: Any = looked
    found = recall_wholes(homes, cells, Region([stale]), kept.cache, kept.user, exact=True)
    assert all(each.source == Rect(0, 0, each.rect.width, each.rect.height) for each in found)
    return [(each.rect, each.image.id) for each in found]


def test_whole_images_come_back_to_where_they_were() -> None:
    kept = Kept()
    large, left, right = Rect(0, 0, 200, 100), Rect(0, 0, 100, 100), Rect(100, 0, 200, 100)
    numbers = {}
    for name, rect in (("old", large), ("l", left), ("r", right)):
        numbers[name] = kept.cache.next_id()
        kept.cache.put(kept.user, 1, (rect.width, rect.height), [Part(name.encode(), 0, 0)], lossy=False)
    homes = [left, large, right]
    looked = Looked({large: "new", left: "l", right: "r"})
    assert wholes(kept, looked, homes, large) == [(left, numbers["l"]), (right, numbers["r"])]
    assert wholes(kept, Looked({large: "old", left: "l"}), homes, large) == [(large, numbers["old"])]
    assert wholes(kept, looked, homes, right) == [(right, numbers["r"])]
    looked.asked.clear()
    assert wholes(kept, looked, [large], Rect(0, 0, 90, 100)) == [] == looked.asked
    assert wholes(kept, Looked({}), homes, large) == []


def test_an_image_of_another_size_is_not_a_whole_one_there() -> None:
    kept = Kept()
    kept.cache.put(kept.user, 1, (200, 100), [Part(b"a", 0, 0)], lossy=False)
    home = Rect(0, 0, 100, 100)
    assert wholes(kept, Looked({home: "a"}), [home], home) == []


def test_no_more_is_digested_at_a_time_than_that() -> None:
    kept, side = Kept(), 1 << 10
    homes = [Rect.sized(0, number * side, side, side) for number in range(10)]
    looked = Looked({})
    assert wholes(kept, looked, homes, Rect(0, 0, side, 10 * side)) == []
    assert sum(rect.area for rect in looked.asked) == MAX_TRIED
