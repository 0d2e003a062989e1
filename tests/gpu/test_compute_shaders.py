"""Shader files, and what they say of their bindings; bytes to upload."""

import numpy as np
import pytest

from gspice.errors import GpuError
from gspice.gpu.compute import shaders
from gspice.gpu.compute.bytes import as_bytes
from gspice.gpu.compute.device import MAX_BINDINGS
from gspice.gpu.compute.shaders import load_shader, parse_shader
from tests.gpu.devices import APIS, open_device

OURS = sorted(
    path.name.removesuffix(".glsl")
    for path in shaders.FOLDER.iterdir()
    if "void main()" in path.read_text("utf-8")
)
"""But for those that others include."""


@pytest.mark.parametrize("name", OURS)
def test_our_shaders_declare_their_bindings(name: str) -> None:
    source = load_shader(name)
    assert 0 < len(source.read_only) <= MAX_BINDINGS
    assert not all(source.read_only)
    assert "#version" not in source.text and "layout(binding" not in source.text


@pytest.mark.parametrize("api", APIS)
def test_our_shaders_compile(api: str) -> None:
    with open_device(api) as device:
        for name in OURS:
            assert device.program(name).name == name


@pytest.mark.parametrize("variant", ["plain", "full"])
def test_variants_are_told_what_they_are(variant: str) -> None:
    source = load_shader(f"canvas:{variant}")
    assert source.text.startswith(f"#define VARIANT_{variant.upper()}\n")
    assert source.text.endswith(load_shader("canvas").text)


def test_what_is_included_is_put_in_its_place() -> None:
    text = load_shader("canvas").text
    assert "INCLUDE(" not in text
    assert "uint source_pixel(" in text and "uint porter_duff(" in text


def test_bindings_are_read_from_the_source() -> None:
    text = (
        "STORAGE(0) buffer A { uint a[]; };\nSTORAGE_READ(1) buffer B { uint b[]; };\nPUSH(2) { uint c; };\n"
    )
    source = parse_shader("x", text)
    assert (source.read_only, source.push) == ((False, True), True)
    assert parse_shader("x", text.partition("PUSH")[0]).push is False


@pytest.mark.parametrize(
    "text",
    ["STORAGE(1) buffer A {};", "PUSH(0) {};\nSTORAGE(1) buffer A {};", "STORAGE(0) a;\nSTORAGE(0) b;"],
)
def test_bindings_out_of_order_are_refused(text: str) -> None:
    with pytest.raises(GpuError, match="numbered from 0"):
        parse_shader("x", text)


@pytest.mark.parametrize("name", ["no_such", "../compute/device", "Canvas", ""])
def test_shaders_that_are_not_there_are_refused(name: str) -> None:
    with pytest.raises(GpuError, match="no shader"):
        load_shader(name)


def test_any_buffer_is_seen_as_bytes() -> None:
    data = np.arange(6, dtype=np.uint16).reshape(2, 3)
    seen = as_bytes(data)
    assert seen.size == 12 and seen.tobytes() == data.tobytes()
    data[0, 0] = 0x0102
    assert seen[0] == 2, "a copy was made"
    assert as_bytes(b"").size == 0
    with pytest.raises(ValueError, match="apart"):
        as_bytes(data[:, 1:])
