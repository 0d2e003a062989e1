"""The Vulkan device: which one is opened, and what is left of the process when one is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gspice.errors import ConfigError, GpuLostError
from gspice.gpu.compute.device import DeviceLimits
from tests.gpu.devices import SOFTWARE, content, device_class, filled, open_device, use_test_shaders, words

ROOT = Path(__file__).resolve().parents[2]
LAYER = Path(__file__).parent / "vulkan_loss_layer.c"


def test_lists_devices_and_opens_them_by_number_and_name() -> None:
    kind = device_class("vulkan")
    open_device("vulkan").close()
    from gspice.gpu.vulkan.device import devices

    listed = devices()
    (software,) = [adapter for adapter in listed if SOFTWARE in adapter.name]
    assert software.api == "vulkan" and software.software
    assert [adapter.index for adapter in listed] == list(range(len(listed)))
    for word in (str(software.index), SOFTWARE, "LLVMpipe"):
        with kind.open(word) as device:
            assert device.info.name == software.name
    for word in ("99", "no such GPU"):
        with pytest.raises(ConfigError, match="finds no device"):
            kind.open(word)
    if all(adapter.software for adapter in listed):
        with pytest.raises(ConfigError, match="finds no GPU"):
            kind.open(None)


@pytest.mark.parametrize("where", ["vulkan", "opengl"])
def test_opening_starts_no_process(where: str) -> None:
    open_device(where).close()
    code = (
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event in ('subprocess.Popen', 'os.system', 'os.fork', 'os.posix_spawn', 'os.exec'):\n"
        "        print('started', event, arguments)\n"
        "sys.addaudithook(hook)\n"
        "from tests.gpu.devices import open_device\n"
        f"device = open_device({where!r})\n"
        "device.read(device.buffer(4), 0, 4).take()\n"
        "device.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert done.stdout == ""


def test_uploads_on_their_way_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_device("vulkan", DeviceLimits(staging_bytes=1 << 16)) as device:
        recorder = device._recorder  # type: ignore[attr-defined]
        buffer = device.buffer(1 << 20)
        from gspice.gpu.vulkan import native

        write, most = native.write_buffer, []

        def watched(*arguments: object) -> None:
            write(*arguments)  # type: ignore[arg-type]
            most.append(recorder._staged + recorder._waiting() + int(str(arguments[-1])))

        monkeypatch.setattr(native, "write_buffer", watched)
        for number in range(8):
            device.upload(buffer, 0, bytes([number]) * (1 << 17))
        assert max(most) <= 1 << 16
        assert device.read(buffer, 0, 4).take() == b"\7" * 4


def test_bindings_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    use_test_shaders(monkeypatch)
    with open_device("vulkan") as device:
        grow = device.program("grow")
        buffers = [filled(device, number) for number in range(70)]
        for _ in range(2):
            for buffer in buffers:
                device.dispatch(grow, (buffer,), (1, 1, 1), words(1, 1))
        groups = device._groups  # type: ignore[attr-defined]
        assert 0 < len(groups) <= 64
        assert [content(device, buffer) for buffer in buffers] == [[9 * n + 4] for n in range(70)]
        for buffer in buffers:
            buffer.close()
        assert not groups


def test_spare_readbacks_are_bounded() -> None:
    with open_device("vulkan", DeviceLimits(spare_readback_bytes=1 << 16)) as device:
        buffer = device.buffer(1 << 15)
        for readback in [device.read(buffer, 0, 1 << 15) for _ in range(6)]:
            readback.take()
        assert len(device._spare) == 2  # type: ignore[attr-defined]


# Losses, on a driver that a layer makes fail. Each has a process of its own: wgpu is not to be used after them.


@pytest.fixture(scope="session", name="lose")
def fixture_lose(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """What a process says whose device fails in a way; it must end as if nothing were."""
    open_device("vulkan").close()
    folder = tmp_path_factory.mktemp("layer")
    library = folder / "libgspice_loss.so"
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-o", str(library), str(LAYER)], check=True
    )
    layer = {
        "name": "VK_LAYER_GSPICE_loss",
        "type": "GLOBAL",
        "library_path": str(library),
        "api_version": "1.3.0",
        "implementation_version": "1",
        "description": "makes a driver fail",
    }
    (folder / "loss.json").write_text(json.dumps({"file_format_version": "1.0.0", "layer": layer}))
    env = {**os.environ, "VK_LAYER_PATH": str(folder), "VK_INSTANCE_LAYERS": "VK_LAYER_GSPICE_loss"}

    def lose(way: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.gpu.vulkan_losses", str(library), way],
            cwd=ROOT, env=env, check=False, text=True, capture_output=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()

    return lose


@pytest.mark.parametrize("way", ["flush", "read", "upload", "take", "ready"])
def test_a_lost_device_ends_in_an_error_and_not_the_process(
    way: str, lose: Callable[[str], list[str]]
) -> None:
    lost, then, other = lose(way)
    assert lost.startswith("GpuLostError llvmpipe")
    assert then == "then GpuLostError"
    assert other.startswith("no other wgpu failed in this process")


def test_a_device_may_fail_while_it_is_closed(lose: Callable[[str], list[str]]) -> None:
    nothing, then, other = lose("close")
    assert (nothing, then) == ("nothing", "then GpuLostError")
    assert other.startswith("no other wgpu failed in this process")


@pytest.mark.parametrize("way", ["memory", "spare"])
def test_want_of_memory_is_no_end(way: str, lose: Callable[[str], list[str]]) -> None:
    full, then, other = lose(way)
    assert full.startswith("GpuMemoryError llvmpipe")
    assert (then, other) == ("goes on True", "another 01000000")


def test_want_of_memory_for_wgpu_itself_loses_the_device_alone(lose: Callable[[str], list[str]]) -> None:
    lost, then, other = lose("staging")
    assert lost.startswith("GpuLostError llvmpipe")
    assert (then, other) == ("then GpuLostError", "another 01000000")


def test_an_error_of_wgpus_loses_the_device_alone() -> None:
    with open_device("vulkan") as device, open_device("vulkan") as other:
        buffer = filled(device, 1, 2)
        # Behind its back: what is recorded then is refused when it is submitted.
        device._device.destroy()  # type: ignore[attr-defined]
        device._device._poller = None  # type: ignore[attr-defined]
        with pytest.raises(GpuLostError, match="lost"):
            device.buffer(4)
        with pytest.raises(GpuLostError, match="lost"):
            device.read(buffer, 0, 4)
        assert content(other, filled(other, 5)) == [5]
