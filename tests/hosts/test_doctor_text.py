"""The text of a report: aligned, folded, with the line that mends each problem whole."""

import re

import pytest

from gspice.hosts.doctor_findings import Finding, Report, Section, Status
from gspice.hosts.doctor_text import MAX_NAMED, render


def report(*findings: Finding) -> Report:
    return Report(version="1.2", sections=(Section(key="k", title="Things", findings=findings),))


def one(
    name: str, status: Status = Status.OK, text: str = "text", mend: str = "", group: str = ""
) -> Finding:
    return Finding(name=name, status=status, text=text, mend=mend, group=group)


def test_names_weights_and_texts_stand_below_each_other() -> None:
    lines = render(report(one("a"), one("longer", Status.WARN, "other", "do that"))).splitlines()
    assert lines == [
        "GSpice 1.2 on this host",
        "",
        "Things",
        "  ok    a       text",
        "  warn  longer  other",
        "                mend: do that",
        "",
        "fit: GSpice can serve here; 1 warning above",
    ]


def test_long_texts_are_folded_and_what_mends_is_not() -> None:
    mend = "apt-get install " + "package " * 30
    lines = render(report(one("a", Status.FAIL, "word " * 60, mend.strip())), width=80).splitlines()
    long = [line for line in lines if len(line) > 80]
    assert [line.strip() for line in long] == [f"mend: {mend.strip()}"]
    folded = [line for line in lines if "word" in line]
    assert len(folded) > 3 and {line.index("word") for line in folded} == {folded[0].index("word")}


@pytest.mark.parametrize(("asked", "width"), [(10, 60), (72, 72), (1000, 120)])
def test_the_width_has_its_limits(asked: int, width: int) -> None:
    lines = render(report(one("a", text="word " * 100)), width=asked).splitlines()
    assert width - 6 < max(map(len, lines)) <= width


def test_a_group_is_one_line_where_nothing_differs() -> None:
    text = render(
        report(one("b", text="2", group="libs"), one("c", text="3", group="libs"), one("d", text="4"))
    )
    assert "  ok    libs  b 2, c 3\n" in text and "  ok    d     4\n" in text


def test_those_of_a_group_that_say_the_same_are_named_together() -> None:
    text = render(report(*(one(name, Status.NOTE, said, group="g") for name, said in ("ax", "bx", "cy"))))
    assert "  note  g  a, b: x; c: y\n" in text


def test_many_are_counted() -> None:
    text = render(report(*(one(f"m{n}", text="can", group="g") for n in range(MAX_NAMED + 1))))
    assert f"  ok    g  {MAX_NAMED + 1} can\n" in text


def test_problems_of_a_group_stand_alone() -> None:
    same = [one(name, Status.WARN, "broken", "again", group="g") for name in "ab"]
    assert render(report(*same)).count("mend: again") == 2
    apart = [one(name, Status.NOTE, "absent", f"get {name}", group="g") for name in "ab"]
    assert render(report(*apart)).count("mend: get") == 2
    together = [one(name, Status.NOTE, "absent", "get both", group="g") for name in "ab"]
    assert "  note  g  a, b: absent\n           mend: get both\n" in render(report(*together))


def test_problems_of_a_group_that_are_mended_elsewhere_are_one() -> None:
    findings = [one(name, Status.FAIL, f"lacks {what}", group="g") for name, what in ("ax", "by", "cx")]
    findings.insert(1, one("d", text="fine", group="g"))
    text = render(report(*findings))
    assert "  fail  g  a, c: lacks x; b: lacks y\n  ok    d  fine\n" in text


def test_members_of_a_group_are_not_torn_apart() -> None:
    findings = [one(f"name{n}", text=f"{n}.0", group="g") for n in range(40)]
    for line in render(report(*findings), width=61).splitlines():
        assert not re.search(r"name\d+$", line)


def test_colours_only_where_they_are_wanted() -> None:
    findings = [one(status.value, status) for status in Status]
    plain, coloured = render(report(*findings)), render(report(*findings), colour=True)
    assert "\x1b" not in plain and coloured.count("\x1b[") > 8
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_drivers_do_not_steer_the_terminal() -> None:
    text = render(report(one("a", Status.WARN, "\x1b[2J\x07bad", "do\x9b this")))
    assert "\\x1b[2J\\x07bad" in text and "do\\x9b this" in text and "\x1b" not in text


def test_not_fit_is_the_last_word() -> None:
    assert render(report(one("numpy", Status.FAIL))).splitlines()[-1].startswith("not fit: ")
