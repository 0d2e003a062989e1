"""Encoding on the spot."""

from gspice.stream.encoders import EncodeHere


def test_the_result_is_there_at_once() -> None:
    heard: list[tuple[int, float]] = []
    EncodeHere().submit(lambda: 42, lambda result, now: heard.append((result, now)), 1.5)
    assert heard == [(42, 1.5)]
