"""What a client's display channels have together."""

import random
from contextlib import nullcontext

from gspice.codec.lz import LzType
from gspice.stream.client_caches import MIN_WINDOW_PIXELS, ClientCaches
from gspice.stream.image_cache import MIN_CACHE_PIXELS, Part


def test_channels_of_a_client_share_its_dictionary() -> None:
    caches = ClientCaches()
    first = caches.dictionary(1, 1 << 20)
    assert first is not None and caches.dictionary(1, 1 << 22) is first
    assert caches.dictionary(2, 1 << 20) is not first
    assert ClientCaches().dictionary(1, 1 << 20) is not first


def test_without_a_window_there_is_none_and_a_boundless_one_is_cut() -> None:
    caches = ClientCaches()
    for window in (0, -1, MIN_WINDOW_PIXELS - 1):
        assert caches.dictionary(1, window) is None
    assert caches.dictionary(1, 0x7FFFFFFF) is not None


def test_what_may_have_been_lost_with_a_channel_is_not_referred_to() -> None:
    caches = ClientCaches()
    dictionary = caches.dictionary(1, 1 << 20)
    assert dictionary is not None
    noise = random.Random(1).randbytes(4000)
    whole, again = (dictionary.encode(noise, LzType.RGB32, 50, 20, 200) for _ in range(2))
    assert whole is not None and again is not None and len(again) < len(whole) / 10
    caches.channel_lost()
    anew = dictionary.encode(noise, LzType.RGB32, 50, 20, 200)
    assert anew is not None and len(anew) > len(whole) / 2


def test_channels_of_a_client_share_its_pixmap_cache_as_announced() -> None:
    lock = nullcontext()
    caches = ClientCaches(lock)
    first = caches.pixmaps(1, MIN_CACHE_PIXELS)
    assert first is not None and first.lock is lock and caches.pixmaps(1, 1 << 20) is first
    assert caches.pixmaps(2, 1 << 20) is not first
    parts = [Part(b"a", 0, 0)]
    assert first.wanted(MIN_CACHE_PIXELS, 1, parts, lossy=False)
    assert not first.wanted(MIN_CACHE_PIXELS + 1, 1, parts, lossy=False)
    for pixels in (0, -1, -(1 << 63), MIN_CACHE_PIXELS - 1):
        assert caches.pixmaps(3, pixels) is None
