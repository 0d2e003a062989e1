"""Each field that a guest writes, set to what it should not be, alone and in pairs."""

import ctypes
import random
from collections.abc import Callable
from typing import Any

import pytest

from gspice.errors import GuestError
from gspice.qxl import structures_command, structures_draw, structures_image
from gspice.qxl.structures import Packed, PackedUnion, QXLHead, QXLMonitorsConfig
from gspice.vdi.qxl import CommandExt, MonitorsConfig
from tests.fuzz.fields import Field, fields_of, fields_of_monitors, values_for
from tests.fuzz.fuzz_parser import MAKERS, check
from tests.qxl.guest_memory import PAGE, GuestMemory
from tests.qxl.guest_structures import qxl
from tests.server.test_command_reader import Rig

PAIRS = 250


class Slot:
    """A guest with one valid command, its fields, and a way back from every change."""

    def __init__(self, guest: GuestMemory, build: Callable[[GuestMemory], CommandExt]) -> None:
        self.guest = guest
        self.command = build(guest)
        self.fields = fields_of(guest, self.command)
        self._start = min(place for field in self.fields for place in field.places)
        self._valid = guest.read(guest.address(self._start), guest.size - self._start)

    def restore(self) -> None:
        self.guest.write(self.guest.address(self._start), self._valid)


@pytest.mark.parametrize("name", MAKERS)
def test_one_field_at_a_time(name: str) -> None:
    slot, rng = Slot(GuestMemory(PAGE), MAKERS[name]), random.Random(name)
    assert check(slot.guest, slot.command) != "refused", "the command that is changed is a valid one"
    for field in slot.fields:
        for value in values_for(slot.guest, field, rng):
            field.write(slot.guest, value)
            checked(slot, f"{field.name} = {value:#x}")
            slot.restore()


@pytest.mark.parametrize("name", MAKERS)
def test_two_fields_at_a_time(name: str) -> None:
    slot, rng = Slot(GuestMemory(PAGE), MAKERS[name]), random.Random(name)
    for _ in range(PAIRS):
        changes = []
        for field in rng.sample(slot.fields, min(2, len(slot.fields))):
            value = rng.choice(values_for(slot.guest, field, rng))
            changes.append(f"{field.name} = {value:#x}")
            field.write(slot.guest, value)
        checked(slot, ", ".join(changes))
        slot.restore()


def checked(slot: Slot, change: str) -> None:
    try:
        check(slot.guest, slot.command)
    except Exception as error:
        raise AssertionError(change) from error


@pytest.mark.parametrize("name", MAKERS)
def test_whatever_a_field_says_the_command_is_released_once(name: str) -> None:
    rig, rng = Rig(), random.Random(name)
    slot = Slot(rig.guest, MAKERS[name])
    before = set(rig.canvas.surfaces())
    for field in slot.fields:
        values = values_for(slot.guest, field, rng)
        for value in rng.sample(values, 5):
            field.write(slot.guest, value)
            expected = rig.guest.parser.release_info(slot.command)
            rig.reader.process([slot.command])
            for surface_id in set(rig.canvas.surfaces()) - before:
                rig.surfaces.destroy(surface_id)
            rig.reader.cursor_reset()
            assert rig.qxl.released == [expected], f"{field.name} = {value:#x}"
            assert not rig.reader.counters["failed"], f"{field.name} = {value:#x}"
            rig.qxl.released.clear()
            slot.restore()


def test_fields_of_a_monitors_configuration() -> None:
    guest, rng = GuestMemory(PAGE), random.Random(1)
    heads = qxl("QXLHead", 1, 0, 640, 480, 0, 0, 0) + qxl("QXLHead", 2, 1, 800, 600, 640, 0, 0)
    address = guest.put(qxl("QXLMonitorsConfig", 2, 4) + heads)
    valid = guest.read(address, guest.size - guest.offset(address))
    outcomes = set()
    fields = fields_of_monitors(guest, address, 2)
    for field in fields:
        for value in values_for(guest, field, rng):
            field.write(guest, value)
            try:
                config = guest.parser.monitors_config(address, 1)
                assert isinstance(config, MonitorsConfig) and len(config.heads) <= 2
                outcomes.add("value")
            except GuestError as error:
                assert str(error)
                outcomes.add("refused")
            guest.write(address, valid)
    assert outcomes == {"value", "refused"}
    assert _names(fields) == set(_all_fields(QXLHead)) | set(_all_fields(QXLMonitorsConfig))


def test_all_fields_of_all_structures_are_among_them() -> None:
    """A structure that is new in the layouts, and that no valid command here holds, is not fuzzed."""
    found: set[tuple[str, str]] = set()
    for build in MAKERS.values():
        found |= _names(Slot(GuestMemory(PAGE), build).fields)
    wanted: set[tuple[str, str]] = set()
    for module in (structures_command, structures_draw, structures_image):
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__ and issubclass(kind, Packed):
                wanted |= set(_all_fields(kind))
    assert wanted - found == set()


def _all_fields(kind: type[ctypes.Structure]) -> list[tuple[str, str]]:
    """(structure, field) of the numbers that a structure itself holds."""
    parts: list[tuple[str, Any]] = [(field[0], field[1]) for field in kind._fields_]
    return [(kind.__name__, name) for name, part in parts if not _is_packed(getattr(part, "_type_", part))]


def _is_packed(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Packed | PackedUnion)


def _names(fields: list[Field]) -> set[tuple[str, str]]:
    return {(field.structure.__name__, field.field) for field in fields if field.structure is not None}
