"""What the server thinks is in a client's pixmap cache."""

import pytest

from gspice.stream.image_cache import MAX_CACHE_PIXELS, CacheUser, Dropped, Entry, Part, PixmapCache, Wait


class Story:
    """A cache, and channels that count their messages."""

    def __init__(self, pixels: int = 1000) -> None:
        self.cache = PixmapCache(pixels)
        self.serials: dict[CacheUser, int] = {}

    def join(self, channel_id: int) -> CacheUser:
        user = self.cache.join(channel_id)
        self.serials[user] = 0
        return user

    def put(self, user: CacheUser, *names: str, size: tuple[int, int] = (10, 10), lossy: bool = False) -> int:
        """The number under which an image of these cells is kept."""
        number = self.cache.next_id()
        self.serials[user] += 1
        parts = [Part(name.encode(), at, 0) for at, name in enumerate(names)]
        self.cache.put(user, self.serials[user], size, parts, lossy=lossy)
        return number

    def draw(self, user: CacheUser, name: str) -> None:
        found = self.cache.find(user, name.encode(), exact=False)
        assert found is not None
        self.serials[user] += 1
        self.cache.use(user, found.image, self.serials[user])

    def drop(self, user: CacheUser) -> Dropped | None:
        return self.cache.drop(user, self.serials[user] + 1)

    def found(self, user: CacheUser, name: str, *, exact: bool = True) -> tuple[int, int] | None:
        found = self.cache.find(user, name.encode(), exact=exact)
        return None if found is None else (found.image.id, found.x)


def test_cells_are_found_in_the_image_that_has_them() -> None:
    story = Story()
    user = story.join(0)
    first, second = story.put(user, "a", "b"), story.put(user, "c")
    assert [story.found(user, name) for name in "abcd"] == [(first, 0), (first, 1), (second, 0), None]
    assert story.cache.pixels == 200 and len(story.cache) == 2
    assert story.drop(user) is None


def test_what_was_used_last_is_kept_longest() -> None:
    story = Story(300)
    user = story.join(0)
    numbers = [story.put(user, name) for name in "abc"]
    story.draw(user, "a")
    story.put(user, "d")
    assert story.drop(user) == Dropped([numbers[1]], [])
    assert [story.found(user, name) is None for name in "abcd"] == [False, True, False, False]
    story.put(user, "e", size=(10, 25))
    assert story.drop(user) == Dropped([numbers[2], numbers[0], 4], [])
    assert story.cache.pixels == 250


def test_an_image_larger_than_the_cache_is_not_wanted() -> None:
    cache = PixmapCache(100)
    parts = [Part(b"a", 0, 0)]
    assert cache.wanted(10, 10, parts, lossy=False) and not cache.wanted(10, 11, parts, lossy=False)
    assert not PixmapCache(1 << 40).wanted(MAX_CACHE_PIXELS + 1, 1, parts, lossy=False)


def test_exact_pixels_take_the_place_of_lossy_ones_and_never_the_other_way() -> None:
    story = Story()
    user = story.join(0)
    lossy = story.put(user, "a", "b", lossy=True)
    assert story.found(user, "a") is None and story.found(user, "a", exact=False) == (lossy, 0)
    parts = [Part(b"a", 0, 0)]
    assert story.cache.wanted(1, 1, parts, lossy=False) and not story.cache.wanted(1, 1, parts, lossy=True)
    exact = story.put(user, "a")
    assert story.found(user, "a", exact=False) == story.found(user, "a") == (exact, 0)
    assert story.drop(user) is None  # it still has the other cell
    story.put(user, "b")
    assert story.drop(user) == Dropped([lossy], [])
    story.put(user, "a", lossy=True)
    assert story.found(user, "a", exact=False) == (exact, 0)
    assert not story.cache.wanted(10, 10, parts, lossy=False)


def test_a_cell_that_is_twice_in_an_image_is_lost_with_it_once() -> None:
    story = Story(100)
    user = story.join(0)
    first = story.put(user, "a", "a", "a")
    story.put(user, "b")
    assert story.drop(user) == Dropped([first], []) and story.found(user, "a") is None


def test_what_one_channel_put_another_uses_once_it_has_come() -> None:
    story = Story()
    one, other = story.join(1), story.join(2)
    number = story.put(one, "a")
    assert story.found(one, "a") == (number, 0) and story.found(other, "a") is None
    story.cache.confirm(one, 1)
    assert story.found(other, "a") == (number, 0)


def test_nothing_is_dropped_that_another_channel_may_be_about_to_draw() -> None:
    story = Story(100)
    one, other = story.join(1), story.join(2)
    first = story.put(one, "a")
    story.cache.confirm(one, 1)
    story.draw(other, "a")
    story.draw(other, "a")
    story.put(one, "b")
    assert story.drop(one) == Dropped([first], [Wait(2, 2)])
    # That has been waited for: what was drawn before needs no other wait.
    story.serials[one] += 2
    assert one.used_at == 4
    second = story.cache.next_id() - 1
    story.cache.confirm(one, 4)
    story.draw(other, "b")
    story.cache.confirm(other, 3)
    story.put(one, "c")
    assert story.drop(one) == Dropped([second], [])  # it is known to have been drawn


def test_what_another_channel_put_is_dropped_behind_it() -> None:
    story = Story(100)
    one, other = story.join(1), story.join(2)
    first = story.put(one, "a")
    story.put(other, "b")
    assert story.drop(other) == Dropped([first], [Wait(1, 1)])
    story.put(one, "c")
    assert story.drop(one) == Dropped([2], [Wait(2, 1)])


def test_after_a_channel_was_lost_all_begins_anew() -> None:
    story = Story()
    lost, one, other = (story.join(number) for number in range(3))
    assert story.cache.enter(one, 1) is None and story.cache.current(one)
    story.put(lost, "a")
    story.put(one, "b")
    story.put(other, "c")
    story.cache.leave(lost)
    story.cache.leave(lost)
    assert len(story.cache) == 0 and story.cache.pixels == 0
    assert all(story.found(one, name) is None for name in "abc")
    assert not story.cache.current(one)
    assert story.cache.enter(one, 2) == Entry(True, [Wait(2, 1)])
    assert story.cache.enter(one, 3) is None
    assert story.cache.enter(other, 2) == Entry(False, [Wait(1, 2)])
    late = story.join(3)
    assert story.cache.enter(late, 1) == Entry(False, [Wait(1, 2)])
    assert story.put(one, "d") == 4  # numbers are not used again


def test_who_let_the_client_drop_all_may_be_lost_too() -> None:
    story = Story()
    lost, one, other = (story.join(number) for number in range(3))
    story.cache.leave(lost)
    story.cache.enter(one, 1)
    story.cache.leave(one)
    assert story.cache.enter(other, 5) == Entry(True, [])


@pytest.mark.parametrize("generations", [1, 3])
def test_a_reset_is_told_once(generations: int) -> None:
    story = Story()
    user = story.join(0)
    for _ in range(generations):
        story.cache.reset()
    assert story.cache.enter(user, 7) == Entry(True, [])
    assert user.used_at == 7 and story.cache.current(user)
