"""Which canvas is taken, and the reasons; GPU backends are stood for by ones of this file."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gspice.errors import ConfigError, GpuError, GpuLostError
from gspice.geometry import Rect
from gspice.gpu import backends, select
from gspice.gpu.backends import Backend
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.failover import FailoverCanvas
from gspice.gpu.journal import JournalLimits
from gspice.gpu.select import (
    Choice,
    Considered,
    Verdict,
    backend_names,
    check_renderer,
    choose_canvas,
    cpu_instead_of,
    open_canvas,
    select_canvas,
)
from gspice.pixels import SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import Drawable
from tests.gpu.failing_canvas import fill


@dataclass(frozen=True)
class Info:
    """A device of a fake backend; ``fault`` is what is wrong with it."""

    name: str
    software: bool = False
    index: int = 0
    fault: Exception | str | None = None


class Machine:
    """What the fake backends find."""

    devices: dict[str, list[Info]]
    listing: Exception | None
    opened: list[tuple[str, str | None]]
    closed: int


class FakeCanvas(CpuCanvas):
    BACKEND = ""

    def __init__(self, info: Info) -> None:
        super().__init__()
        self._fault = info.fault

    @classmethod
    def open(cls, device: str | None) -> "FakeCanvas":
        Machine.opened.append((cls.BACKEND, device))
        found = Machine.devices[cls.BACKEND]
        info = next((one for one in found if one.index == int(device or 0)), None)
        if info is None:
            raise ConfigError(f"no device {device}: there are {len(found)}")
        if isinstance(info.fault, OSError):
            raise info.fault
        return cls(info)

    def submit(self, batch: "list[Drawable]") -> list[DrawOutcome]:  # type: ignore[override]
        if isinstance(self._fault, GpuError):
            raise self._fault
        if self._fault == "wrong":
            batch = [*batch, fill(batch[0].surface_id, Rect(0, 0, 1, 1), 0x00AA55, 64)]
            return super().submit(batch)[:-1]
        return super().submit(batch)

    def close(self) -> None:
        Machine.closed += 1
        super().close()


class FakeOpenGL(FakeCanvas):
    BACKEND = "opengl"


class FakeVulkan(FakeCanvas):
    BACKEND = "vulkan"


def list_opengl() -> list[Info]:
    if Machine.listing is not None:
        raise Machine.listing
    return Machine.devices["opengl"]


def list_vulkan() -> list[Info]:
    return Machine.devices["vulkan"]


Fakes = Callable[..., None]
OPENGL = Backend(f"{__name__}:FakeOpenGL", f"{__name__}:list_opengl", "json")
VULKAN = Backend(f"{__name__}:FakeVulkan", f"{__name__}:list_vulkan", "json")


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fakes]:
    """A machine with a render node and these devices."""
    monkeypatch.setattr(select, "_proven", set())
    monkeypatch.setattr(select, "DEVICES", tmp_path)
    monkeypatch.setitem(backends.GPU_BACKENDS, "opengl", OPENGL)
    monkeypatch.setitem(backends.GPU_BACKENDS, "vulkan", VULKAN)
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch()

    def have(*, opengl: list[Info] | None = None, vulkan: list[Info] | None = None) -> None:
        Machine.devices = {"opengl": opengl or [], "vulkan": vulkan or []}
        Machine.opened, Machine.closed, Machine.listing = [], 0, None

    have()
    yield have


GPU, SLOW = Info("A real one"), Info("llvmpipe", software=True)


def verdicts(choice: Choice) -> list[tuple[str, str, str]]:
    return [(one.name, one.device, one.verdict.value) for one in choice.considered]


def test_a_gpu_that_draws_as_it_should_is_taken(fakes: Fakes, caplog: pytest.LogCaptureFixture) -> None:
    fakes(opengl=[SLOW, replace(GPU, index=5), Info("another")], vulkan=[GPU])
    with caplog.at_level(logging.INFO, "gspice.gpu.select"):
        choice = choose_canvas()
    assert isinstance(choice.canvas, FailoverCanvas)
    assert verdicts(choice)[:-1] == [
        ("opengl", "llvmpipe", "software"),
        ("opengl", "A real one", "chosen"),
        ("opengl", "another", "not needed"),
        ("vulkan", "", "not needed"),
    ]
    assert verdicts(choice)[-1][::2] == ("cpu", "not needed")
    assert Machine.opened == [("opengl", "5")]
    assert [record.getMessage() for record in caplog.records] == [
        "canvas: opengl on A real one: chosen (a GPU that passed the self-test)"
    ]
    assert choice.canvas.surfaces() == {}
    choice.canvas.close()
    assert Machine.closed == 1


@pytest.mark.parametrize(
    ("bad", "verdict", "words"),
    [
        (Info("bad", fault="wrong"), Verdict.WRONG, "does not draw what the CPU does: fill"),
        (Info("bad", fault=GpuLostError("gone")), Verdict.FAILED, "gone"),
        (Info("bad", fault=OSError("libGL is broken")), Verdict.FAILED, "OSError: libGL is broken"),
    ],
)
def test_one_that_does_not_is_passed_over(
    fakes: Fakes, caplog: pytest.LogCaptureFixture, bad: Info, verdict: Verdict, words: str
) -> None:
    fakes(opengl=[bad], vulkan=[GPU])
    with caplog.at_level(logging.INFO, "gspice.gpu.select"):
        choice = choose_canvas()
    assert choice.considered[0].verdict is verdict and words in choice.considered[0].reason
    assert verdicts(choice)[1] == ("vulkan", "A real one", "chosen")
    assert words in caplog.text
    assert Machine.closed == (not isinstance(bad.fault, OSError))
    fakes(opengl=[bad])
    choice = choose_canvas()
    assert isinstance(choice.canvas, CpuCanvas)
    assert choice.considered[-1].verdict is Verdict.CHOSEN and words in choice.considered[-1].reason


def test_software_is_taken_only_where_it_is_named(fakes: Fakes) -> None:
    fakes(opengl=[SLOW], vulkan=[SLOW])
    choice = choose_canvas()
    assert isinstance(choice.canvas, CpuCanvas) and not Machine.opened
    assert choice.considered[-1].reason == "opengl, vulkan: it draws on the CPU, and slower"
    named = choose_canvas("vulkan")
    assert isinstance(named.canvas, FailoverCanvas)
    assert named.considered == (Considered("vulkan", CpuCanvas.caps.device, Verdict.CHOSEN, "asked for"),)
    assert Machine.opened == [("vulkan", None)]


def test_the_device_and_the_limits_are_handed_on(fakes: Fakes) -> None:
    fakes(opengl=[SLOW, replace(GPU, index=1)])
    limits = JournalLimits(commands=7)
    canvas = select_canvas("opengl", device="1", limits=limits)
    assert Machine.opened == [("opengl", "1")]
    assert isinstance(canvas, FailoverCanvas)
    assert canvas._journal is not None and canvas._journal.limits is limits
    with pytest.raises(ConfigError, match="no device 4"):
        select_canvas("opengl", device="4")


def test_a_named_one_that_is_not_fit_is_refused(fakes: Fakes) -> None:
    fakes(opengl=[Info("x", fault="wrong")])
    with pytest.raises(ConfigError, match="canvas opengl is not fit for use: it does not draw"):
        select_canvas("opengl")
    assert Machine.closed == 1


def test_a_device_is_tested_once_in_a_process(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes(opengl=[GPU, replace(GPU, index=1)])
    tests: list[object] = []
    prove = select._prove

    def note(canvas: Canvas) -> None:
        tests.append(canvas)
        prove(canvas)

    monkeypatch.setattr(select, "_prove", note)
    for device in ("0", "0", "1", "1"):
        select_canvas("opengl", device=device)
    assert len(tests) == 2


def test_a_guard_runs_the_first_try_and_ends_it(fakes: Fakes) -> None:
    fakes(opengl=[GPU], vulkan=[GPU])
    ran: list[int] = []

    def guard(function: Callable[[], None]) -> None:
        ran.append(len(Machine.opened))
        function()

    choice = choose_canvas(guard=guard)
    assert ran == [0, 0], "listing, and the trial"
    assert Machine.opened == [("opengl", "0")] * 2 and Machine.closed == 1
    choice.canvas.close()
    choose_canvas(guard=guard).canvas.close()
    assert len(ran) == 3, "a device that is proven is not tried again"

    def hangs(function: Callable[[], None]) -> None:
        raise GpuError("the driver hangs")

    fakes(opengl=[GPU], vulkan=[GPU])
    select._proven.clear()
    choice = choose_canvas(guard=hangs)
    assert isinstance(choice.canvas, CpuCanvas) and not Machine.opened
    assert [one.reason for one in choice.considered[:2]] == [
        "its devices cannot be listed: the driver hangs"
    ] * 2


def test_a_listing_that_fails_is_no_end(fakes: Fakes) -> None:
    for error, verdict in (
        (RuntimeError("eglInitialize"), Verdict.FAILED),
        (ConfigError("no EGL"), Verdict.MISSING),
    ):
        fakes(vulkan=[GPU])
        Machine.listing = error
        choice = choose_canvas()
        assert choice.considered[0].verdict is verdict and str(error) in choice.considered[0].reason
        assert isinstance(choice.canvas, FailoverCanvas)


def test_a_device_that_is_gone_meanwhile_is_no_end(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes()
    monkeypatch.setattr(f"{__name__}.list_opengl", lambda: [GPU])
    choice = choose_canvas()
    assert verdicts(choice)[0] == ("opengl", "A real one", "missing")
    assert verdicts(choice)[1] == ("vulkan", "", "missing")


def test_nothing_is_looked_for_without_a_device_file(fakes: Fakes, tmp_path: Path) -> None:
    fakes(opengl=[GPU])
    (tmp_path / "dri" / "renderD128").unlink()
    Machine.listing = AssertionError("it was looked for")
    choice = choose_canvas()
    assert isinstance(choice.canvas, CpuCanvas)
    assert "no render node" in choice.considered[-1].reason


def test_nothing_of_a_gpu_is_imported_for_the_cpu() -> None:
    code = (
        "import sys; from pathlib import Path; import gspice.gpu.select as s; import gspice.server.worker_canvas\n"
        "s.DEVICES = Path('/nonexistent'); s.select_canvas('auto'); s.select_canvas('cpu'); s.check_renderer('auto')\n"
        "print([n for n in sys.modules if n.split('.')[0] in ('moderngl', 'glcontext', 'wgpu')"
        " or n.startswith(('gspice.gpu.opengl', 'gspice.gpu.vulkan', 'gspice.gpu.compute', 'gspice.gpu.self_test'))])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"


def test_unknown_names_are_told_the_known_ones() -> None:
    assert backend_names() == ("cpu", "opengl", "vulkan", "auto")
    for ask in (check_renderer, select_canvas):
        with pytest.raises(
            ConfigError, match=r"no renderer 'voodoo': choose one of cpu, opengl, vulkan, auto"
        ):
            ask("voodoo")
    with pytest.raises(ConfigError, match=r"no canvas backend 'auto': choose one of cpu, opengl, vulkan$"):
        open_canvas("auto")


@pytest.mark.parametrize("name", ["cpu", "auto"])
def test_only_gpus_take_a_device(name: str) -> None:
    for ask in (lambda: check_renderer(name, "1"), lambda: select_canvas(name, device="1")):
        with pytest.raises(
            ConfigError, match=f"renderer {name} takes no device: choose opengl or vulkan for '1'"
        ):
            ask()


def test_a_package_that_is_missing_is_named(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes(opengl=[GPU])
    lacking = Backend(OPENGL.canvas, OPENGL.adapters, "no_such_package")
    monkeypatch.setitem(backends.GPU_BACKENDS, "opengl", lacking)
    for ask in (check_renderer, open_canvas, select_canvas):
        with pytest.raises(ConfigError, match="pip install no_such_package"):
            ask("opengl")
    assert "pip install no_such_package" in choose_canvas().considered[0].reason
    check_renderer("vulkan", "llvm")


def test_a_package_that_cannot_be_loaded_is_named(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken_backend.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(
        backends.GPU_BACKENDS, "opengl", Backend("broken_backend:X", "broken_backend:y", "json")
    )
    with pytest.raises(ConfigError, match=r"no_such_library.*is json installed whole"):
        open_canvas("opengl")
    fakes()
    assert choose_canvas().considered[0].verdict is Verdict.FAILED


def test_a_bare_canvas_is_not_tested_and_raises(fakes: Fakes) -> None:
    fakes(opengl=[Info("x", fault=GpuLostError("gone"))])
    canvas = open_canvas("opengl")
    canvas.create_surface(0, SurfaceSpec(4, 4, SurfaceFormat.A8))
    with pytest.raises(GpuLostError):
        canvas.submit([])
    assert isinstance(open_canvas("cpu"), CpuCanvas)


def test_the_cpu_by_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "gspice.gpu.select"):
        assert isinstance(select_canvas("cpu"), CpuCanvas)
    assert "cpu on" in caplog.text and "asked for" in caplog.text


def test_the_cpu_of_a_comparison_takes_no_device() -> None:
    with pytest.raises(ConfigError, match="canvas cpu takes no device: leave '0' out"):
        open_canvas("cpu", "0")


def test_the_cpu_instead_of_another(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "gspice.gpu.select"):
        assert isinstance(cpu_instead_of("opengl", "no device 7"), CpuCanvas)
    assert "chosen (instead of opengl: no device 7)" in caplog.text and "asked for" not in caplog.text
