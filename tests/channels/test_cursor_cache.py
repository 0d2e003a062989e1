"""The cache of cursor shapes: the client never gets an id alone that it does not hold."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.channels.cursor_cache import CURSOR_CACHE_SIZE, CacheVerdict, CursorCache


def test_a_shape_is_stored_once_and_named_then() -> None:
    cache = CursorCache()
    assert cache.use(5) == CacheVerdict(held=False, store=True)
    assert cache.use(5) == CacheVerdict(held=True, store=False)


def test_id_zero_is_never_kept() -> None:
    cache = CursorCache()
    for _ in range(2):
        assert cache.use(0) == CacheVerdict(held=False, store=False)
    assert len(cache) == 0


def test_256_shapes_and_the_least_recently_used_goes() -> None:
    cache = CursorCache()
    assert CURSOR_CACHE_SIZE == 256
    for unique in range(1, 257):
        assert cache.use(unique).evicted is None
    assert cache.use(1).held
    assert cache.use(1000).evicted == 2
    assert cache.use(2).evicted == 3
    assert len(cache) == 256


def test_clear_forgets_all() -> None:
    cache = CursorCache()
    cache.use(5)
    cache.clear()
    assert cache.use(5).store


@given(st.lists(st.one_of(st.integers(0, 6), st.none()), max_size=60))
@settings(max_examples=200, deadline=None)
def test_client_model(uses: list[int | None]) -> None:
    cache = CursorCache(size=3)
    client: set[int] = set()
    for unique in uses:
        if unique is None:
            cache.clear()
            client.clear()
            continue
        verdict = cache.use(unique)
        if verdict.evicted is not None:
            assert verdict.evicted in client
            client.discard(verdict.evicted)
        assert verdict.held == (unique in client and unique != 0)
        if verdict.store:
            client.add(unique)
        assert len(client) == len(cache) <= 3
