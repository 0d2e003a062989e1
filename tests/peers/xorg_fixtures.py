"""Fixtures of the tests with Xorg, which load this module as a plugin: it must not be imported by them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers.xorg import LIBRARIES, PlainXvfb, Xspice, need_xorg


@pytest.fixture(params=sorted(LIBRARIES))
def spice_library(request: pytest.FixtureRequest) -> str:
    """The name of the SPICE library that a test is about."""
    name: str = request.param
    return name


@pytest.fixture
def start_xspice(tmp_path: Path, spice_library: str) -> Iterator[Callable[..., Xspice]]:
    """Start X servers with the library that the test is about; all end with the test."""
    need_xorg()
    running: list[Xspice] = []

    def start(**settings: object) -> Xspice:
        directory = tmp_path / f"xspice{len(running)}"
        directory.mkdir()
        environment = LIBRARIES[spice_library]()
        running.append(Xspice(directory, environment=environment, **settings))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for xspice in running:
        xspice.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[PlainXvfb]:
    """The same screen without SPICE."""
    directory = tmp_path / "plain"
    directory.mkdir()
    screen = PlainXvfb(directory)
    yield screen
    screen.close()
