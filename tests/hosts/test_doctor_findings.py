"""Findings as data: what they are worth together, and as JSON."""

import json

import pytest

from gspice.hosts.doctor_findings import Finding, Report, Section, Status


def finding(name: str, status: Status, **more: object) -> Finding:
    return Finding(name=name, status=status, text="text", **more)  # type: ignore[arg-type]


def report(*findings: Finding, key: str = "system") -> Report:
    return Report(version="1.2", sections=(Section(key=key, title="Title", findings=findings),))


@pytest.mark.parametrize(
    ("statuses", "fit"),
    [
        ([], True),
        ([Status.OK, Status.NOTE, Status.WARN], True),
        ([Status.OK, Status.FAIL], False),
    ],
)
def test_only_what_fails_makes_a_host_unfit(statuses: list[Status], fit: bool) -> None:
    assert report(*(finding(status.value, status) for status in statuses)).fit is fit


def test_the_verdict_names_what_fails() -> None:
    text = report(
        finding("numpy", Status.FAIL), finding("av", Status.WARN), finding("lz4", Status.FAIL)
    ).verdict()
    assert text.startswith("not fit: ") and text.endswith("numpy, lz4")


def test_the_verdict_stays_short() -> None:
    text = report(*(finding(f"module{n}", Status.FAIL) for n in range(40))).verdict()
    assert text.endswith("module0, module1, module2 and 37 more")


@pytest.mark.parametrize(
    ("canvas", "words"), [("cpu", "the CPU"), ("opengl", "OpenGL"), ("vulkan", "Vulkan"), ("new", "new")]
)
def test_the_verdict_says_what_draws_and_how_many_warnings_there_are(canvas: str, words: str) -> None:
    auto = finding("auto", Status.OK, facts={"canvas": canvas})
    assert words in report(auto, key="canvas").verdict()
    assert "warning" not in report(auto, key="canvas").verdict()
    assert report(auto, finding("a", Status.WARN)).verdict().endswith("1 warning above")
    assert report(finding("a", Status.WARN), finding("b", Status.WARN)).verdict().endswith("2 warnings above")


def test_json_and_back() -> None:
    one = finding("a", Status.WARN, mend="m", group="g", facts={"x": [1, None, "y"]})
    assert Finding.from_json(json.loads(json.dumps(one.as_json()))) == one


@pytest.mark.parametrize("change", [{"status": "great"}, {"other": 1}], ids=repr)
def test_other_json_is_no_finding(change: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Finding.from_json({**finding("a", Status.OK).as_json(), **change})


def test_the_keys_of_the_report() -> None:
    value = json.loads(json.dumps(report(finding("a", Status.FAIL)).as_json()))
    assert set(value) == {"format", "gspice", "fit", "verdict", "sections"}
    assert (value["format"], value["gspice"], value["fit"]) == (1, "1.2", False)
    (section,) = value["sections"].values()
    assert section["title"] == "Title"
    assert section["findings"] == [
        {"name": "a", "status": "fail", "text": "text", "mend": "", "group": "", "facts": {}}
    ]


def test_a_section_finds_by_name() -> None:
    one = finding("b", Status.OK)
    section = Section(key="k", title="t", findings=(finding("a", Status.OK), one))
    assert section.named("b") is one and section.named("c") is None


def test_the_verdict_goes_by_what_the_operator_wrote() -> None:
    auto = finding("auto", Status.OK, facts={"canvas": "cpu"})
    for draws, words in (("vulkan", "draws on the GPU by Vulkan"), ("cpu", "draws on the CPU")):
        configured = finding("configured", Status.OK, facts={"canvas": "vulkan", "draws": draws})
        assert words in report(auto, configured, key="canvas").verdict()
    software = {"canvas": "vulkan", "draws": "vulkan", "drawn_on": "llvmpipe"}
    configured = finding("configured", Status.OK, facts=software)
    assert report(auto, configured, key="canvas").verdict().endswith("draws on llvmpipe by Vulkan")
    crashed = finding("configured", Status.WARN, facts={"failed": True})
    assert "draws" not in report(auto, crashed, key="canvas").verdict()
