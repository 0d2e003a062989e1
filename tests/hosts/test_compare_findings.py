"""Files compared whole: what is found, shown, recorded, and what the recording does."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare import EVERY
from gspice.hosts.compare_findings import Again, Finding, Result, compare_file
from gspice.hosts.compare_lanes import Kind
from gspice.qxl import ops
from tests.hosts import compared
from tests.hosts.compared import record, usual

Factory = Callable[[], Canvas]


def found(
    tmp_path: Path, *faulty: Factory, every: int = EVERY, go_on: Callable[[], bool] = lambda: True
) -> Result:
    file = record(tmp_path / "a.rec", *usual())
    factories: dict[str, Factory] = {"cpu": CpuCanvas}
    factories |= {f"faulty{number}": make for number, make in enumerate(faulty)}
    names = (tmp_path / f"first-{number}.rec" for number in itertools.count())
    return compare_file(file, factories, every, target=lambda: next(names), go_on=go_on)


def one(result: Result) -> Finding:
    (finding,) = result.findings
    return finding


def test_equal(tmp_path: Path) -> None:
    result = found(tmp_path, CpuCanvas, CpuCanvas)
    assert result.equal and not result.findings and len(result.runs) == 2
    assert not (tmp_path / "first-0.rec").exists()


def test_the_small_recording_replays_to_the_same_difference(tmp_path: Path) -> None:
    finding = one(found(tmp_path, compared.Spoils, every=1))
    assert finding.exact and finding.again is Again.SAME and not finding.by_kind
    assert dict(finding.words)["op"] == "Invers" and finding.pictures is not None
    assert finding.recording is not None
    factories: dict[str, Factory] = {"cpu": CpuCanvas, "faulty0": compared.Spoils}
    again = one(compare_file(finding.recording, factories))
    assert again.difference.apart == finding.difference.apart
    assert finding.recording.stat().st_size < 12_000, "one surface, and a command"


@pytest.mark.parametrize(
    ("faulty", "kind"),
    [(compared.Raises, Kind.FAILED), (compared.Lacks, Kind.OUTCOME), (compared.Silent, Kind.AREA)],
)
def test_other_kinds_replay_too(tmp_path: Path, faulty: Factory, kind: Kind) -> None:
    finding = one(found(tmp_path, faulty))
    assert (finding.difference.kind, finding.exact, finding.again) == (kind, True, Again.SAME)
    assert finding.pictures is None


def test_what_depends_on_the_past_is_said_to(tmp_path: Path) -> None:
    finding = one(found(tmp_path, lambda: compared.Spoils(lambda drawable, number: number == 12)))
    assert finding.exact and finding.again is Again.NONE and finding.difference.upto.index == 12


def test_batches_that_differ_are_recorded_whole(tmp_path: Path) -> None:
    finding = one(found(tmp_path, compared.OnlyInBatches))
    assert not finding.exact and not finding.words and finding.again is Again.SAME
    assert finding.pictures is not None and finding.difference.upto.index == 12


def test_what_only_batches_of_one_kind_show(tmp_path: Path) -> None:
    def faulty() -> Canvas:
        class OneKind(compared.OnlyInBatches):
            """Right where a batch holds several kinds."""

            def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
                if len({type(drawable.op) for drawable in batch}) > 1:
                    return CpuCanvas.submit(self, batch)
                return super().submit(batch)

        return OneKind()

    finding = one(found(tmp_path, faulty))
    assert finding.by_kind and not finding.exact


def test_each_canvas_has_its_own(tmp_path: Path) -> None:
    result = found(tmp_path, compared.Lacks, CpuCanvas, compared.Spoils, every=1)
    assert [finding.lane.label for finding in result.findings] == ["faulty0", "faulty2"]
    assert [finding.difference.kind for finding in result.findings] == [Kind.OUTCOME, Kind.PIXELS]
    assert len({finding.recording for finding in result.findings}) == 2
    assert not result.equal


def test_stopping(tmp_path: Path) -> None:
    result = found(tmp_path, compared.Spoils, every=1, go_on=lambda: False)
    finding = one(result)
    assert result.kinds is None and not finding.exact and finding.recording is None
    assert "stopped" in finding.problem and finding.pictures is not None


def test_a_recording_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual())
    factories: dict[str, Factory] = {"cpu": CpuCanvas, "faulty": compared.Lacks}
    finding = one(compare_file(file, factories, target=lambda: tmp_path / "no" / "such.rec"))
    assert "cannot write a recording" in finding.problem and finding.exact


def test_a_canvas_that_cannot_be_closed_is_not_equal(tmp_path: Path) -> None:
    result = found(tmp_path, compared.Unclosable)
    assert not result.equal and not result.findings
