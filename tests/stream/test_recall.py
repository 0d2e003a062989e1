"""Which parts of cached images make up what is stale."""

from gspice.geometry import Rect
from gspice.region import Region
from gspice.stream.cells import Cell
from gspice.stream.image_cache import Part, PixmapCache
from gspice.stream.recall import MAX_RECALLED, MIN_PIXELS, recall

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
