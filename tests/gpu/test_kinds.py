"""Numbers that are written down more than once: in Python, in Cython and in the shader."""

import re
from enum import IntEnum

import pytest

from gspice.gpu.compute.engine import VARIANTS
from gspice.gpu.compute.kinds import Kind
from gspice.gpu.compute.shaders import load_shader
from gspice.gpu.cpu import kernels
from gspice.gpu.plans.formats import Fetch, Pack
from gspice.pixels import SurfaceFormat

SHADER = load_shader("canvas").text


def shader_numbers(prefix: str) -> dict[str, int]:
    found = re.findall(rf"^const uint {prefix}_(\w+) = (\d+)u;$", SHADER, re.MULTILINE)
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize(
    ("prefix", "kind", "least"),
    [("KIND", Kind, 8), ("FETCH", Fetch, 11), ("PACK", Pack, 4), ("FORM", SurfaceFormat, 6)],
)
def test_the_shader_numbers_as_python_does(prefix: str, kind: type[IntEnum], least: int) -> None:
    numbers = shader_numbers(prefix)
    assert len(numbers) >= least
    assert numbers == {name: kind[name].value for name in numbers}


@pytest.mark.parametrize(("ours", "name"), [(Fetch, "Fetch"), (Pack, "Pack")])
def test_the_cpu_kernels_number_as_python_does(ours: type[IntEnum], name: str) -> None:
    assert {one.name: one.value for one in getattr(kernels, name)} == {one.name: one.value for one in ours}


def test_every_variant_is_one_that_the_shader_tells_apart() -> None:
    told = set(re.findall(r"VARIANT_(\w+)", SHADER))
    named = {name.partition(":")[2].upper() for name in VARIANTS}
    # BITWISE is what is neither of the others.
    assert told <= named
    assert named - told == {"BITWISE"}
