"""Surface ids come back from other threads; memory of surfaces is freed once."""

import threading

import pytest

from gspice.hosts.libspice import replay_memory
from gspice.hosts.libspice.replay_surfaces import DeviceSurfaces, SurfacePool, SurfacesInUse
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.qxl.driver_memory import Block, Place

SPEC = SurfaceSpec(3, 2, SurfaceFormat.A8)


def test_the_lowest_id_first_and_never_the_primary() -> None:
    pool = SurfacePool(4)
    assert [pool.take() for _ in range(3)] == [1, 2, 3]
    pool.give(3)
    pool.give(1)
    assert [pool.take(), pool.take()] == [1, 3]


def test_it_waits_for_an_id() -> None:
    pool = SurfacePool(2)
    assert pool.take() == 1
    waits = threading.Event()
    free = pool._changed.wait_for

    def wait_for(*arguments: object) -> bool:
        waits.set()
        return free(*arguments)  # type: ignore[arg-type]

    pool._changed.wait_for = wait_for  # type: ignore[assignment,method-assign]
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(pool.take(20)))
    thread.start()
    assert waits.wait(20)
    pool.give(1)
    thread.join(20)
    assert taken == [1]


def test_it_does_not_wait_for_ever() -> None:
    with pytest.raises(SurfacesInUse, match=r"all 1 surface ids .* larger nsurfaces"):
        SurfacePool(1).take(0.001)


def block() -> Block:
    address = replay_memory.allocate(16)
    return Block(Place(address, address), 16, None, True)


def test_what_a_device_has(monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[int] = []
    monkeypatch.setattr(replay_memory, "release", freed.append)
    surfaces, first, second = DeviceSurfaces(), block(), block()
    surfaces.add(0, SPEC, first)
    surfaces.add(7, SPEC, second)
    assert list(surfaces) == [0, 7] and 7 in surfaces and 1 not in surfaces
    assert surfaces.spec(7) == SPEC and surfaces.memory(7) is second
    surfaces.forget(7)
    assert not freed
    surfaces.free(0)
    assert freed == [first.place.address] and not list(surfaces)
