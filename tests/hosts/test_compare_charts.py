"""Charts are well-formed, to one scale, and say their figures in text."""

import re
from xml.etree import ElementTree

from gspice.hosts.compare_charts import LEAST, SHARE, Bar, Group, chart


def widths(svg: str) -> list[float]:
    return [float(number) for number in re.findall(r'<rect [^>]*width="([\d.]+)%"', svg)]


def test_one_scale_for_all_groups() -> None:
    svg = chart(
        [Group("Copy", [Bar(0, "cpu", 4.0), Bar(1, "gl", 1.0, 1.0)]), Group("Fill", [Bar(0, "cpu", 2.0)])],
        "times",
    )
    assert widths(svg) == [SHARE, SHARE / 4, SHARE / 4, SHARE / 2]
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == "times"
    assert [element.text for element in root if element.tag == "text"] == ["Copy", "cpu", "gl", "Fill", "cpu"]
    bottoms = [float(element.get("y", 0)) + float(element.get("height", 0)) for element in root]
    assert max(bottoms) <= float(root.get("height", 0))


def test_what_is_little_shows_and_what_is_nothing_does_not() -> None:
    svg = chart([Group("", [Bar(0, "a", 1e9), Bar(1, "b", 1e-9), Bar(2, "c", 0.0)])], "x")
    assert widths(svg) == [SHARE, LEAST]
    assert chart([Group("", [Bar(0, "a", 0.0)])], "x").count("<rect") == 0
    ElementTree.fromstring(chart([], "nothing"))


def test_names_are_escaped() -> None:
    root = ElementTree.fromstring(chart([Group("<b>&", [Bar(0, 'a"<', 1.0)])], 'an "x"'))
    assert [element.text for element in root if element.tag == "text"] == ["<b>&", 'a"<']
