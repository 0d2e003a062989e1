"""What every test needs: its environment is not the next one's."""

import os
from collections.abc import Iterator

import pytest

SET_BY_COMMANDS = ("XDG_RUNTIME_DIR",)
"""What commands set for their own process, which here is that of all tests."""


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Take back what a command that ran in this process has set."""
    before = {name: os.environ.get(name) for name in SET_BY_COMMANDS}
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
