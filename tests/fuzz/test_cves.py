"""Attacks of a guest that have a CVE number with libspice-server, and no test of that name with one module.

docs/security.md lists all of them.
"""

import random
from dataclasses import replace
from typing import Any

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.qxl.memslots import MemSlots
from gspice.qxl.ops import Drawable
from gspice.vdi.qxl import CommandExt
from tests.codec.coded import Coded, coded
from tests.fuzz.targets import SIDE, draw_all
from tests.qxl.guest_memory import GENERATION, GROUP, PAGE, SLOT, GuestMemory
from tests.qxl.guest_structures import COPY, copy
from tests.server.test_command_reader import Rig
from tests.server.test_guest_surfaces import Rig as SurfaceRig
from tests.server.test_guest_surfaces import primary

DAMAGED = 40
SMALL_QUIC = [image for image in coded("quic") if len(image.data) < PAGE]


@pytest.mark.parametrize("back", range(1, 8))
@pytest.mark.parametrize("type", range(1, 6))
def test_cve_2010_0429_what_does_not_lie_in_a_slot_is_never_released(type: int, back: int) -> None:
    """The host writes where a release points: there must be room for it in the guest's own memory."""
    rig = Rig()
    end = rig.guest.size
    good = rig.guest.address(end - 8)
    addresses = {
        "over the end": rig.guest.address(end - back),
        "behind the slot": rig.guest.address(end),
        "another generation": good ^ 1 << 48,
        "another slot": good ^ 1 << 56,
        "round the corner": rig.guest.address(-back) & (1 << 64) - 1,
    }
    rig.reader.process([CommandExt(address, type, GROUP) for address in addresses.values()])
    assert rig.qxl.released == []
    rig.reader.process([CommandExt(good, type, GROUP + 1), CommandExt(good, type, GROUP)])
    (release,) = rig.qxl.released
    assert release.address == rig.guest.pages.address + end - 8


def test_cve_2010_0428_a_slot_that_is_gone_is_not_read() -> None:
    guest = GuestMemory(PAGE)
    command = guest.drawable(COPY, copy(guest.bitmap()))
    guest.draw(command)
    guest.slots.remove(GROUP, SLOT)
    guest.refuses(command, "not mapped")
    assert guest.parser.release_info(command) is None


@pytest.mark.parametrize("group", [0, 2, 2**31, 2**32 - 1])
def test_cve_2019_3813_groups_and_slots_at_their_bounds(group: int) -> None:
    slots = MemSlots(groups=2, slots=SLOT, generation_bits=8, id_bits=8, internal_group=0)
    address = SLOT << 56 | GENERATION << 48
    for translated in (address, address | 0xFF << 56):
        with pytest.raises(GuestError):
            slots.translate(translated, 1, group)


@pytest.mark.parametrize(
    "changes",
    [
        {"height": 2**31 - 1},
        {"width": 2**31 - 1, "stride": 2**31 - 1},
        {"width": 2**30, "stride": -(2**31)},
        {"height": 2**32 - 1, "stride": 4},
        {"stride": 0},
        {"mem": 2**64 - 1},
    ],
    ids=str,
)
def test_cve_2016_2150_primary_surface_parameters(changes: dict[str, Any]) -> None:
    rig = SurfaceRig()
    asked = primary(rig.guest.put(bytes(1024)))
    with pytest.raises(GuestError):
        rig.surfaces.create_primary(replace(asked, **changes))
    assert rig.canvas.surfaces() == {}
    rig.surfaces.create_primary(asked)


@pytest.mark.parametrize("image", SMALL_QUIC, ids=lambda image: image.name)
def test_cve_2020_14355_quic_images_of_a_guest_that_are_damaged(image: Coded) -> None:
    """From guest memory to pixels; tests/codec/test_quic.py has the decoder between fences."""
    rng = random.Random(image.name)
    outcomes = set()
    for number in range(DAMAGED):
        guest = GuestMemory(2 * PAGE)
        data, (width, height) = bytearray(image.data), image.size
        if number:
            for _ in range(rng.choice((1, 4))):
                data[rng.randrange(len(data))] ^= rng.randrange(256)
            data = data[: rng.choice((len(data), rng.randrange(len(data))))]
            width, height = (max(1, side + rng.choice((0, 0, 0, 1, -1, 2**20))) for side in (width, height))
        source = guest.quic(bytes(data[:9]), bytes(data[9:]), width=width, height=height)
        area = Rect(0, 0, min(width, SIDE), min(height, SIDE))
        value = guest.parse(guest.drawable(COPY, copy(source, area), surface_id=0, bbox=area))
        assert isinstance(value, Drawable)
        outcomes |= {outcome.drawn for outcome in draw_all([value])}
    assert outcomes == {True, False}
