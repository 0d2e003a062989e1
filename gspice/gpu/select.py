"""Choosing the canvas: by the operator's word, or by what is there and draws as it should."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gspice.errors import ConfigError, GSpiceError
from gspice.gpu.backends import GPU_BACKENDS, Adapter, load, no_device_file, why_missing
from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.gpu.journal import JournalLimits

log = logging.getLogger(__name__)

AUTO, CPU = "auto", "cpu"
DEVICES = Path("/dev")
Guard = Callable[[Callable[[], None]], None]
"""Runs a function, and raises what that raises, or any error of its own where it takes too long."""


class Verdict(StrEnum):
    """What became of a canvas that was thought of."""

    CHOSEN = "chosen"
    NOT_NEEDED = "not needed"
    """Another one was chosen before."""
    MISSING = "missing"
    """There is no such device, or its driver or library is not installed."""
    SOFTWARE = "software"
    """Works, but is no GPU: the CPU canvas is faster."""
    FAILED = "failed"
    """It could not be opened, or broke down in the self-test."""
    WRONG = "wrong"
    """It does not draw what the CPU canvas draws."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One canvas that was thought of."""

    name: str
    device: str
    """Empty where it did not come to a device."""
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The canvas, which the caller closes, and why it is this one."""

    canvas: Canvas
    considered: tuple[Considered, ...]
    """In the order that they were thought of; the chosen one is among them."""


class NotFit(GSpiceError):
    """A canvas that is not to be drawn on, and why."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict


_proven: set[tuple[str, str | None]] = set()
"""Backends and devices that passed the self-test in this process: a driver does not change while it is loaded."""


def backend_names() -> tuple[str, ...]:
    """What the operator may ask for."""
    return (CPU, *GPU_BACKENDS, AUTO)


def check_renderer(name: str, device: str | None = None) -> None:
    """ConfigError where there is no such renderer, or a package is missing that it needs; imports nothing."""
    if name not in backend_names():
        raise ConfigError(f"there is no renderer {name!r}: choose one of {', '.join(backend_names())}")
    if name in GPU_BACKENDS and (missing := why_missing(GPU_BACKENDS[name])):
        raise ConfigError(f"renderer {name}: {missing}")
    if device is not None and name not in GPU_BACKENDS:
        raise ConfigError(
            f"renderer {name} takes no device: choose {' or '.join(GPU_BACKENDS)} for {device!r}"
        )


def open_canvas(name: str, device: str | None = None, budgets: GpuBudgets | None = None) -> Canvas:
    """A backend's own canvas, neither tested nor guarded against the loss of its device.

    ConfigError: there is no such backend or device, or what it needs is not installed.
    """
    if name == CPU:
        if device is not None:
            raise ConfigError(f"canvas cpu takes no device: leave {device!r} out")
        return CpuCanvas()
    if name not in GPU_BACKENDS:
        raise ConfigError(f"no canvas backend {name!r}: choose one of {', '.join((CPU, *GPU_BACKENDS))}")
    if missing := why_missing(GPU_BACKENDS[name]):
        raise ConfigError(f"canvas {name}: {missing}")
    try:
        make: Callable[..., Canvas] = load(GPU_BACKENDS[name].canvas).open
    except ImportError as error:
        raise ConfigError(
            f"canvas {name} cannot be loaded ({error}): is {GPU_BACKENDS[name].library} installed whole?"
        ) from error
    return make(device) if budgets is None else make(device, budgets)


def select_canvas(
    name: str = AUTO,
    *,
    device: str | None = None,
    limits: JournalLimits | None = None,
    guard: Guard | None = None,
    budgets: GpuBudgets | None = None,
) -> Canvas:
    """``choose_canvas``, for those who need no reasons; they are in the log."""
    return choose_canvas(name, device=device, limits=limits, guard=guard, budgets=budgets).canvas


def choose_canvas(
    name: str = AUTO,
    *,
    device: str | None = None,
    limits: JournalLimits | None = None,
    guard: Guard | None = None,
    budgets: GpuBudgets | None = None,
) -> Choice:
    """Make the canvas that the operator asked for, guarded against the loss of its GPU by the CPU canvas.

    ``device``: for opengl and vulkan, as they take it. ``guard``: what runs a first try of a device, so that it can
    be given up where it hangs. ConfigError: there is no such canvas or device, or it does not draw as it should; not
    for ``auto``, which takes the CPU canvas then.
    """
    check_renderer(name, device)
    if budgets is not None and limits is None:
        limits = JournalLimits(held_bytes=budgets.journal << 20)
    if name == AUTO:
        choice = _automatic(limits, guard, budgets)
    else:
        try:
            canvas = CpuCanvas() if name == CPU else _fit(name, device, limits, guard, budgets)
        except NotFit as error:
            raise ConfigError(f"canvas {name} is not fit for use: {error}") from error
        considered = Considered(name, canvas.caps.device, Verdict.CHOSEN, "asked for")
        choice = Choice(canvas, (considered,))
    _tell(choice)
    return choice


def cpu_instead_of(name: str, reason: str) -> Canvas:
    """The CPU's canvas, where the one that the operator asked for cannot be had for that reason."""
    canvas = CpuCanvas()
    words = f"instead of {name}: {reason}"
    _tell(Choice(canvas, (Considered(CPU, canvas.caps.device, Verdict.CHOSEN, words),)))
    return canvas


