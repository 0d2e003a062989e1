"""The targets of the guided fuzzer: what it found is replayed, and each target notices what it is there for."""

import random
from collections.abc import Sequence

import pytest

from gspice.errors import GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.qxl import ops
from gspice.qxl.recording_commands import read_command
from tests.fuzz import targets
from tests.fuzz.fuzz_guided import CHANGES, DATA, MAX_INPUT, TARGET_NAMES, packed_corpus
from tests.fuzz.targets import SIDE, TARGETS, guest, parsed, seeds, unpacked

FOUND = sorted(DATA.glob("*.bin"))
CHANGED = 3


def test_the_names_are_those_of_the_targets() -> None:
    assert tuple(TARGETS) == TARGET_NAMES and tuple(CHANGES) == TARGET_NAMES


def test_what_was_found_stays_mended() -> None:
    for path in FOUND:
        try:
            TARGETS[path.stem.split("-")[0]](path.read_bytes())
        except Exception as error:
            raise AssertionError(path.name) from error


@pytest.mark.parametrize("target", TARGETS)
def test_inputs_that_take_branches_of_their_own(target: str) -> None:
    inputs = packed_corpus(target)
    assert len(inputs) > 100
    for data in inputs:
        try:
            TARGETS[target](data)
        except Exception as error:
            raise AssertionError(f"{data!r}") from error


@pytest.mark.parametrize("target", TARGETS)
def test_valid_inputs_and_their_neighbours(target: str) -> None:
    rng = random.Random(target)
    for name, seed in seeds(target).items():
        data = seed
        assert len(data) <= MAX_INPUT, f"{name} is cut short by the fuzzer"
        for _ in range(CHANGED):
            try:
                TARGETS[target](data)
            except Exception as error:
                raise AssertionError(f"{name}: {data!r}") from error
            data = CHANGES[target](data, rng)


def test_valid_inputs_are_what_they_say() -> None:
    for name, data in seeds("canvas").items():
        assert all(parsed(command) is not None for command in unpacked(data)), name


@pytest.mark.parametrize("data", [b"", b"\x01", b"\xff" * 9, bytes(2 * MAX_INPUT), b"\x04" * 5000])
def test_any_bytes_are_an_input(data: bytes) -> None:
    for target in TARGETS.values():
        target(data)


def test_memory_of_the_case_before_is_gone() -> None:
    unpacked(bytes([0]) + b"\xaa" * 4096)
    unpacked(b"\x00\x55")
    assert guest.read(guest.address(0), guest.size) == bytes(guest.size - 1) + b"\x55"


class FaultyParser:
    """As a parser whose errors are not those of the contract."""

    def release_info(self, command: object) -> None:
        return None

    def parse(self, command: object) -> ops.Command:
        raise KeyError("of our own")


def test_an_error_of_another_kind_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest, "parser", FaultyParser())
    with pytest.raises(KeyError):
        targets.guest_parser(seeds("parser")["nop"])


class LyingCanvas(CpuCanvas):
    """Draws, and says something else."""

    lie: DrawOutcome

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        super().submit(batch)
        return [self.lie for _ in batch]


@pytest.mark.parametrize(
    "lie",
    [
        DrawOutcome((), False, "no"),
        DrawOutcome((), True),
        DrawOutcome((Rect(1, 2, 30, 39),), True),
        DrawOutcome((Rect(0, 0, SIDE, SIDE + 1),), True),
        DrawOutcome((Rect(0, 0, SIDE, SIDE), Rect(0, 0, 1, 1)), True),
        DrawOutcome((), False),
    ],
    ids=["not drawn", "nowhere", "less than it was", "outside", "overlapping", "without a reason"],
)
def test_pixels_that_change_unsaid_are_found(lie: DrawOutcome, monkeypatch: pytest.MonkeyPatch) -> None:
    LyingCanvas.lie = lie
    monkeypatch.setattr(targets, "CpuCanvas", LyingCanvas)
    with pytest.raises(AssertionError):
        targets.guest_canvas(seeds("canvas")["invers"])


class CullingCanvas(CpuCanvas):
    """Leaves out what it must not, where there are several."""

    def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
        outcomes = super().submit(batch[-1:])
        return outcomes * len(batch)


def test_a_batch_that_differs_from_its_parts_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "CpuCanvas", CullingCanvas)
    with pytest.raises(AssertionError):
        targets.guest_canvas(seeds("canvas")["one over the other"])


def test_a_recording_that_reads_differently_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def misread(scanner: object, kind: int) -> object:
        value = read_command(scanner, kind)  # type: ignore[arg-type]
        if isinstance(value, ops.CursorTrail):
            return ops.CursorTrail(value.length + 1, value.frequency)
        return value

    monkeypatch.setattr("gspice.qxl.recording.read_command", misread)
    with pytest.raises(AssertionError):
        targets.recording(seeds("recording")["cursor trail"])


def test_a_recording_with_an_error_of_another_kind_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(scanner: object, kind: int) -> object:
        raise GuestError("not an error that readers of recordings expect")

    monkeypatch.setattr("gspice.qxl.recording.read_command", refuse)
    with pytest.raises(GuestError):
        targets.recording(seeds("recording")["nop"])
