"""The compute shaders: one source for both APIs, whose bindings are spelt by the macros that each API defines.

STORAGE(0) buffer Pixels { uint pixels[]; };             buffer 0, written and read
STORAGE_READ(1) buffer Words { uint words[]; };          buffer 1, read only
PUSH(2) { uint first; uint count; };                     the parameters of a dispatch, after the buffers
INCLUDE(name)                                            the text of shaders/<name>.glsl
"""

import re
from dataclasses import dataclass
from importlib.resources import files

from gspice.errors import GpuError

FOLDER = files("gspice.gpu") / "shaders"
_DECLARATION = re.compile(r"^(STORAGE|STORAGE_READ|PUSH)\((\d+)\)", re.MULTILINE)
_INCLUDE = re.compile(r"^INCLUDE\((\w+)\)$", re.MULTILINE)
_NAME = re.compile(r"([a-z][a-z0-9_]*)(?::([a-z]+))?")


@dataclass(frozen=True, slots=True)
class ShaderSource:
    """A shader without the preamble of an API, and what it binds."""

    name: str
    text: str
    read_only: tuple[bool, ...]
    """Of each buffer, whether it is only read."""
    push: bool
    """Whether there are parameters."""


def load_shader(name: str) -> ShaderSource:
    """shaders/<name>.glsl of the package; of <name>:<variant>, with VARIANT_<variant>, in capitals, defined.

    GpuError: there is none, or its bindings are not 0, 1, ...
    """
    found = _NAME.fullmatch(name)
    path = FOLDER / f"{found.group(1) if found else ''}.glsl"
    if found is None or not path.is_file():
        raise GpuError(f"there is no shader {name!r} in this installation: install GSpice again")
    text = _INCLUDE.sub(_included, path.read_text(encoding="utf-8"))
    if variant := found.group(2):
        text = f"#define VARIANT_{variant.upper()}\n#line 1\n{text}"
    return parse_shader(name, text)


def _included(name: re.Match[str]) -> str:
    return (FOLDER / f"{name.group(1)}.glsl").read_text(encoding="utf-8")


def parse_shader(name: str, text: str) -> ShaderSource:
    """A source, with what it says of its bindings."""
    found = [(kind, int(binding)) for kind, binding in _DECLARATION.findall(text)]
    kinds = [kind for kind, _ in found]
    if [binding for _, binding in found] != list(range(len(found))) or "PUSH" in kinds[:-1]:
        raise GpuError(f"shader {name}: bindings are numbered from 0 in their order, PUSH the last: {found}")
    push = kinds[-1:] == ["PUSH"]
    buffers = kinds[:-1] if push else kinds
    return ShaderSource(name, text, tuple(kind == "STORAGE_READ" for kind in buffers), push)
