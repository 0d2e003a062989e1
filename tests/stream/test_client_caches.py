"""What a client's display channels have together."""

from gspice.stream.client_caches import MIN_WINDOW_PIXELS, ClientCaches


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
