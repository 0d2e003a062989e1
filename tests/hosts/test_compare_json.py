"""The report as values: the keys that the documents promise, and sums that add up."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.hosts.compare_findings import Result, compare_file
from gspice.hosts.compare_json import one_line, report, verdict
from tests.hosts import compared
from tests.hosts.compared import Clock, off_screen, record, usual

TESTING = Path(__file__).parents[2] / "docs" / "testing.md"


def results(tmp_path: Path, faulty: type[CpuCanvas], every: int = 1) -> list[Result]:
    file = record(tmp_path / "a.rec", off_screen(5), *usual())
    return [compare_file(file, {"cpu": CpuCanvas, "other": faulty}, every, target=lambda: tmp_path / "b.rec")]


def made(found: list[Result], **more: Any) -> dict[str, Any]:
    values = report(found, {"cpu": "x86", "other": "y"}, {"vulkan": "no driver"}, 1, {"cpu": "a"}, **more)
    return dict(json.loads(json.dumps(values)))


def keys(value: object) -> set[str]:
    match value:
        case dict():
            return set(value).union(*map(keys, value.values()))
        case list():
            return set[str]().union(*map(keys, value))
    return set()


def test_equal(tmp_path: Path) -> None:
    values = made(results(tmp_path, CpuCanvas))
    assert (
        values["equal"]
        and values["complete"]
        and values["verdict"]
        == ("equal on cpu and other: 14 commands of 1 recording; vulkan was left out: no driver")
    )
    assert values["missing"] == [{"name": "vulkan", "reason": "no driver"}] and values["reference"] == "cpu"
    (file,) = values["files"]
    cpu, other = file["canvases"]
    assert file["findings"] == [] and (file["events"], file["commands"]) == (14, 14)
    counts = {name: op["commands"] for name, op in cpu["ops"].items()}
    assert counts == {"Fill": 11, "Invers": 1, "CREATE_PRIMARY": 1, "SurfaceCreate": 1}
    assert list(counts)[:2] == ["Fill", "Invers"], "what draws comes first"
    assert cpu["commands"] == other["commands"] == 14 and cpu["pixels"] == other["pixels"] > 10_000
    assert cpu["commands_per_s"] == pytest.approx(14 / cpu["seconds"])


def test_a_difference(tmp_path: Path) -> None:
    values = made(results(tmp_path, compared.Spoils))
    assert not values["equal"] and values["verdict"] == (
        "other: not what the reference, cpu, draws; vulkan was left out: no driver"
    )
    (finding,) = values["files"][0]["findings"]
    assert finding["words"] == (
        "other differs first at event 8: 1 pixel of surface 0 inside (10, 5) to (11, 6), by up to 245 in a channel"
    )
    assert finding["command"]["op"] == "Invers" and finding["again"] == "the same difference"
    assert (finding["event"], finding["since"], finding["box"]) == (8, 7, [10, 5, 11, 6])
    assert finding["recording"] == "b.rec" and finding["surface"] == 0


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (compared.Raises, "other fails first at event 8: RuntimeError: the shader <does> not compile"),
        (compared.Lacks, "other differs first at event 8: surface 0: not drawn: no such operation"),
        (compared.OnlyInBatches, "other differs somewhere in events 0 to 13: 784 pixels of surface 0 "
         "inside (1, 1) to (50, 30), by up to 11 in a channel"),
    ],
)  # fmt: skip
def test_words(tmp_path: Path, faulty: type[CpuCanvas], words: str) -> None:
    finding = made(results(tmp_path, faulty, 100))["files"][0]["findings"][0]
    if faulty is compared.OnlyInBatches:
        assert re.sub(r"\d+", "#", finding["words"]) == re.sub(r"\d+", "#", words)
    else:
        assert finding["words"] == words
        assert finding["box"] is None and finding["pixels"] is None


def test_what_was_stopped_or_cut_is_not_complete(tmp_path: Path) -> None:
    found = results(tmp_path, CpuCanvas)
    stopped = made(found, stopped=True)
    assert (
        stopped["equal"]
        and not stopped["complete"]
        and stopped["verdict"].endswith("; stopped before the end")
    )
    file = record(tmp_path / "a.rec", *usual())
    file.write_bytes(file.read_bytes()[:-20])
    cut = made([compare_file(file, {"cpu": CpuCanvas, "other": CpuCanvas})])
    assert cut["equal"] and not cut["complete"] and "1 could not be read to the end" in cut["verdict"]
    assert cut["files"][0]["error"].startswith("recording damaged")


def test_a_reference_that_failed_is_named(tmp_path: Path) -> None:
    found = [compare_file(record(tmp_path / "a.rec", *usual()), {"first": compared.Raises, "cpu": CpuCanvas})]
    assert made(found)["verdict"].startswith("the reference, first, failed: RuntimeError")


def test_every_key_is_documented(tmp_path: Path) -> None:
    values = made(results(tmp_path, compared.Spoils))
    for file in values["files"]:
        file["bad"] = {}
        for canvas in file["canvases"]:
            canvas["ops"] = dict.fromkeys(["OP"], next(iter(canvas["ops"].values())))
        for finding in file["findings"]:
            finding["command"] = {}
    named = set(re.findall(r"`(\w+)`", TESTING.read_text())) | {"OP"}
    assert keys(values) - named == set()


def test_no_time_is_no_speed(tmp_path: Path) -> None:
    from gspice.hosts.compare import run

    file = record(tmp_path / "a.rec", *usual())
    result = Result(file, run(file, {"cpu": CpuCanvas, "b": CpuCanvas}, clock=Clock()), None, [])
    assert made([result])["files"][0]["canvases"][0]["commands_per_s"] is None


def test_all_canvases_are_named(tmp_path: Path) -> None:
    file = record(tmp_path / "a.rec", *usual())
    found = [compare_file(file, dict.fromkeys(("cpu", "opengl:0", "vulkan"), CpuCanvas))]
    words = verdict(found, ["cpu", "opengl:0", "vulkan"], {})
    assert words == "equal on cpu, opengl:0 and vulkan: 13 commands of 1 recording"


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "te\nxt").write_text("hello")
    good = record(tmp_path / "a.rec", *usual())
    canvases = {"cpu": CpuCanvas, "other": CpuCanvas}
    found = [compare_file(file, canvases) for file in (tmp_path / "te\nxt", good, tmp_path / "none")]
    values = made(found)
    assert not values["complete"] and values["equal"]
    assert (
        "equal on cpu and other: 13 commands of 1 recording; not compared: te\\nxt, none;"
        in values["verdict"]
    )
    assert [file["error"] is None for file in values["files"]] == [False, True, False]
    none = made(found[:1])
    assert none["verdict"].startswith("nothing was compared: te\\nxt") and "equal" not in none["verdict"]


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    file = record(tmp_path / os.fsdecode(b"\xff.rec"), *usual())
    values = made([compare_file(file, {"cpu": CpuCanvas, "other": CpuCanvas})])
    assert values["files"][0]["file"] == f"{tmp_path}/\\udcff.rec"
    json.dumps(values, ensure_ascii=False).encode()
    assert one_line("a\nb\x1b\udcff") == r"a\nb\x1b\udcff"
