"""The child's side: steps in order, what they raise, and the lines that the parent reads."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from gspice.hosts.doctor import TOPICS
from gspice.hosts.doctor_findings import Finding, Status, Step
from gspice.hosts.doctor_probe import PROBES, run


def lines(steps: list[Step], first: int = 0) -> list[dict[str, Any]]:
    read_fd, write_fd = os.pipe()
    with os.fdopen(read_fd, "rb") as pipe:
        run(lambda: steps, write_fd, first)
        os.close(write_fd)
        return [json.loads(line) for line in pipe]


def good() -> Iterable[Finding]:
    yield Finding(name="good", status=Status.OK, text="well")


def half() -> Iterator[Finding]:
    yield from good()
    raise OSError("the rest is missing")


def test_each_step_is_announced_before_its_findings() -> None:
    said = lines([Step("a", good), Step("b", list, Status.FAIL)])
    assert [(line.get("step"), line.get("name"), "findings" in line) for line in said] == [
        (0, "a", False),
        (0, None, True),
        (1, "b", False),
        (1, None, True),
        (None, None, False),
    ]
    assert said[0]["failing"] == "warn" and said[2]["failing"] == "fail"
    assert [found["name"] for found in said[1]["findings"]] == ["good"] and said[3]["findings"] == []
    assert said[4] == {"end": True}


def test_what_a_step_raises_is_a_finding_beside_those_that_it_had() -> None:
    said = lines([Step("a", half, Status.FAIL), Step("b", good)])
    ok, wrong = said[1]["findings"]
    assert ok["name"] == "good"
    assert (wrong["name"], wrong["status"]) == ("a", "fail") and "the rest is missing" in wrong["text"]
    assert said[3]["findings"][0]["name"] == "good"


def test_it_begins_where_it_is_told() -> None:
    said = lines([Step("a", half), Step("b", good)], first=1)
    assert [line.get("step") for line in said] == [1, 1, None]


@pytest.mark.parametrize("name", PROBES)
def test_every_probe_is_there_and_in_the_report(name: str) -> None:
    assert callable(importlib.import_module(PROBES[name]).probe)
    assert name in [topic.key for topic in TOPICS]


def test_what_the_parent_imports_needs_nothing_but_python() -> None:
    """The doctor must say what is missing, not miss it."""
    code = (
        "import sys; before = set(sys.modules); import gspice.hosts.doctor, gspice.hosts.doctor_probe; "
        "ours = sorted(m for m in set(sys.modules) - before if m.partition('.')[0] not in sys.stdlib_module_names); "
        "print(*ours)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    for name in done.stdout.split():
        assert name in {
            "gspice",
            "gspice.hosts",
            "gspice.hosts.no_wayland",
            "gspice.version",
        } or name.startswith("gspice.hosts.doctor")
