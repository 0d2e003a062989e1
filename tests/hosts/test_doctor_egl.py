"""EGL's devices: Mesa's, those of made-up drivers, and drivers that crash, hang or are not there."""

import subprocess
from pathlib import Path

import pytest

from gspice.hosts import doctor_egl
from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_egl import nodes, probe, unusable, usable
from gspice.hosts.doctor_findings import Finding, Status
from gspice.hosts.doctor_gl import OpenGL
from gspice.hosts.doctor_nodes import RenderNode
from tests.gpu.devices import open_device

NODE = RenderNode(Path("/dev/dri/renderD128"), "AMD", "amdgpu", True, True, "render")
FORBIDDEN = NODE._replace(allowed=False)
LIMITS = {"storage_blocks": 16, "storage_block_bytes": 1 << 30, "group_invocations": 1024, "shared_bytes": 1}
GL = OpenGL("AMD", "RX 1", "4.6", True, False, LIMITS)
HARDWARE: dict[str, object] = {"software": False}

FAKE_EGL = """
#include <stddef.h>
#include <string.h>
#include <unistd.h>
static unsigned query_devices(int max, void **devices, int *count)
{
    %(enumerate)s
    for (*count = 0; *count < 2; ++*count)
        devices[*count] = (void *)(size_t)(*count + 1);
    return 1;
}
static const char *query_string(void *device, int name)
{
    return name == 0x3055 ? "EGL_EXT_device_drm_render_node" : "/nonexistent/renderD7";
}
static void *get_display(unsigned platform, void *device, int *attributes) { return device; }
unsigned eglInitialize(void *display, int *major, int *minor)
{
    if (display == (void *)1) { %(initialize)s }
    return 0;
}
int eglGetError(void) { return 0x3001; }
const char *eglQueryString(void *display, int name) { return ""; }
void *eglCreateContext(void) { return NULL; }
void *eglGetProcAddress(const char *name)
{
    if (!strcmp(name, "eglQueryDevicesEXT")) return query_devices;
    if (!strcmp(name, "eglQueryDeviceStringEXT")) return query_string;
    if (!strcmp(name, "eglGetPlatformDisplayEXT")) return get_display;
    return NULL;
}
"""


def fake_egl(folder: Path, enumerate_devices: str = "", initialize: str = "") -> dict[str, str]:
    """A libEGL of our own, and the environment in which it is found."""
    source = FAKE_EGL % {"enumerate": enumerate_devices, "initialize": initialize}
    target = folder / "libEGL.so.1"
    command = ["cc", "-shared", "-fPIC", "-w", "-x", "c", "-", "-Wl,-soname,libEGL.so.1", "-o", str(target)]
    subprocess.run(command, input=source.encode(), check=True)
    return {"LD_LIBRARY_PATH": str(folder)}


def names(found: list[Finding]) -> list[str]:
    return [finding.name for finding in found if not finding.name.startswith("/")]


def test_mesa_on_this_machine() -> None:
    open_device("opengl").close()
    found = {finding.name: finding for finding in ask("opengl")}
    software = [finding for finding in found.values() if finding.facts.get("software")]
    assert software and all(finding.status is Status.NOTE for finding in software)
    assert "OpenGL 4" in software[0].text and "MiB" in software[0].text and not software[0].mend


def test_a_driver_that_fails_is_a_warning_for_each_device(tmp_path: Path) -> None:
    found = ask("opengl", environment=fake_egl(tmp_path))
    assert names(found)[:3] == ["render nodes", "device 0", "device 1"]
    for finding in found[1:3]:
        assert finding.status is Status.WARN and finding.facts["usable"] is False and finding.mend
        assert "/nonexistent/renderD7: EGL cannot open it (0x3001)" in finding.text


def test_a_driver_that_crashes_on_one_device(tmp_path: Path) -> None:
    found = ask("opengl", environment=fake_egl(tmp_path, initialize="*(volatile int *)0 = 1;"))
    assert names(found)[:3] == ["render nodes", "device 0", "device 1"]
    assert "crashed (SIGSEGV)" in found[1].text and "cannot open it" in found[2].text


def test_a_driver_that_hangs_on_one_device(tmp_path: Path) -> None:
    environment = fake_egl(tmp_path, initialize="for (;;) pause();")
    found = ask("opengl", environment=environment, step_timeout_s=1)
    assert names(found)[:3] == ["render nodes", "device 0", "device 1"]
    assert "hangs" in found[1].text and "cannot open it" in found[2].text


