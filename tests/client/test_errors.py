"""Peers' texts on the user's terminal."""

import pytest

from gspice.client.errors import MAX_QUOTED, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        (" trailing\n", "trailing"),
        ("two\nlines\x1b[31m", "two?lines?[31m"),
        ("ünï", "ünï"),
        ("x" * (MAX_QUOTED + 1), "x" * MAX_QUOTED + "..."),
    ],
)
def test_peers_texts_fit_a_line(text: str, shown: str) -> None:
    assert quoted(text) == shown
