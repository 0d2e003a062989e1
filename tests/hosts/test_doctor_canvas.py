"""Which canvas auto takes, and what is said of the others."""

import pytest

from gspice.errors import ConfigError
from gspice.gpu.select import Verdict, choose_canvas
from gspice.hosts.doctor_canvas import DEFECTS, TAKEN, Configured, Considered, choose, configured, probe
from gspice.hosts.doctor_child import ask
from gspice.hosts.doctor_findings import Finding, Status

CPU = Considered("cpu", "x86_64", "chosen", "opengl: broken, at length")
GPU = Considered("opengl", "RTX", "chosen", "a GPU that passed")


def look(*considered: Considered, renderer: Configured = None) -> list[Finding]:
    steps = probe(lambda name, device: considered, lambda: renderer)
    return [finding for step in steps for finding in step.look()]


def test_verdicts_are_those_of_the_choice() -> None:
    assert TAKEN in set(Verdict) and set(DEFECTS) < set(Verdict)


def test_this_machine() -> None:
    found = ask("canvas")
    choice = choose_canvas()
    choice.canvas.close()
    assert found[0].name == "auto" and found[0].status is Status.OK
    assert found[0].facts["canvas"] == choice.canvas.caps.name
    assert len(found) >= len(choice.considered)
    assert choose("cpu", None)[0].verdict == "chosen"


def test_a_gpu() -> None:
    auto, rest, _ = look(GPU, Considered("cpu", "", "not needed", "goes on"))
    assert (auto.name, auto.status, auto.facts["device"]) == ("auto", Status.OK, "RTX")
    assert "takes opengl on RTX: a GPU that passed" in auto.text
    assert (rest.name, rest.status) == ("not cpu", Status.NOTE)


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        ("missing", Status.NOTE),
        ("software", Status.NOTE),
        ("not needed", Status.NOTE),
        ("failed", Status.WARN),
        ("wrong", Status.WARN),
    ],
)
def test_the_reasons_against_the_others_come_after_what_is_taken(verdict: str, status: Status) -> None:
    auto, rest, _ = look(Considered("vulkan", "a GPU", verdict, "why not"), CPU)
    assert "takes cpu on x86_64" in auto.text and "at length" not in auto.text
    assert auto.facts["reason"] == "opengl: broken, at length"
    assert rest.status is status and rest.text == f"{verdict} on a GPU: why not"


def test_no_canvas_at_all_is_not_fit() -> None:
    def none(renderer: str, device: str | None) -> tuple[Considered, ...]:
        raise ConfigError("no memory")

    automatic, _, cpu = probe(none, lambda: None)
    for step, status in ((automatic, Status.WARN), (cpu, Status.FAIL)):
        (found,) = step.look()
        assert found.status is status and step.failing is status and "no memory" in found.text


def test_a_driver_that_crashes_can_be_bypassed() -> None:
    steps = {step.name: step for step in probe(lambda renderer, device: (CPU,), lambda: None)}
    assert all(
        "cpu" in steps[name].mend and steps[name].failing is Status.WARN for name in ("auto", "configured")
    )


def test_the_renderer_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GSPICE_RENDERER", "GSPICE_RENDERER_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    assert [finding.name for finding in look(CPU)] == ["auto", "cpu"]
    assert look(CPU, renderer=("cpu", None))[1].text == "cpu can be had"

    def only_auto(renderer: str, device: str | None) -> tuple[Considered, ...]:
        if renderer != "auto":
            raise ConfigError("not installed")
        return (CPU,)

    _, step, _ = probe(only_auto, lambda: ("vulkan", "1"))
    (found,) = step.look()
    assert (
        found.status is Status.WARN
        and "cannot be had, and hosts draw on the CPU instead: not installed" in found.text
    )
    assert found.facts == {"canvas": "vulkan", "device": "1", "draws": "cpu"}
    assert found.mend == 'set renderer = "auto" in the configuration'
    monkeypatch.setenv("GSPICE_RENDERER", "vulkan")
    monkeypatch.setenv("GSPICE_RENDERER_DEVICE", "1")
    (found,) = step.look()
    assert found.mend == "unset GSPICE_RENDERER GSPICE_RENDERER_DEVICE", "where it was said counts"


def test_what_the_configuration_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GSPICE_CONFIG", raising=False)
    for value, name in (("cpu", ("cpu", None)), ("auto", None), ("nonsense", None)):
        monkeypatch.setenv("GSPICE_RENDERER", value)
        assert configured() == name
    monkeypatch.setenv("GSPICE_RENDERER", "cpu")
    monkeypatch.setenv("GSPICE_RENDERER_DEVICE", "1")
    assert configured() is None, "no host starts with it, which another section says"