def test_a_driver_that_crashes_before_it_names_its_devices(tmp_path: Path) -> None:
    found = ask("opengl", environment=fake_egl(tmp_path, enumerate_devices="*(volatile int *)0 = 1;"))
    assert names(found) == ["render nodes", "opengl"] and "crashed" in found[1].text


def test_no_devices(tmp_path: Path) -> None:
    found = ask("opengl", environment=fake_egl(tmp_path, enumerate_devices="*count = 0; return 1;"))
    assert names(found) == ["render nodes", "EGL"]
    assert found[1].status is Status.NOTE and "no device" in found[1].text and "libegl1" in found[1].mend


def test_no_egl_at_all() -> None:
    def load(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    step = list(probe(load))[-1]
    (found,) = step.look()
    assert (found.name, found.status) == ("EGL", Status.NOTE) and "libEGL.so.1" in found.text and found.mend


def test_a_gpu_that_can() -> None:
    found = usable("device 0", str(NODE.path), GL, NODE, dict(HARDWARE))
    assert found.status is Status.OK and not found.mend and found.facts["usable"]
    assert "RX 1; OpenGL 4.6; buffers of 1024 MiB, groups of 1024; /dev/dri/renderD128" in found.text


@pytest.mark.parametrize(
    "gl", [GL._replace(compute=False, limits={}), GL._replace(limits={**LIMITS, "storage_blocks": 4})]
)
def test_a_gpu_that_is_too_old(gl: OpenGL) -> None:
    found = usable("device 0", "", gl, None, dict(HARDWARE))
    assert (
        found.status is Status.WARN
        and "OpenGL 4.3" in found.text
        and not found.facts["usable"]
        and found.mend
    )


def test_software_is_a_note_whoever_says_so() -> None:
    for gl, facts in ((GL, {"software": True}), (GL._replace(software=True), HARDWARE)):
        assert usable("device 0", "", gl, None, dict(facts)).status is Status.NOTE


def test_a_gpu_that_this_user_may_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    found = unusable("device 0", str(NODE.path), "EGL cannot open it", FORBIDDEN, dict(HARDWARE))
    assert found.status is Status.WARN and found.mend.startswith("usermod -aG render")
    monkeypatch.setattr(doctor_egl, "nvidia_driver", lambda: "570.1")
    assert "570.1" in unusable("device 0", "", "no", NODE, dict(HARDWARE)).mend
    assert not unusable("device 0", "", "no", None, {"software": True}).mend


@pytest.mark.parametrize(
    ("node", "status", "words"),
    [
        (NODE, Status.OK, "AMD (amdgpu): this user may open it"),
        (FORBIDDEN, Status.WARN, "members of group render may"),
        (NODE._replace(there=False, allowed=False), Status.WARN, "not here"),
    ],
)
def test_render_nodes(node: RenderNode, status: Status, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_egl, "render_nodes", lambda: [node])
    (found,) = nodes()
    assert found.name == "/dev/dri/renderD128" and found.status is status and words in found.text
    assert bool(found.mend) is (status is Status.WARN)


@pytest.mark.parametrize(("driver", "words"), [(None, "no GPU"), ("570.1", "without them")])
def test_no_render_nodes(driver: str | None, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_egl, "render_nodes", list)
    monkeypatch.setattr(doctor_egl, "nvidia_driver", lambda: driver)
    (found,) = nodes()
    assert found.status is Status.NOTE and words in found.text


@pytest.mark.parametrize(
    ("extensions", "status"), [("EGL_EXT_a", Status.WARN), ("EGL_NV_device_cuda", Status.OK)]
)
def test_half_of_nvidias_driver(extensions: str, status: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_egl, "_function", lambda *arguments: lambda device, name: 1)
    monkeypatch.setattr(doctor_egl, "text", lambda address: extensions)
    (found,) = doctor_egl.nvidia(None, [7], "570.86.10")
    assert found.status is status and "570.86.10" in found.text
    assert bool(found.mend) is (status is Status.WARN)
    monkeypatch.setattr(doctor_egl, "nvidia_driver", lambda: None)
    assert list(doctor_egl.nvidia(None, [7])) == []