def _tell(choice: Choice) -> None:
    """Log what became of each."""
    for one in choice.considered:
        chosen = one.verdict is Verdict.CHOSEN
        place = f" on {one.device}" if one.device else ""
        log.log(
            logging.INFO if chosen or one.verdict in (Verdict.FAILED, Verdict.WRONG) else logging.DEBUG,
            "canvas: %s%s: %s (%s)",
            one.name,
            place,
            one.verdict.value,
            one.reason,
        )


def _automatic(limits: JournalLimits | None, guard: Guard | None, budgets: GpuBudgets | None) -> Choice:
    considered: list[Considered] = []
    canvas: Canvas | None = None
    why_none = no_device_file(DEVICES)
    for name in GPU_BACKENDS:
        if canvas is not None:
            considered.append(Considered(name, "", Verdict.NOT_NEEDED, "another one is fit"))
            continue
        if why_none:
            considered.append(Considered(name, "", Verdict.MISSING, why_none))
            continue
        for device, verdict, reason, made in _tried(name, limits, guard, budgets):
            considered.append(Considered(name, device, verdict, reason))
            canvas = canvas or made
    if canvas is None:
        canvas = CpuCanvas()
        considered.append(Considered(CPU, canvas.caps.device, Verdict.CHOSEN, _summary(considered)))
    else:
        considered.append(
            Considered(CPU, CpuCanvas.caps.device, Verdict.NOT_NEEDED, "goes on where a GPU is lost")
        )
    return Choice(canvas, tuple(considered))


def _tried(
    name: str, limits: JournalLimits | None, guard: Guard | None, budgets: GpuBudgets | None
) -> Iterator[tuple[str, Verdict, str, Canvas | None]]:
    """The hardware devices of a backend up to the first that is fit: device, verdict, reason, canvas."""
    try:
        adapters = _adapters(name, guard)
    except NotFit as error:
        yield "", error.verdict, str(error), None
        return
    if not adapters:
        yield "", Verdict.MISSING, "it finds no device", None
    chosen = False
    for adapter in adapters:
        if adapter.software:
            yield adapter.name, Verdict.SOFTWARE, "it draws on the CPU, and slower", None
        elif chosen:
            yield adapter.name, Verdict.NOT_NEEDED, "another one is fit", None
        else:
            try:
                canvas = _fit(name, str(adapter.index), limits, guard, budgets)
            except NotFit as error:
                yield adapter.name, error.verdict, str(error), None
            except ConfigError as error:
                yield adapter.name, Verdict.MISSING, str(error), None
            else:
                chosen = True
                yield adapter.name, Verdict.CHOSEN, "a GPU that passed the self-test", canvas


def _adapters(name: str, guard: Guard | None) -> Sequence[Adapter]:
    backend = GPU_BACKENDS[name]
    if missing := why_missing(backend):
        raise NotFit(Verdict.MISSING, missing)
    found: list[Adapter] = []

    def list_them() -> None:
        found.extend(load(backend.adapters)())

    try:
        (guard or _directly)(list_them)
    except ConfigError as error:
        raise NotFit(Verdict.MISSING, str(error)) from error
    except Exception as error:
        # Drivers and their libraries fail in ways of their own, and none of them is the end of a server.
        raise NotFit(Verdict.FAILED, f"its devices cannot be listed: {_words(error)}") from error
    return found


def _fit(
    name: str,
    device: str | None,
    limits: JournalLimits | None,
    guard: Guard | None,
    budgets: GpuBudgets | None,
) -> Canvas:
    """A guarded canvas of a device that draws as it should. NotFit; ConfigError from the backend comes through."""
    from gspice.gpu.failover import FailoverCanvas  # noqa: PLC0415  only who has a GPU needs it

    def try_it() -> None:
        canvas = open_canvas(name, device)
        try:
            _prove(canvas)
        finally:
            canvas.close()

    key = (name, device)
    try:
        if guard is not None and key not in _proven:
            guard(try_it)
            _proven.add(key)
        canvas = open_canvas(name, device, budgets)
        try:
            if key not in _proven:
                _prove(canvas)
                _proven.add(key)
        except BaseException:
            canvas.close()
            raise
    except (ConfigError, NotFit):
        raise
    except Exception as error:
        # As above: whatever a driver does wrong, the CPU canvas can still draw.
        raise NotFit(Verdict.FAILED, _words(error)) from error
    return FailoverCanvas(canvas, CpuCanvas(), limits)


def _prove(canvas: Canvas) -> None:
    from gspice.gpu.self_test import first_difference  # noqa: PLC0415  as above

    difference = first_difference(canvas, CpuCanvas())
    if difference is not None:
        raise NotFit(Verdict.WRONG, f"it does not draw what the CPU does: {difference}")


def _directly(call: Callable[[], None]) -> None:
    call()


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, GSpiceError) else f"{type(error).__name__}: {error}"


def _summary(considered: Sequence[Considered]) -> str:
    """Why none of them."""
    reasons = {
        one.reason: [other.name for other in considered if other.reason == one.reason] for one in considered
    }
    return "; ".join(f"{', '.join(dict.fromkeys(names))}: {reason}" for reason, names in reasons.items())
