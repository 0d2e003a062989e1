"""Recordings on several canvases: what is found, and narrowed down to one command."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gspice.errors import ConfigError, GuestError
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas, DrawOutcome
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare import EVERY, Run, check_file, make_lanes, narrowed, run
from gspice.hosts.compare_lanes import Difference, Kind
from gspice.hosts.replay_canvas import BATCH
from gspice.pixels import Pixels, SurfaceFormat
from gspice.qxl import ops
from gspice.qxl.recording import RecordingReader
from gspice.qxl.recording_events import RecordingError
from tests.hosts import compared
from tests.hosts.compared import Clock, copy, fill, invers, off_screen, record, usual

DATA = Path(__file__).parent.parent / "data"
Factory = Callable[[], Canvas]


def both(file: Path, other: Factory, every: int = EVERY, *, by_kind: bool = False) -> Run:
    return run(file, {"cpu": CpuCanvas, "other": other}, every, by_kind=by_kind)


def narrow(
    file: Path, other: Factory, difference: Difference | None, every: int = EVERY
) -> Difference | None:
    assert difference is not None
    return narrowed(file, {"cpu": CpuCanvas, "other": other}, every, difference)


@pytest.mark.parametrize("by_kind", [False, True])
@pytest.mark.parametrize("name", ["firmware.rec.zst", "qxl-xorg.rec.zst"])
def test_real_recordings_equal_themselves(name: str, by_kind: bool) -> None:
    done = both(DATA / name, CpuCanvas, by_kind=by_kind)
    assert [lane.differences for lane in done.lanes] == [0, 0]
    assert done.error is None and done.comparisons > 5 and done.events > 2000
    counts = [{name: count.commands for name, count in lane.times.items()} for lane in done.lanes]
    assert counts[0] == counts[1] and counts[0]["Copy"] > 1000


def test_comparisons_are_at_the_ends_of_batches() -> None:
    assert EVERY % BATCH == 0


@pytest.mark.parametrize("every", [1, 2, 100])
def test_a_pixel_is_found_and_its_command(tmp_path: Path, every: int) -> None:
    file = record(tmp_path / "a.rec", *usual(12), ops.CursorHide(), invers(Rect(30, 30, 40, 40)))
    done = both(file, compared.Spoils, every)
    found = done.lanes[1].first
    assert found is not None and found.kind is Kind.PIXELS and found.surface_id == 0
    if every > 2:
        assert found.apart.box == Rect(30, 30, 31, 31), "the other one is drawn over before it is looked for"
    else:
        assert done.lanes[1].differences == 2
    exact = narrow(file, compared.Spoils, found, every)
    assert exact is not None
    # Narrowing looks after every command in question, and sees what the first look could not.
    assert (exact.since.index, exact.upto.index) == (6, 7)
    assert exact.apart.box == Rect(10, 5, 11, 6)
    assert (exact.apart.pixels, exact.apart.worst) == (1, 245)


def test_a_difference_that_only_batches_have_is_no_single_commands(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual(12))
    found = both(file, compared.OnlyInBatches).lanes[1].first
    assert found is not None and found.kind is Kind.PIXELS
    assert narrow(file, compared.OnlyInBatches, found) is None


def test_a_fault_of_the_nth_command_is_found_again(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *[fill(number, Rect(number % 50, 0, 51, 9)) for number in range(300)])

    def faulty() -> Canvas:
        return compared.Spoils(lambda drawable, number: number == 203, Rect(59, 39, 60, 40))

    exact = narrow(file, faulty, both(file, faulty).lanes[1].first)
    assert exact is not None and exact.upto.index == 203 and exact.upto.number == 203


def test_a_surface_that_nothing_was_drawn_on(tmp_path: Path) -> None:
    fills = [fill(number, Rect(0, 0, 9, 9)) for number in range(90)]
    file = record(tmp_path / "a.rec", off_screen(3), fill(1, Rect(0, 0, 9, 9), 3), *fills)

    def faulty() -> Canvas:
        return compared.Spoils(lambda drawable, number: number == 40, Rect(4, 4, 5, 5), 3)

    found = both(file, faulty, 2).lanes[1].first
    assert found is not None and found.surface_id == 3 and found.upto.index == 92, (
        "only the last look sees it"
    )
    exact = narrow(file, faulty, found, 2)
    assert exact is not None and exact.upto.index == 41


@pytest.mark.parametrize(
    ("faulty", "kind", "word"),
    [
        (compared.Raises, Kind.FAILED, "RuntimeError: the shader <does> not compile"),
        (compared.Lacks, Kind.OUTCOME, "not drawn: no such operation"),
    ],
)
def test_what_is_not_drawn(tmp_path: Path, faulty: Factory, kind: Kind, word: str) -> None:
    file = record(tmp_path / "a.rec", *usual(12))
    lane = both(file, faulty).lanes[1]
    assert lane.first is not None and (lane.first.kind, lane.first.reason) == (kind, word)
    assert bool(lane.lost) is (kind is Kind.FAILED)
    exact = narrow(file, faulty, lane.first)
    assert exact is not None and exact.kind is kind and exact.upto.index == 7


def test_a_surface_that_only_one_makes(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual(), off_screen(3, SurfaceFormat.A8), fill(1, Rect(0, 0, 9, 9), 3))
    lane = both(file, compared.Refuses).lanes[1]
    assert lane.first is not None and lane.first.kind is Kind.SURFACE and lane.lost
    exact = narrow(file, compared.Refuses, lane.first)
    assert exact is not None and exact.upto.index == 13
    done = run(file, {"first": compared.Refuses, "cpu": CpuCanvas})
    assert done.lanes[1].first is not None and "the reference does not" in done.lanes[1].first.reason
    assert not done.lanes[1].lost and done.error is None


@pytest.mark.parametrize(("by", "differs"), [(0, False), (1, False), (2, True)])
def test_sampling_may_be_one_off(tmp_path: Path, by: int, differs: bool) -> None:
    boxes = [Rect(2, 2, 22, 22), Rect(10, 10, 40, 35)]
    # What is made of such pixels later is exact again: they were made equal.
    file = record(
        tmp_path / "a.rec", *[copy(box) for box in boxes], invers(Rect(0, 0, 60, 40)), copy(boxes[0])
    )
    done = both(file, lambda: compared.Rounds(by), 1)
    lane = done.lanes[1]
    assert bool(lane.differences) is differs and done.sampled == 3
    assert bool(lane.near) is (by == 1)


def test_an_earlier_difference_is_not_taken_for_sampling(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", fill(0x808080), copy(Rect(10, 10, 40, 35)))

    class Early(compared.Rounds):
        """One off in a plain fill."""

        def submit(self, batch: Sequence[ops.Drawable]) -> list[DrawOutcome]:
            outcomes = super().submit(batch)
            if isinstance(batch[0].op, ops.Fill):
                super().submit([fill(0x808081)])
            return outcomes

    first = both(file, Early).lanes[1].first
    assert first is not None and first.apart.worst == 1 and first.apart.pixels > 100


def test_a_failing_reference_ends_it(tmp_path: Path) -> None:
    done = run(record(tmp_path / "a.rec", *usual()), {"first": compared.Raises, "cpu": CpuCanvas})
    assert done.reference.lost == "RuntimeError: the shader <does> not compile"
    assert done.error is not None and "the reference" in str(done.error)


def test_it_ends_where_nothing_is_left_to_compare(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual(200))
    assert both(file, compared.Raises).events < 201
    done = run(file, {"cpu": CpuCanvas, "bad": compared.Raises, "good": CpuCanvas})
    assert done.events == 201 and not done.lanes[2].differences and done.lanes[1].lost


def test_what_came_before_damage_is_compared(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual())
    file.write_bytes(file.read_bytes()[:-30])
    done = both(file, compared.Spoils, 1)
    assert isinstance(done.error, RecordingError) and done.lanes[1].differences == 1


def test_times_are_of_drawing_and_waiting(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual())
    clock = Clock()
    factories: dict[str, Factory] = {"cpu": CpuCanvas, "slow": lambda: compared.Ticking(clock)}
    done = run(file, factories, by_kind=True, clock=clock)
    times = {name: (count.submit_s, count.wait_s) for name, count in done.lanes[1].times.items()}
    assert times["Fill"] == (10.0, 4.0), "two batches, and a pixel of each"
    assert times["Invers"] == (5.0, 2.0)
    assert done.reference.times["Fill"].seconds == 0.0
    assert not done.lanes[1].differences


def test_all_canvases_are_closed(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual())
    made: list[CpuCanvas] = []

    def make() -> CpuCanvas:
        made.append(CpuCanvas())
        return made[-1]

    def fails() -> CpuCanvas:
        raise ConfigError("no such device")

    both(file, make)
    with pytest.raises(ConfigError):
        make_lanes({"one": make, "two": fails})
    assert len(made) == 2 and not made[0].surfaces()
    assert (
        both(file, compared.Unclosable).lanes[1].lost
        == "closing it failed: RuntimeError: the context is gone"
    )


def test_guest_errors_of_reads_are_failures(tmp_path: Path) -> None:
    class Unreadable(CpuCanvas):
        """Has lost a surface that it made."""

        def read(self, surface_id: int, rect: Rect) -> Pixels:
            raise GuestError("no such surface")

    lane = both(record(tmp_path / "a.rec", *usual()), Unreadable).lanes[1]
    assert lane.first is not None and lane.first.kind is Kind.FAILED


def test_files_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        check_file(tmp_path / "none")
    with pytest.raises(ConfigError, match="no regular file"):
        check_file(tmp_path)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(RecordingError):
        check_file(tmp_path / "text")
    file = record(tmp_path / "a.rec")
    check_file(file)
    with RecordingReader(file) as reader:
        assert len(list(reader)) == 1
